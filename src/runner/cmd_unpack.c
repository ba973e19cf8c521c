/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stddef.h>

#include "base/alloc.h"
#include "base/json_write.h"
#include "runner/host.h"
#include "runner/image_ready.h"
#include "runner/image_unpack.h"
#include "runner/plain_host.h"
#include "runner/size_text.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

#define NANOSECONDS_PER_MILLISECOND ((uint64_t)1000 * 1000)

struct unpack_options {
    struct image_options image;
    enum pull_policy pull;
};

static const struct cli_option options_table[] = {
    PULL_OPTION_ROW(struct unpack_options, pull),
    IMAGE_OPTION_ROWS(struct unpack_options, image),
};

struct unpack {
    struct invocation *invocation;
    const struct unpack_options *options;
    struct reference reference;
    struct image image;
    struct plain_host files;
    struct store_lock lock;
};

static void unpack_clear(struct unpack *unpack)
{
    plain_host_close(&unpack->files);
    store_lock_release(&unpack->lock);
    image_clear(&unpack->image);
    reference_clear(&unpack->reference);
}

/* ---- the layers ---- */

static bool find_image(struct unpack *unpack, enum pull_policy pull, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist none = {0};
    const struct image_ready_request request = {
        .options = &unpack->options->image,
        .reference = &unpack->reference,
        .pull = pull,
        .blobs_only = true,
    };
    image_clear(&unpack->image);
    return image_make_ready(unpack->invocation, &request, &unpack->image, &none, err);
}

static bool add_layer(void *user, const struct host_layer *layer, struct error *err)
{
    struct unpack *unpack = user;
    return plain_host_add(&unpack->files, unpack->invocation, layer, err);
}

static bool write_files(struct unpack *unpack, bool *ret_evicted, struct error *err)
{
    CLEANUP(image_unpacking_clear)
    struct image_unpacking unpacking = {
        .invocation = unpack->invocation,
        .unpack_layer = add_layer,
        .user = unpack,
    };
    bool done = plain_host_begin(&unpack->files, err)
        && image_unpack_stored(&unpacking, &unpack->image, err);
    *ret_evicted = unpacking.evicted;
    return done;
}

/* What proved to be damaged in the store is fetched again, once. */
static bool write_repairing(struct unpack *unpack, struct error *err)
{
    bool evicted = false;
    if (write_files(unpack, &evicted, err))
        return true;
    if (!evicted || unpack->options->pull == PULL_NEVER)
        return false;
    context_warn(&unpack->invocation->context, "%s; fetching it again", err->message);
    error_clear(err);
    return find_image(unpack, PULL_ALWAYS, err) && write_files(unpack, &evicted, err);
}

/* ---- output ---- */

static void put_left_out(struct json_writer *w, const struct tree_posix_omissions *omissions)
{
    JSON_OBJECT(w, "leftOut") {
        json_uint(w, "securityDescriptors", omissions->security_descriptors);
        json_uint(w, "extendedAttributes", omissions->extended_attributes);
        json_uint(w, "streams", omissions->streams);
        json_uint(w, "attributes", omissions->attributes);
        json_uint(w, "creationTimes", omissions->creation_times);
    }
}

static void put_times(struct json_writer *w, const struct unpack_times *times)
{
    JSON_OBJECT(w, "milliseconds") {
        json_uint(w, "inflate", times->inflate / NANOSECONDS_PER_MILLISECOND);
        json_uint(w, "hash", times->hash / NANOSECONDS_PER_MILLISECOND);
        json_uint(w, "parse", times->parse / NANOSECONDS_PER_MILLISECOND);
        json_uint(w, "create", times->create / NANOSECONDS_PER_MILLISECOND);
        json_uint(w, "write", times->write / NANOSECONDS_PER_MILLISECOND);
        json_uint(w, "close", times->close / NANOSECONDS_PER_MILLISECOND);
    }
}

