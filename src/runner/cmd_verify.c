/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "runner/host.h"
#include "runner/size_text.h"
#include "runner/terminal.h"
#include "runner/verbs.h"
#include "runner/verification.h"

struct verify_options {
    struct image_options image;
    bool repair;
};

static const struct cli_option options_table[] = {
    {"repair", 0, NULL, "Fetch again what is damaged or missing", cli_set_flag,
     offsetof(struct verify_options, repair)},
    IMAGE_ACCESS_OPTION_ROWS(struct verify_options, image),
};

struct verify {
    struct invocation *invocation;
    const struct verify_options *options;
    struct blob_store store;
    struct store_lock lock;
    struct store_view view;
    bool *selected; /* as verification_run() wants it */
    struct verification result;
};

static void verify_clear(struct verify *verify)
{
    store_lock_release(&verify->lock);
    blob_store_close(&verify->store);
    store_view_clear(&verify->view);
    mem_free(&verify->selected);
    verification_clear(&verify->result);
}

/* Looking is also possible where nothing can be written, and then nobody can take anything out. */
static bool open_store(struct verify *verify, struct error *err)
{
    struct invocation *invocation = verify->invocation;
    if (verify->options->repair)
        return host_prepare(invocation, err)
            && blob_store_open(invocation->root, &verify->store, err)
            && store_lock_share(&verify->store, &invocation->context, &verify->lock, err);
    CLEANUP(error_clear) struct error ignored = {0};
    if (!blob_store_open_to_read(invocation->root, &verify->store, err))
        return false;
    if (store_lock_share(&verify->store, &invocation->context, &verify->lock, &ignored)
        || ignored.kind != ERR_CANCELLED)
        return true;
    *err = TAKE(ignored);
    return false;
}

static bool select_images(struct verify *verify, const struct strlist *names, struct error *err)
{
    if (names->count == 0)
        return true;
    verify->selected = xcalloc(verify->view.images.count + 1, sizeof(*verify->selected));
    for (size_t i = 0; i < names->count; i++) {
        CLEANUP(image_matches_clear) struct image_matches matches = {0};
        if (!image_list_find(&verify->view.images, names->items[i], &matches, err))
            return false;
        for (size_t j = 0; j < matches.count; j++)
            verify->selected[matches.items[j]] = true;
    }
    return true;
}

/* ---- output ---- */

static const char *state_name(const struct blob_problem *problem)
{
    if (problem->mended)
        return problem->needed_by.count > 0 ? "repaired" : "removed";
    return problem->state == BLOB_MISSING ? "missing" : "damaged";
}

static char *compose_text(const struct verification *result)
{
    CLEANUP(buf_clear) struct buf text;
    CLEANUP(str_free) char *size = size_text(result->bytes);
    size_t failures = verification_failures(result);
    buf_init(&text, BUF_UNBOUNDED);
    for (size_t i = 0; i < result->count; i++) {
        const struct blob_problem *problem = &result->problems[i];
        CLEANUP(str_free) char *users = strlist_join(&problem->needed_by, ", ");
        buf_addf(&text, "%s: %s (%s%s)\n", state_name(problem), problem->digest.text,
                 *users ? "needed by " : "needed by nothing", users);
    }
    for (size_t i = 0; i < result->broken.count; i++)
        buf_addf(&text, "damaged: the record of an image, %s\n", result->broken.items[i]);
    if (failures == 0)
        buf_addf(&text, "%zu blobs, %s: all sound\n", result->blobs, size);
    return buf_take_str(&text);
}

static bool compose_json(const struct verification *result, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_uint(&w, "blobs", result->blobs);
        json_uint(&w, "size", result->bytes);
        JSON_ARRAY(&w, "problems") {
            for (size_t i = 0; i < result->count; i++) {
                const struct blob_problem *problem = &result->problems[i];
                JSON_OBJECT(&w, NULL) {
                    json_string(&w, "blob", problem->digest.text);
                    json_string(&w, "state", state_name(problem));
                    JSON_ARRAY(&w, "neededBy") {
                        for (size_t j = 0; j < problem->needed_by.count; j++)
                            json_string(&w, NULL, problem->needed_by.items[j]);
                    }
                }
            }
        }
        JSON_ARRAY(&w, "damagedRecords") {
            for (size_t i = 0; i < result->broken.count; i++)
                json_string(&w, NULL, result->broken.items[i]);
        }
    }
    return json_writer_finish_line(&w, ret, err);
}

static bool print(const struct verify *verify, struct error *err)
{
    CLEANUP(str_free) char *text = NULL;
    if (verify->invocation->global.json) {
        if (!compose_json(&verify->result, &text, err))
            return false;
    } else if (verify->invocation->global.quiet) {
        return true;
    } else {
        text = compose_text(&verify->result);
    }
    return terminal_result(text, err);
}

static bool give_verdict(const struct verify *verify, struct error *err)
{
    size_t failures = verification_failures(&verify->result);
    if (failures == 0)
        return true;
    error_set(err, ERR_INTEGRITY, "%zu of %zu blobs and records are damaged or missing", failures,
              verify->result.blobs + failures);
    if (!verify->options->repair)
        return error_hint(err, "'wrun verify --repair' fetches blobs again");
    return error_hint(err, "pull the images again, or remove them with 'wrun rmi'");
}

static bool run_verify(struct invocation *invocation, void *options, const struct strlist *args,
                       int *ret_code, struct error *err)
{
    CLEANUP(verify_clear) struct verify verify = {.invocation = invocation, .options = options};
    (void)ret_code;
    return open_store(&verify, err) && store_view_read(invocation, &verify.store, &verify.view, err)
        && select_images(&verify, args, err)
        && verification_run(invocation, &verify.store, &verify.view, verify.selected,
                            &verify.result, err)
        && (!verify.options->repair
            || verification_repair(invocation, &verify.options->image, &verify.store, &verify.view,
                                   &verify.result, err))
        && print(&verify, err) && give_verdict(&verify, err);
}

static void clear_options(void *options)
{
    image_options_clear(&((struct verify_options *)options)->image);
}

const struct verb verb_verify = {
    .name = "verify",
    .synopsis = "[OPTIONS] [IMAGE...]",
    .summary = "Check that the store's content is what it says",
    .help = "Reads every blob, or those of the given images, and hashes it. Exit code 6 when\n"
            "something is damaged or missing and not repaired.\n\n"
            "As: ctr images check, and a fsck for images\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct verify_options),
    .clear_options = clear_options,
    .minimum_args = 0,
    .maximum_args = SIZE_MAX,
    .uses_root = true,
    .run = run_verify,
};
