/* SPDX-License-Identifier: MIT */
#include "runner/image_source.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/scan.h"
#include "base/text.h"
#include "registry/endpoint.h"
#include "registry/pull.h"
#include "registry/selection.h"
#include "runner/host.h"
#include "runner/image_unpack.h"

/* More is what registries take for an attack. */
#define CONNECTIONS_MAXIMUM 32

void image_options_clear(struct image_options *options)
{
    str_free(&options->platform);
    str_free(&options->ca_file);
    str_free(&options->auth_file);
    str_free(&options->hosts_dir);
    strlist_clear(&options->mirrors);
    *options = (struct image_options){0};
}

bool image_set_connections(const struct cli_option *option, const char *value, void *target,
                           struct error *err)
{
    uint64_t count = 0;
    if (!parse_uint64(value, &count) || count == 0 || count > CONNECTIONS_MAXIMUM)
        return error_set(err, ERR_USAGE, "'%s' is not a number from 1 to %d", value,
                         CONNECTIONS_MAXIMUM);
    unsigned connections = (unsigned)count;
    memcpy((char *)target + option->offset, &connections, sizeof(connections));
    return true;
}

static bool bad_platform(const char *text, struct error *err)
{
    error_set(err, ERR_USAGE, "--platform: '%s' is not a Windows platform", text);
    return error_hint(err, "write windows/amd64 or windows/amd64:10.0.20348");
}

/* windows/amd64[:10.0.20348[.1234]] over the host's own values. */
static bool parse_platform(const char *text, struct platform_host *host, struct error *err)
{
    static const char *const architectures[] = {"amd64", "arm64"};
    struct scan rest = scan_text(text);
    struct scan os = scan_until(&rest, '/');
    if (!scan_equals(&os, "windows") || !scan_char(&rest, '/'))
        return bad_platform(text, err);
    struct scan architecture = scan_until(&rest, ':');
    host->architecture = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(architectures); i++)
        if (scan_equals(&architecture, architectures[i]))
            host->architecture = architectures[i];
    if (!host->architecture)
        return bad_platform(text, err);
    if (!scan_char(&rest, ':'))
        return true;
    CLEANUP(str_free) char *version = scan_rest(&rest);
    host->version = os_version_parse(version);
    return host->version.build != 0 || bad_platform(text, err);
}

bool image_find_platform(const char *text, struct platform_host *ret, struct error *err)
{
    return host_platform(ret, err) && (!text || parse_platform(text, ret, err));
}

bool image_host(const struct image_options *options, struct platform_host *ret, struct error *err)
{
    struct platform_host host = {0};
    if (!image_find_platform(options->platform, &host, err))
        return false;
    host.isolation = options->isolation;
    *ret = host;
    return true;
}

bool image_set_isolation(const struct cli_option *option, const char *value, void *target,
                         struct error *err)
{
    static const char *const names[] = {
        [ISOLATION_PROCESS] = "process",
        [ISOLATION_HYPERV] = "hyperv",
    };
    struct image_options *options = (void *)((char *)target + option->offset);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (str_equal(value, names[i])) {
            options->isolation = (enum isolation)i;
            return true;
        }
    }
    return error_set(err, ERR_USAGE, "'%s' is not one of process, hyperv", value);
}

bool image_options_check(const struct image_options *options, struct error *err)
{
    struct platform_host ignored = {0};
    for (size_t i = 0; i < options->mirrors.count; i++)
        if (!endpoint_check_mirror(options->mirrors.items[i], err))
            return false;
    return !options->platform || parse_platform(options->platform, &ignored, err);
}

bool image_store_share(const struct invocation *invocation, struct store_lock *ret,
                       struct error *err)
{
    CLEANUP(blob_store_close) struct blob_store store = {0};
    return blob_store_open(invocation->root, &store, err)
        && store_lock_share(&store, &invocation->context, ret, err);
}

static bool check_layers(const struct invocation *invocation, const struct blob_store *store,
                         const struct image *image, struct error *err)
{
    const struct descriptor_list *layers = &image->manifest.layers;
    for (size_t i = 0; i < layers->count; i++)
        if (!blob_store_has(store, &layers->items[i].digest, layers->items[i].size)
            && !host_has_layer(invocation, image, i))
            return error_set(err, ERR_NOT_FOUND, "the layer %s is not in the store",
                             layers->items[i].digest.text);
    return true;
}

bool image_find(const struct invocation *invocation, const struct image_options *options,
                const struct reference *reference, struct image *ret, struct error *err)
{
    CLEANUP(blob_store_close) struct blob_store store = {0};
    CLEANUP(image_clear) struct image image = {0};
    CLEANUP(platform_verdict_clear) struct platform_verdict verdict = {0};
    struct platform_host host = {0};
    if (!image_host(options, &host, err) || !blob_store_open(invocation->root, &store, err)
        || !image_read(&store, reference, &image, err)
        || !check_layers(invocation, &store, &image, err))
        return false;
    struct platform platform = image_config_platform(&image.config);
    verdict = platform_judge(&host, &platform);
    if (!verdict.accepted) {
        CLEANUP(str_free) char *name = reference_format(reference);
        return error_set(err, ERR_MISMATCH, "image %s in the store does not fit: %s", name,
                         verdict.reason);
    }
    *ret = TAKE(image);
    return true;
}

