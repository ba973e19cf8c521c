/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stddef.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "registry/image_compose.h"
#include "registry/image_import.h"
#include "runner/archive_file.h"
#include "runner/host.h"
#include "runner/image_name_print.h"
#include "runner/image_source.h"
#include "runner/layer_digest.h"
#include "runner/verbs.h"

struct import_options {
    char *os_version;
    char *message;
    struct strlist changes;
};

static const struct cli_option options_table[] = {
    {"os-version", 0, "VERSION", "Windows version of the layer instead of the host's",
     cli_set_string, offsetof(struct import_options, os_version)},
    {"message", 'm', "TEXT", "Say in the image's history what it is", cli_set_string,
     offsetof(struct import_options, message)},
    {"change", 'c', "INSTRUCTION", "Apply a Dockerfile instruction to the image; may be repeated",
     cli_add_string, offsetof(struct import_options, changes)},
};

static bool diff_id(void *user, const char *path, struct digest *ret, struct error *err)
{
    const struct invocation *invocation = user;
    return layer_digest_of_base(path, &invocation->context, ret, err);
}

/* --os-version or the version of the host, which the native build does not have. */
static bool find_version(const struct import_options *options, const struct platform_host *host,
                         char **ret, struct error *err)
{
    const struct os_version *v = &host->version;
    if (options->os_version) {
        if (os_version_parse(options->os_version).build == 0)
            return error_set(err, ERR_USAGE, "--os-version: '%s' is no version as 10.0.20348.1",
                             options->os_version);
        *ret = xstrdup(options->os_version);
        return true;
    }
    if (v->build == 0) {
        error_set(err, ERR_USAGE, "the Windows version of the layer is not known");
        return error_hint(err, "add --os-version 10.0.20348 or what it was made for");
    }
    *ret = str_format("%" PRIu32 ".%" PRIu32 ".%" PRIu32 ".%" PRIu32, v->major, v->minor, v->build,
                      v->revision);
    return true;
}

static bool run_import(struct invocation *invocation, void *options, const struct strlist *args,
                       int *ret_code, struct error *err)
{
    const struct import_options *given = options;
    CLEANUP(str_free) char *version = NULL;
    CLEANUP(blob_store_close) struct blob_store store = {0};
    CLEANUP(store_lock_release) struct store_lock lock = {0};
    CLEANUP(archive_input_close) struct archive_input input = {0};
    CLEANUP(reference_clear) struct reference name = {0};
    struct platform_host host = {0};
    struct digest digest = {0};
    (void)ret_code;
    if (!reference_parse(args->items[1], &name, err)
        || !image_compose_check_changes(&given->changes, err)
        || !image_find_platform(NULL, &host, err) || !find_version(given, &host, &version, err)
        || !archive_input_open(&input, args->items[0], invocation->context.cancel, err)
        || !host_prepare(invocation, err) || !blob_store_open(invocation->root, &store, err)
        || !store_lock_share(&store, &invocation->context, &lock, err))
        return false;
    const struct import_request request = {
        .source = &input.source,
        .name = name,
        .architecture = host.architecture,
        .os_version = version,
        .message = given->message,
        .changes = &given->changes,
        .inflater = {diff_id, invocation},
    };
    return (image_import(&request, &store, &invocation->context, &digest, err)
            || error_wrap(err, "%s", args->items[0]))
        && image_name_print(invocation, &name, &digest, err);
}

static void clear_options(void *options)
{
    struct import_options *import = options;
    str_free(&import->os_version);
    str_free(&import->message);
    strlist_clear(&import->changes);
}

const struct verb verb_import = {
    .name = "import",
    .synopsis = "[OPTIONS] FILE|- REFERENCE",
    .summary = "Make an image of one layer from a tar file",
    .help = "The file is a base layer of a Windows image (Files/...), plain or compressed with\n"
            "gzip or zstd, and is kept as it is. 'wrun help commit' has the instructions that -c\n"
            "takes. A layer that lies on others is taken by 'wrun layer import'.\n\n"
            "  wrun import --os-version 10.0.20348 -c \"CMD cmd\" layer.tar.gz localhost/base:1\n\n"
            "As: docker import\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct import_options),
    .clear_options = clear_options,
    .minimum_args = 2,
    .maximum_args = 2,
    .uses_root = true,
    .run = run_import,
};
