/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "base/json_write.h"
#include "runner/gone_print.h"
#include "runner/host.h"
#include "runner/tally.h"
#include "runner/verbs.h"

static const struct cli_option options_table[] = {
    {"force", 'f', NULL, "what still runs ends with its wrun: end that first", NULL, 0},
};

struct rm {
    struct invocation *invocation;
    struct strlist gone;
    struct tally tally;
    struct json_writer failures; /* an array, while open */
};

static const char *reason_of(const struct error *failure)
{
    if (failure->kind == ERR_NOT_FOUND)
        return "not-found";
    return failure->kind == ERR_BUSY ? "in-use" : "failed";
}

static void remove_one(struct rm *rm, const char *name)
{
    struct error failure = {0};
    if (host_remove_run(rm->invocation, name, &failure)) {
        strlist_add(&rm->gone, name);
        return;
    }
    JSON_OBJECT(&rm->failures, NULL) {
        json_string(&rm->failures, "name", name);
        json_string(&rm->failures, "error", reason_of(&failure));
        json_string(&rm->failures, "message", failure.message);
    }
    tally_add(&rm->tally, &failure);
}

static bool remove_and_print(struct rm *rm, const struct strlist *names, struct error *err)
{
    JSON_ARRAY(&rm->failures, NULL) {
        for (size_t i = 0; i < names->count; i++)
            remove_one(rm, names->items[i]);
    }
    return gone_finish(&rm->failures, &rm->gone, &rm->tally, err);
}

static bool run_rm(struct invocation *invocation, void *options, const struct strlist *args,
                   int *ret_code, struct error *err)
{
    struct rm rm = {
        .invocation = invocation,
        .tally = {.invocation = invocation, .verb = "rm"},
    };
    (void)options;
    (void)ret_code;
    if (!host_can_run(err) || !host_prepare(invocation, err))
        return false;
    json_writer_open(&rm.failures);
    bool done = remove_and_print(&rm, args, err);
    json_writer_close(&rm.failures);
    strlist_clear(&rm.gone);
    return done;
}

const struct verb verb_rm = {
    .name = "rm",
    .synopsis = "NAME...",
    .summary = "Remove the writable layers of runs that were kept",
    .help = "Prints the names of those that are gone. Goes on after a failure; the exit code is\n"
            "that of the worst. 'wrun layer ls --all' lists what was kept.\n\n"
            "As: docker rm\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .minimum_args = 1,
    .maximum_args = SIZE_MAX,
    .uses_root = true,
    .run = run_rm,
};
