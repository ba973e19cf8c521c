/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/text.h"
#include "registry/archive_save.h"
#include "runner/archive_file.h"
#include "runner/host.h"
#include "runner/verbs.h"

struct save_options {
    char *output;
    char *format;
};

static const struct cli_option options_table[] = {
    {"output", 'o', "FILE", "Write to this file or directory, - = standard output (the default)",
     cli_set_string, offsetof(struct save_options, output)},
    {"format", 0, "FORMAT", "oci-archive (the default), oci-dir or docker-archive", cli_set_string,
     offsetof(struct save_options, format)},
};

/* An OCI archive of wrun's has a manifest.json, so it is a Docker archive as well. */
static const struct {
    const char *name;
    enum archive_shape shape;
} formats[] = {
    {"oci-archive", ARCHIVE_SHAPE_TAR},
    {"docker-archive", ARCHIVE_SHAPE_TAR},
    {"oci-dir", ARCHIVE_SHAPE_DIRECTORY},
};

static bool parse_format(const char *text, enum archive_shape *ret, struct error *err)
{
    const char *wanted = text ? text : formats[0].name;
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        if (str_equal(wanted, formats[i].name)) {
            *ret = formats[i].shape;
            return true;
        }
    }
    return error_set(err, ERR_USAGE,
                     "--format: '%s' is not one of oci-archive, oci-dir, docker-archive", text);
}

struct reference_list {
    struct reference *items;
    size_t count;
};

static void reference_list_clear(struct reference_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        reference_clear(&list->items[i]);
    mem_free(&list->items);
}

static bool parse_references(const struct strlist *args, struct reference_list *ret,
                             struct error *err)
{
    ret->items = xcalloc(args->count, sizeof(*ret->items));
    for (; ret->count < args->count; ret->count++)
        if (!reference_parse(args->items[ret->count], &ret->items[ret->count], err))
            return false;
    return true;
}

/* Whoever may not write the store may still copy from it: an image that is removed meanwhile is
 * noticed. */
static bool share_store(const struct blob_store *store, const struct context *context,
                        struct store_lock *ret, struct error *err)
{
    if (store_lock_share(store, context, ret, err))
        return true;
    if (err->kind != ERR_DENIED && err->kind != ERR_NOT_FOUND)
        return false;
    error_clear(err);
    return true;
}

static bool run_save(struct invocation *invocation, void *options, const struct strlist *args,
                     int *ret_code, struct error *err)
{
    const struct save_options *save = options;
    enum archive_shape shape = ARCHIVE_SHAPE_TAR;
    CLEANUP(reference_list_clear) struct reference_list references = {0};
    CLEANUP(blob_store_close) struct blob_store store = {0};
    CLEANUP(store_lock_release) struct store_lock lock = {0};
    CLEANUP(archive_output_close) struct archive_output output = {0};
    (void)ret_code;
    return parse_format(save->format, &shape, err) && parse_references(args, &references, err)
        && blob_store_open_to_read(invocation->root, &store, err)
        && share_store(&store, &invocation->context, &lock, err)
        && archive_output_open(&output, save->output, shape, err)
        && archive_save(&store, references.items, references.count, &output.sink,
                        &invocation->context, err)
        && archive_output_commit(&output, err);
}

static void clear_options(void *options)
{
    struct save_options *save = options;
    str_free(&save->output);
    str_free(&save->format);
}

const struct verb verb_save = {
    .name = "save",
    .synopsis = "[OPTIONS] REFERENCE...",
    .summary = "Write images of the store into an archive",
    .help = "The archive is an OCI layout with a manifest.json: docker load, ctr images import,\n"
            "podman and skopeo read it, and so does wrun load. Digests stay what they are.\n"
            "docker-archive is another name for the same; oci-dir makes a directory of it.\n\n"
            "  wrun save -o images.tar mcr.microsoft.com/windows/nanoserver:ltsc2025\n"
            "  wrun save REFERENCE | ssh host wrun load\n\n"
            "PowerShell before 7.4 changes bytes in pipes: use -o there.\n\n"
            "As: docker save, ctr images export\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct save_options),
    .clear_options = clear_options,
    .minimum_args = 1,
    .maximum_args = SIZE_MAX,
    .uses_root = true,
    .run = run_save,
};
