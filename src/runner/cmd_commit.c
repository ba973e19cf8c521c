/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/alloc.h"
#include "registry/image_compose.h"
#include "runner/host.h"
#include "runner/image_commit.h"
#include "runner/image_name_print.h"
#include "runner/image_pending.h"
#include "runner/image_source.h"
#include "runner/source_date.h"
#include "runner/verbs.h"

struct commit_options {
    char *message;
    char *author;
    struct strlist changes;
};

static const struct cli_option options_table[] = {
    {"message", 'm', "TEXT", "Say in the image's history what was done", cli_set_string,
     offsetof(struct commit_options, message)},
    {"author", 'a', "TEXT", "Who did it: \"Name <mail@example.com>\"", cli_set_string,
     offsetof(struct commit_options, author)},
    {"change", 'c', "INSTRUCTION", "Apply a Dockerfile instruction to the image; may be repeated",
     cli_add_string, offsetof(struct commit_options, changes)},
    {"pause", 'p', NULL, "what is committed has ended, or is a layer that nobody works on", NULL,
     0},
};

static bool parse_name(const char *text, struct reference *ret, struct error *err)
{
    return reference_parse(text, ret, err)
        && (!digest_is_set(&ret->digest)
            || error_set(err, ERR_USAGE, "'%s': a new image is named by a tag, not by a digest",
                         text));
}

static bool commit(const struct invocation *invocation, const struct blob_store *store,
                   const struct commit_options *options, const char *source,
                   const struct reference *name, struct error *err)
{
    CLEANUP(store_lock_release) struct store_lock lock = {0};
    CLEANUP(layer_origin_close) struct layer_origin origin = {0};
    struct digest digest = {0};
    char created[SOURCE_DATE_SIZE];
    if (!source_date_find(created, err)
        || !store_lock_share(store, &invocation->context, &lock, err)
        || !layer_origin_open_any(invocation, source, &origin, err))
        return false;
    const struct image_commit_request request = {
        .origin = &origin,
        .name = name,
        .changes = &options->changes,
        .message = options->message,
        .author = options->author,
        .created = created,
    };
    return (image_commit(invocation, store, &request, &digest, err)
            || error_wrap(err, "commit '%s'", source))
        && image_name_print(invocation, name, &digest, err);
}

static bool run_commit(struct invocation *invocation, void *options, const struct strlist *args,
                       int *ret_code, struct error *err)
{
    const struct commit_options *given = options;
    CLEANUP(reference_clear) struct reference name = {0};
    CLEANUP(blob_store_close) struct blob_store store = {0};
    CLEANUP(error_clear) struct error ignored = {0};
    (void)ret_code;
    if (!parse_name(args->items[1], &name, err)
        || !image_compose_check_changes(&given->changes, err) || !host_can_run(err)
        || !host_prepare(invocation, err) || !blob_store_open(invocation->root, &store, err))
        return false;
    if (commit(invocation, &store, given, args->items[0], &name, err))
        return true;
    /* What it has stored already goes with it. */
    (void)!image_pending_sweep(invocation, &store, &ignored);
    return false;
}

static void clear_options(void *options)
{
    struct commit_options *commit = options;
    str_free(&commit->message);
    str_free(&commit->author);
    strlist_clear(&commit->changes);
}

const struct verb verb_commit = {
    .name = "commit",
    .synopsis = "[OPTIONS] RUN|LAYER REFERENCE",
    .summary = "Make an image of a kept run or of a named layer",
    .help = "RUN is what 'wrun run --keep' has left, LAYER one of 'wrun layer'. The image is the\n"
            "one below with a layer more; its configuration is that image's, with what -c\n"
            "changes: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME,\n"
            "WORKDIR. In them a backslash is an ordinary character; ` takes the special meaning\n"
            "from $, \" and '. What was committed stays as it was.\n\n"
            "  wrun run --keep --name build IMAGE cmd /c \"echo text > C:\\file\"\n"
            "  wrun commit -m \"a file\" -c \"CMD type C:\\file\" build localhost/mine:1\n\n"
            "SOURCE_DATE_EPOCH, in seconds, is the time that the image is made at.\n\n"
            "As: docker commit\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct commit_options),
    .clear_options = clear_options,
    .minimum_args = 2,
    .maximum_args = 2,
    .uses_root = true,
    .run = run_commit,
};