static bool has_layer(void *user, const struct image *image, size_t layer)
{
    const struct image_unpacking *unpacking = user;
    return host_has_layer(unpacking->invocation, image, layer);
}

/* What was damaged in the store is not there any more after the first attempt. */
static bool pull_repairing(struct pull_request *request, struct image_unpacking *unpacking,
                           struct blob_store *store, struct image *ret, struct error *err)
{
    const struct context *context = &unpacking->invocation->context;
    if (registry_pull(request, store, context, ret, err))
        return true;
    if (!unpacking->evicted)
        return false;
    context_warn(context, "%s; fetching it again", err->message);
    error_clear(err);
    return registry_pull(request, store, context, ret, err);
}

/* What a request to a registry borrows. */
struct source {
    struct blob_store store;
    struct credentials credentials;
    struct pull_request request;
};

static void source_close(struct source *source)
{
    blob_store_close(&source->store);
    credentials_close(&source->credentials);
}

/* *ret must stay where it is. */
static bool source_open(const struct invocation *invocation, const struct image_options *options,
                        const struct reference *reference, struct source *ret, struct error *err)
{
    ret->request = (struct pull_request){
        .reference = *reference,
        .plain_http = options->plain_http,
        .insecure = options->insecure,
        .no_revoke = options->no_revoke,
        .ca_file = options->ca_file,
        .max_downloads = options->connections,
        .hosts_dir = options->hosts_dir,
        .mirrors = &options->mirrors,
        .credentials = &ret->credentials,
    };
    return credentials_open(options->auth_file, &invocation->context, &ret->credentials, err)
        && image_host(options, &ret->request.host, err)
        && blob_store_open(invocation->root, &ret->store, err);
}

bool image_pull(const struct invocation *invocation, const struct image_request *request,
                struct image *ret, struct strlist *ret_layers, struct error *err)
{
    CLEANUP(image_unpacking_clear)
    struct image_unpacking unpacking = {.invocation = invocation,
                                        .with_utility_vm = request->with_utility_vm};
    CLEANUP(source_close) struct source source = {0};
    if (!source_open(invocation, request->options, request->reference, &source, err))
        return false;
    source.request.description_only = request->depth == PULL_DESCRIPTION;
    source.request.consumer = &unpacking;
    if (request->depth == PULL_EVERYTHING) {
        source.request.consume = image_unpack;
        source.request.has_layer = has_layer;
    }
    if (!pull_repairing(&source.request, &unpacking, &source.store, ret, err))
        return false;
    strlist_add_all(ret_layers, &unpacking.layers);
    return true;
}

/* ---- without layers ---- */

static bool describe_stored(const struct invocation *invocation, const struct reference *reference,
                            struct description *ret)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(blob_store_close) struct blob_store store = {0};
    return blob_store_open_to_read(invocation->root, &store, &ignored)
        && description_read(&store, reference, ret, &ignored);
}

bool image_describe(struct invocation *invocation, const struct image_options *options,
                    const struct reference *reference, bool remote, struct description *ret,
                    struct error *err)
{
    if (!remote && describe_stored(invocation, reference, ret))
        return true;
    CLEANUP(source_close) struct source source = {0};
    return host_make_root(invocation, err)
        && source_open(invocation, options, reference, &source, err)
        && registry_describe(&source.request, &source.store, &invocation->context, ret, err);
}

bool image_check(const struct reference *reference, const struct description *description,
                 const struct platform_host *host, struct error *err)
{
    CLEANUP(selection_clear) struct selection selection = selection_of(&description->index, host);
    if (selection_require(&selection, host, err))
        return true;
    CLEANUP(str_free) char *name = reference_format(reference);
    return error_wrap(err, "%s", name);
}

/* ---- repair ---- */

/* The index that the image was chosen from is a document like the image's own. */
static bool repair_index(const struct invocation *invocation, struct source *source,
                         const struct image_record *record, struct error *err)
{
    CLEANUP(description_clear) struct description description = {0};
    CLEANUP(str_free) char *path = blob_store_path(&source->store, &record->index_digest);
    if (!digest_is_set(&record->index_digest) || fs_type_of(path) != FS_ABSENT)
        return true;
    source->request.reference.digest = record->index_digest;
    return registry_describe(&source->request, &source->store, &invocation->context, &description,
                             err);
}

bool image_repair(const struct invocation *invocation, const struct image_options *options,
                  const struct listed_image *image, struct error *err)
{
    CLEANUP(reference_clear) struct reference reference = {0};
    CLEANUP(image_clear) struct image pulled = {0};
    CLEANUP(source_close) struct source source = {0};
    if (!reference_parse(image->record.reference, &reference, err))
        return false;
    str_free(&reference.tag);
    reference.digest = image->record.digest;
    if (!source_open(invocation, options, &reference, &source, err))
        return false;
    source.request.unrecorded = true;
    source.request.host = (struct platform_host){
        .architecture = image->config.architecture ? image->config.architecture : "amd64",
    };
    return registry_pull(&source.request, &source.store, &invocation->context, &pulled, err)
        && repair_index(invocation, &source, &image->record, err);
}
