/* SPDX-License-Identifier: MIT */
#include "registry/pull.h"

#include "base/alloc.h"
#include "registry/blob_fetch.h"
#include "registry/blob_ingest.h"
#include "registry/client.h"
#include "registry/image_record.h"
#include "registry/pull_consumer.h"
#include "registry/resolve.h"
#include "registry/selection.h"
#include "registry/sound_blob.h"

struct pull {
    const struct pull_request *request;
    const struct blob_store *store;
    struct context own; /* whose cancel is 'stop' */
    const struct context *context;
    char *subject; /* the canonical reference */
    struct client client;
    struct cancel stop;
    struct blob_feed *feed;
};

/* *pull must stay where it is. */
static void pull_open(struct pull *pull, const struct context *context)
{
    pull->subject = reference_format(&pull->request->reference);
    pull->stop = (struct cancel){.parent = context->cancel};
    pull->own = (struct context){.observer = context->observer, .cancel = &pull->stop};
    pull->context = &pull->own;
    pull->feed = blob_feed_open(pull->store, &pull->stop);
}

static void pull_close(struct pull *pull)
{
    str_free(&pull->subject);
    client_close(&pull->client);
    blob_feed_close(&pull->feed);
}

static void emit(const struct pull *pull, enum event_type type, const char *text)
{
    const struct event event = {.type = type, .subject = pull->subject, .text = text};
    context_emit(pull->context, &event);
}

/* ---- manifest and configuration ---- */

static bool connect(struct pull *pull, struct error *err)
{
    const struct client_options options = {
        .reference = &pull->request->reference,
        .plain_http = pull->request->plain_http,
        .insecure = pull->request->insecure,
        .no_revoke = pull->request->no_revoke,
        .ca_file = pull->request->ca_file,
        .hosts_dir = pull->request->hosts_dir,
        .mirrors = pull->request->mirrors,
        .credentials = pull->request->credentials,
        .max_downloads =
            pull->request->max_downloads ? pull->request->max_downloads : BLOB_FETCH_CONNECTIONS,
        .context = pull->context,
    };
    return client_open(&options, &pull->client, err);
}

static bool resolve(struct pull *pull, struct resolution *resolution, struct error *err)
{
    const struct resolve_request request = {
        .reference = &pull->request->reference,
        .host = &pull->request->host,
        .client = &pull->client,
        .store = pull->store,
        .context = pull->context,
    };
    emit(pull, EVENT_RESOLVE_STARTED, NULL);
    if (!connect(pull, err) || !resolve_reference(&request, resolution, err))
        return false;
    emit(pull, EVENT_RESOLVED, resolution->digest.text);
    return true;
}

static bool fetch(struct pull *pull, const struct descriptor_list *blobs, struct error *err)
{
    const struct blob_fetch settings = {
        .client = &pull->client,
        .feed = pull->feed,
        .connections = pull->request->max_downloads,
    };
    return blob_fetch(&settings, blobs, err);
}

static bool get_config(struct pull *pull, struct image *image, struct error *err)
{
    struct manifest *manifest = &image->manifest;
    struct descriptor_list only = {.items = &manifest->config, .count = 1};
    if (manifest->config.size > IMAGE_CONFIG_MAXIMUM)
        return error_set(err, ERR_INTEGRITY, "the configuration is larger than %zu bytes",
                         IMAGE_CONFIG_MAXIMUM);
    CLEANUP(buf_clear) struct buf stored;
    buf_init(&stored, IMAGE_CONFIG_MAXIMUM);
    (void)!sound_blob_read(pull->store, pull->context, &manifest->config.digest,
                           IMAGE_CONFIG_MAXIMUM, &stored);
    return fetch(pull, &only, err) && image_read_config(pull->store, manifest, &image->config, err);
}

/* Everything but the layers. What 'resolution' had of the image is in the image then. */
static bool read_image(struct pull *pull, struct resolution *resolution, struct image *ret,
                       struct error *err)
{
    CLEANUP(image_clear) struct image image = {0};
    image.reference = reference_copy(&pull->request->reference);
    image.digest = resolution->digest;
    image.manifest = TAKE(resolution->manifest);
    if (!get_config(pull, &image, err))
        return false;
    *ret = TAKE(image);
    return true;
}

/* The configuration has the last word on the platform. */
static bool check_platform(const struct pull *pull, const struct image *image, struct error *err)
{
    struct platform platform = image_config_platform(&image->config);
    return selection_check(&platform, &pull->request->host, err);
}

/* ---- layers ---- */

/* The consumer does without the layer's blob. */
static bool is_needless(const struct pull *pull, const struct image *image, size_t layer)
{
    const struct pull_request *request = pull->request;
    return request->has_layer && request->has_layer(request->consumer, image, layer);
}

/* The copies borrow from the image. */
static void borrowed_clear(struct descriptor_list *list)
{
    mem_free(&list->items);
}