static bool compose_json(const struct unpack *unpack, const struct layer_merge_result *result,
                         char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    CLEANUP(str_free) char *reference = reference_format(&unpack->reference);
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_string(&w, "ref", reference);
        json_string(&w, "digest", unpack->image.digest.text);
        json_string(&w, "directory", unpack->files.directory);
        json_uint(&w, "layers", unpack->image.manifest.layers.count);
        json_uint(&w, "directories", result->content.directories);
        json_uint(&w, "files", result->content.files);
        json_uint(&w, "hardLinks", result->content.hard_links);
        json_uint(&w, "links", result->content.links);
        json_uint(&w, "bytes", result->content.bytes);
        put_left_out(&w, &result->omissions);
        put_times(&w, &result->times);
    }
    return json_writer_finish_line(&w, ret, err);
}

static char *compose_text(const struct unpack *unpack, const struct layer_merge_result *result)
{
    const struct tree_posix_content *content = &result->content;
    const struct tree_posix_omissions *omissions = &result->omissions;
    CLEANUP(str_free) char *size = size_text(content->bytes);
    return str_format(
        "%s: %" PRIu64 " files, %" PRIu64 " directories, %" PRIu64 " links, %s\n"
        "left out, as files here have no such thing: %" PRIu64 " security descriptors, %" PRIu64
        " data streams, extended attributes of "
        "%" PRIu64 ", attributes of %" PRIu64 " and creation times of %" PRIu64 " objects\n",
        unpack->files.directory, content->files, content->directories, content->links, size,
        omissions->security_descriptors, omissions->streams, omissions->extended_attributes,
        omissions->attributes, omissions->creation_times);
}

static bool print(const struct unpack *unpack, const struct layer_merge_result *result,
                  struct error *err)
{
    CLEANUP(str_free) char *text = NULL;
    if (unpack->invocation->global.json) {
        if (!compose_json(unpack, result, &text, err))
            return false;
    } else if (unpack->invocation->global.quiet) {
        text = str_format("%s\n", unpack->files.directory);
    } else {
        text = compose_text(unpack, result);
    }
    return terminal_result(text, err);
}

/* ---- the verb ---- */

static bool run_unpack(struct invocation *invocation, void *options, const struct strlist *args,
                       int *ret_code, struct error *err)
{
    CLEANUP(unpack_clear)
    struct unpack unpack = {.invocation = invocation, .options = options};
    (void)ret_code;
    if (!image_options_check(&unpack.options->image, err)
        || !reference_parse(args->items[0], &unpack.reference, err)
        || !plain_host_open(args->items[1], &unpack.files, err) || !host_prepare(invocation, err)
        || !image_store_share(invocation, &unpack.lock, err)
        || !find_image(&unpack, unpack.options->pull, err) || !write_repairing(&unpack, err))
        return false;
    const struct layer_merge_result result = plain_host_result(&unpack.files);
    if (!plain_host_publish(&unpack.files, err))
        return false;
    report_finish(&invocation->report);
    return print(&unpack, &result, err);
}

static void clear_options(void *options)
{
    image_options_clear(&((struct unpack_options *)options)->image);
}

const struct verb verb_unpack = {
    .name = "unpack",
    .synopsis = "[OPTIONS] IMAGE DIR",
    .summary = "Write the files of an image to a directory",
    .help =
        "For scanners, for lists of what is in an image, and for looking at one on Linux. The\n"
        "layers are merged as Windows shows them: DIR/Files is drive C:. DIR must be absent or\n"
        "empty; until all is there it is called DIR.partial, which a failure removes. Digests\n"
        "and diff ids are checked. Contents, times, hard links and links are kept, and the\n"
        "targets of links are never followed: they may lead anywhere. What Linux has no place\n"
        "for is counted and left out: security descriptors, data streams, attributes.\n\n"
        "  wrun unpack mcr.microsoft.com/windows/nanoserver:ltsc2025 files\n\n"
        "As: umoci unpack\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct unpack_options),
    .clear_options = clear_options,
    .minimum_args = 2,
    .maximum_args = 2,
    .uses_root = true,
    .run = run_unpack,
};
