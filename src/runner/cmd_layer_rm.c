/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

#include "base/json_write.h"
#include "runner/gone_print.h"
#include "runner/host.h"
#include "runner/layer_removal.h"
#include "runner/layer_user.h"
#include "runner/tally.h"
#include "runner/verbs.h"

struct rm_options {
    bool recursive;
    bool ignore_missing;
};

static const struct cli_option options_table[] = {
    {"recursive", 'r', NULL, "With all layers that were made from it", cli_set_flag,
     offsetof(struct rm_options, recursive)},
    {"ignore-missing", 0, NULL, "A layer that is not there is no failure", cli_set_flag,
     offsetof(struct rm_options, ignore_missing)},
};

struct rm {
    const struct rm_options *options;
    struct layer_removal removal;
    struct tally tally;
    struct json_writer failures; /* an array, while open */
};

/* ---- what failed, for programs ---- */

static void put_holder(struct json_writer *w, const char *root, const char *name)
{
    CLEANUP(run_record_clear) struct run_record run = {0};
    CLEANUP(error_clear) struct error nobody = {0};
    if (!layer_user_find(root, name, &run, &nobody))
        return;
    JSON_OBJECT(w, "holder") {
        json_string(w, "run", run.name);
        json_uint(w, "processId", run.process_id);
    }
}

static bool is_free(const struct rm *rm, const char *name)
{
    CLEANUP(named_layer_clear) struct named_layer layer = {0};
    CLEANUP(error_clear) struct error absent = {0};
    return !named_layer_read(rm->removal.invocation->root, name, &layer, &absent)
        && absent.kind != ERR_INTEGRITY;
}

static const char *reason_of(const struct rm *rm, const char *name, const struct error *failure)
{
    if (failure->kind == ERR_NOT_FOUND)
        return "not-found";
    if (failure->kind != ERR_BUSY)
        return "failed";
    if (rm->removal.children.count > 0)
        return "has-children";
    return is_free(rm, name) ? "bytes-left" : "in-use";
}

static void put_failure(struct rm *rm, const char *name, const struct error *failure)
{
    struct json_writer *w = &rm->failures;
    JSON_OBJECT(w, NULL) {
        json_string(w, "name", name);
        json_string(w, "error", reason_of(rm, name, failure));
        json_string(w, "message", failure->message);
        if (rm->removal.children.count > 0) {
            JSON_ARRAY(w, "children") {
                for (size_t i = 0; i < rm->removal.children.count; i++)
                    json_string(w, NULL, rm->removal.children.items[i]);
            }
        } else if (failure->kind == ERR_BUSY) {
            put_holder(w, rm->removal.invocation->root, name);
        }
    }
}

/* ---- removing ---- */

static void note(struct rm *rm, const char *name, struct error *failure)
{
    put_failure(rm, name, failure);
    tally_add(&rm->tally, failure);
}

static void remove_names(struct rm *rm, const struct strlist *names)
{
    struct error failure = {0};
    for (size_t i = 0; i < names->count; i++) {
        if (layer_removal_take(&rm->removal, names->items[i], &failure))
            continue;
        if (failure.kind == ERR_NOT_FOUND && rm->options->ignore_missing)
            error_clear(&failure);
        else
            note(rm, names->items[i], &failure);
    }
    strlist_clear(&rm->removal.children);
    if (!layer_removal_finish(&rm->removal, &failure))
        note(rm, "", &failure);
}

static bool remove_and_print(struct rm *rm, const struct strlist *names, struct error *err)
{
    JSON_ARRAY(&rm->failures, NULL) {
        remove_names(rm, names);
    }
    return gone_finish(&rm->failures, &rm->removal.gone, &rm->tally, err);
}

static bool run_rm(struct invocation *invocation, void *options, const struct strlist *args,
                   int *ret_code, struct error *err)
{
    struct rm rm = {
        .options = options,
        .removal = {.invocation = invocation},
        .tally = {.invocation = invocation, .verb = "layer rm"},
    };
    rm.removal.recursive = rm.options->recursive;
    (void)ret_code;
    if (!host_can_run(err) || !host_prepare(invocation, err))
        return false;
    json_writer_open(&rm.failures);
    bool done = remove_and_print(&rm, args, err);
    json_writer_close(&rm.failures);
    layer_removal_clear(&rm.removal);
    return done;
}

const struct verb verb_layer_rm = {
    .name = "layer rm",
    .synopsis = "[OPTIONS] NAME...",
    .summary = "Remove named layers",
    .help = "Succeeds only when the bytes are gone. A layer that others were made from, or that\n"
            "somebody works on, stays (exit code 5); with --json the answer on stdout tells why.\n"
            "Goes on after a failure; the exit code is that of the worst. A committed layer that\n"
            "an image needs, too, only loses its name.\n\n"
            "As: ctr snapshots rm\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct rm_options),
    .minimum_args = 1,
    .maximum_args = SIZE_MAX,
    .uses_root = true,
    .run = run_rm,
};