/* What is to come is told, so that sums and times know of it from the beginning. */
static struct descriptor_list plan_layers(const struct pull *pull, const struct image *image)
{
    const struct descriptor_list *layers = &image->manifest.layers;
    struct descriptor_list needed = {.items = xcalloc(layers->count, sizeof(*needed.items))};
    for (size_t i = 0; i < layers->count; i++) {
        if (is_needless(pull, image, i))
            continue;
        const struct descriptor *layer = &layers->items[i];
        const struct event event = {
            .type = EVENT_BLOB_PLANNED, .subject = layer->digest.text, .total = layer->size};
        context_emit(pull->context, &event);
        needed.items[needed.count++] = *layer;
    }
    return needed;
}

static bool fetch_layers(struct pull *pull, const struct descriptor_list *layers, struct error *err)
{
    if (!fetch(pull, layers, err))
        return false;
    blob_feed_finish(pull->feed);
    return true;
}

/* The record comes last: of an image that proves wrong there is none. */
static bool get_layers(struct pull *pull, const struct image *image,
                       const struct image_record *record, struct error *err)
{
    struct pull_consumer consumer = {
        .request = pull->request, .image = image, .feed = pull->feed, .stop = &pull->stop};
    if (pull->request->description_only)
        return true;
    CLEANUP(borrowed_clear) struct descriptor_list layers = plan_layers(pull, image);
    if (!pull_consumer_start(&consumer, err))
        return false;
    bool fetched = fetch_layers(pull, &layers, err);
    return pull_consumer_join(&consumer, fetched, err)
        && (pull->request->unrecorded
            || image_record_write(pull->store, &pull->request->reference, record, err));
}

static struct image_record make_record(const struct resolution *resolution)
{
    return (struct image_record){
        .digest = resolution->digest,
        .media_type = xstrdup(resolution->media_type),
        .size = resolution->size,
        .index_digest = resolution->index_digest,
    };
}

static bool pull_from_registry(struct pull *pull, struct image *ret, struct error *err)
{
    CLEANUP(resolution_clear) struct resolution resolution = {0};
    CLEANUP(image_record_clear) struct image_record record = {0};
    CLEANUP(image_clear) struct image image = {0};
    if (!resolve(pull, &resolution, err))
        return false;
    record = make_record(&resolution);
    if (!read_image(pull, &resolution, &image, err) || !check_platform(pull, &image, err)
        || !get_layers(pull, &image, &record, err))
        return false;
    *ret = TAKE(image);
    return true;
}

static bool is_complete(const struct pull *pull, const struct image *image)
{
    const struct descriptor_list *layers = &image->manifest.layers;
    for (size_t i = 0; i < layers->count; i++)
        if (!blob_store_has(pull->store, &layers->items[i].digest, layers->items[i].size)
            && !is_needless(pull, image, i))
            return false;
    return true;
}

/* What a digest stands for never changes, so a complete image is taken as it is. It may have been
 * pulled for another host, though. */
static bool take_stored(const struct pull *pull, struct image *ret)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(image_clear) struct image image = {0};
    if (!digest_is_set(&pull->request->reference.digest)
        || !image_read(pull->store, &pull->request->reference, &image, &ignored)
        || !is_complete(pull, &image))
        return false;
    CLEANUP(platform_verdict_clear) struct platform_verdict verdict = {0};
    struct platform platform = image_config_platform(&image.config);
    verdict = platform_judge(&pull->request->host, &platform);
    if (!verdict.accepted)
        return false;
    emit(pull, EVENT_RESOLVED, image.digest.text);
    *ret = TAKE(image);
    return true;
}

/* The consumer of an image whose blobs are all there. */
static bool consume_stored(const struct pull *pull, const struct image *image, struct error *err)
{
    blob_feed_finish(pull->feed);
    return pull->request->description_only || !pull->request->consume
        || pull->request->consume(pull->request->consumer, image, pull->feed, err);
}

bool registry_pull(const struct pull_request *request, struct blob_store *store,
                   const struct context *context, struct image *ret, struct error *err)
{
    CLEANUP(pull_close) struct pull pull = {.request = request, .store = store};
    CLEANUP(image_clear) struct image image = {0};
    pull_open(&pull, context);
    bool pulled = blob_ingest_sweep(store, err)
        && (take_stored(&pull, &image) ? consume_stored(&pull, &image, err)
                                       : pull_from_registry(&pull, &image, err));
    if (!pulled)
        return error_wrap(err, "%s", pull.subject);
    *ret = TAKE(image);
    return true;
}

static bool describe(struct pull *pull, struct description *ret, struct error *err)
{
    CLEANUP(resolution_clear) struct resolution resolution = {0};
    CLEANUP(description_clear) struct description description = {0};
    description.has_image = resolve(pull, &resolution, err);
    if (!description.has_image && err->kind != ERR_MISMATCH)
        return false;
    error_clear(err);
    description.index_digest = resolution.index_digest;
    description.index = TAKE(resolution.index);
    if (description.has_image && !read_image(pull, &resolution, &description.image, err))
        return false;
    if (description.index.manifests.count == 0)
        description_make_index(&description);
    *ret = TAKE(description);
    return true;
}

bool registry_describe(const struct pull_request *request, struct blob_store *store,
                       const struct context *context, struct description *ret, struct error *err)
{
    CLEANUP(pull_close) struct pull pull = {.request = request, .store = store};
    pull_open(&pull, context);
    return describe(&pull, ret, err) || error_wrap(err, "%s", pull.subject);
}
