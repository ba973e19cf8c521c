/* SPDX-License-Identifier: MIT */
#include "registry/pull.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/text.h"
#include "registry/blob_fetch.h"
#include "registry/blob_ingest.h"
#include "registry/client.h"
#include "registry/image_record.h"
#include "registry/media_type.h"
#include "registry/pull_consumer.h"
#include "registry/selection.h"

/* An index may point to an index. */
#define DEPTH_MAXIMUM 3

struct pull {
    const struct pull_request *request;
    const struct blob_store *store;
    const struct context *context; /* whose cancel is 'stop' */
    char *subject;                 /* the canonical reference */
    struct client client;
    struct cancel stop;
    struct blob_feed *feed;
};

static void pull_close(struct pull *pull)
{
    str_free(&pull->subject);
    client_close(&pull->client);
    blob_feed_close(&pull->feed);
}

/* ---- one index or manifest ---- */

struct document {
    struct buf text;
    char *media_type;
    struct digest digest;
};

static void document_clear(struct document *document)
{
    buf_clear(&document->text);
    str_free(&document->media_type);
}

/* What is known of a document before it is fetched. */
struct wanted {
    const char *name;     /* tag or digest */
    struct digest digest; /* unset for a tag */
    char *media_type;     /* NULL when no descriptor led here */
    uint64_t size;        /* 0 likewise */
};

static void wanted_clear(struct wanted *wanted)
{
    str_free(&wanted->media_type);
}

static bool check_document(const struct wanted *wanted, const struct document *document,
                           struct error *err)
{
    if (digest_is_set(&wanted->digest) && !digest_equal(&wanted->digest, &document->digest))
        return error_set(err, ERR_INTEGRITY, "manifest: wrong content: expected %s, got %s",
                         wanted->digest.text, document->digest.text);
    if (wanted->size && wanted->size != document->text.length)
        return error_set(err, ERR_INTEGRITY,
                         "manifest %s has %zu bytes where %" PRIu64 " were promised",
                         wanted->digest.text, document->text.length, wanted->size);
    if (!document->media_type)
        return error_set(err, ERR_INTEGRITY, "the registry does not say what the manifest is");
    if (wanted->media_type && !media_type_equal(wanted->media_type, document->media_type))
        return error_set(err, ERR_INTEGRITY,
                         "manifest %s was sent as another type than its index says",
                         wanted->digest.text);
    return true;
}

/* Reads content of the store. Damaged content is taken out, so that it is fetched again. */
static bool read_sound(const struct pull *pull, const struct digest *digest, size_t maximum,
                       struct buf *ret)
{
    CLEANUP(error_clear) struct error err = {0};
    if (blob_store_read(pull->store, digest, maximum, ret, &err))
        return true;
    if (err.kind == ERR_INTEGRITY) {
        context_warn(pull->context, "%s; fetching it again", err.message);
        error_clear(&err);
        (void)!blob_store_evict(pull->store, digest, &err);
    }
    return false;
}

/* True when the store has the document. A tag is always looked up. */
static bool read_stored(const struct pull *pull, const struct wanted *wanted, struct document *ret)
{
    if (!wanted->media_type || !blob_store_has(pull->store, &wanted->digest, wanted->size))
        return false;
    CLEANUP(document_clear) struct document document = {.digest = wanted->digest};
    buf_init(&document.text, MANIFEST_MAXIMUM);
    if (!read_sound(pull, &wanted->digest, MANIFEST_MAXIMUM, &document.text))
        return false;
    document.media_type = xstrdup(wanted->media_type);
    *ret = TAKE(document);
    return true;
}

static bool get_document(struct pull *pull, const struct wanted *wanted, struct document *ret,
                         struct error *err)
{
    if (read_stored(pull, wanted, ret))
        return true;
    CLEANUP(http_document_clear) struct http_document answer = {0};
    CLEANUP(document_clear) struct document document = {0};
    if (!client_get_manifest(&pull->client, wanted->name, MANIFEST_MAXIMUM, &answer, err))
        return false;
    document.text = TAKE(answer.body);
    document.media_type = TAKE(answer.response.content_type);
    document.digest = digest_of(document.text.data, document.text.length);
    if (!check_document(wanted, &document, err)
        || !blob_ingest_put(pull->store, &document.text, pull->context->cancel, err))
        return false;
    *ret = TAKE(document);
    return true;
}

/* ---- from the reference to the image's manifest ---- */

static struct wanted first_wanted(const struct reference *reference)
{
    bool by_digest = digest_is_set(&reference->digest);
    return (struct wanted){
        .name = by_digest ? reference->digest.text : reference->tag,
        .digest = reference->digest,
    };
}

/* Turns 'wanted' to the index's entry for the host. */
static bool descend(const struct pull *pull, const struct document *document, struct wanted *wanted,
                    struct error *err)
{
    CLEANUP(index_clear) struct index index = {0};
    size_t chosen = 0;
    if (!index_parse(buf_str(&document->text), document->text.length, document->media_type, &index,
                     err)
        || !selection_choose(&index, &pull->request->host, &chosen, err))
        return false;
    struct descriptor *entry = &index.manifests.items[chosen];
    wanted_clear(wanted);
    wanted->digest = entry->digest;
    wanted->name = wanted->digest.text;
    wanted->media_type = TAKE(entry->media_type);
    wanted->size = entry->size;
    return true;
}

static void record_manifest(struct document *document, struct image_record *ret)
{
    ret->digest = document->digest;
    ret->media_type = TAKE(document->media_type);
    ret->size = document->text.length;
}

static bool resolve(struct pull *pull, struct image_record *ret_record,
                    struct manifest *ret_manifest, struct error *err)
{
    CLEANUP(wanted_clear) struct wanted wanted = first_wanted(&pull->request->reference);
    CLEANUP(document_clear) struct document document = {0};
    for (unsigned depth = 0;; depth++) {
        document_clear(&document);
        if (!get_document(pull, &wanted, &document, err))
            return false;
        if (media_type_kind(document.media_type) != MEDIA_INDEX)
            break;
        if (depth == DEPTH_MAXIMUM)
            return error_set(err, ERR_INTEGRITY, "more than %d indexes inside each other",
                             DEPTH_MAXIMUM);
        if (depth == 0)
            ret_record->index_digest = document.digest;
        if (!descend(pull, &document, &wanted, err))
            return false;
    }
    if (!manifest_parse(buf_str(&document.text), document.text.length, document.media_type,
                        ret_manifest, err))
        return false;
    record_manifest(&document, ret_record);
    return true;
}

/* ---- configuration and layers ---- */

/* The configuration comes first: it has the last word on the platform. */
static bool get_config(struct pull *pull, struct image *image, struct error *err)
{
    struct manifest *manifest = &image->manifest;
    struct descriptor_list only = {.items = &manifest->config, .count = 1};
    if (manifest->config.size > IMAGE_CONFIG_MAXIMUM)
        return error_set(err, ERR_INTEGRITY, "the configuration is larger than %zu bytes",
                         IMAGE_CONFIG_MAXIMUM);
    CLEANUP(buf_clear) struct buf stored;
    buf_init(&stored, IMAGE_CONFIG_MAXIMUM);
    (void)!read_sound(pull, &manifest->config.digest, IMAGE_CONFIG_MAXIMUM, &stored);
    if (!blob_fetch(&pull->client, pull->feed, &only, err)
        || !image_read_config(pull->store, manifest, &image->config, err))
        return false;
    struct platform platform = image_config_platform(&image->config);
    return selection_check(&platform, &pull->request->host, err);
}

static void emit(const struct pull *pull, enum event_type type, const char *text)
{
    const struct event event = {.type = type, .subject = pull->subject, .text = text};
    context_emit(pull->context, &event);
}

/* What is to come, so that sums and times know of it from the beginning. */
static void announce_layers(const struct pull *pull, const struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->layers.count; i++) {
        const struct descriptor *layer = &manifest->layers.items[i];
        const struct event event = {
            .type = EVENT_BLOB_PLANNED, .subject = layer->digest.text, .total = layer->size};
        context_emit(pull->context, &event);
    }
}

static bool fetch_layers(struct pull *pull, const struct manifest *manifest,
                         const struct image_record *record, struct error *err)
{
    if (!blob_fetch(&pull->client, pull->feed, &manifest->layers, err)
        || !image_record_write(pull->store, &pull->request->reference, record, err))
        return false;
    blob_feed_finish(pull->feed);
    return true;
}

static bool get_layers(struct pull *pull, const struct image *image,
                       const struct image_record *record, struct error *err)
{
    struct pull_consumer consumer = {
        .request = pull->request, .image = image, .feed = pull->feed, .stop = &pull->stop};
    if (pull->request->description_only)
        return true;
    announce_layers(pull, &image->manifest);
    if (!pull_consumer_start(&consumer, err))
        return false;
    bool fetched = fetch_layers(pull, &image->manifest, record, err);
    return pull_consumer_join(&consumer, fetched, err);
}

static bool pull_from_registry(struct pull *pull, struct image *ret, struct error *err)
{
    CLEANUP(image_record_clear) struct image_record record = {0};
    CLEANUP(image_clear) struct image image = {0};
    const struct client_options options = {
        .reference = &pull->request->reference,
        .plain_http = pull->request->plain_http,
        .ca_file = pull->request->ca_file,
        .credentials = pull->request->credentials,
        .max_downloads = pull->request->max_downloads,
        .context = pull->context,
    };
    emit(pull, EVENT_RESOLVE_STARTED, NULL);
    if (!client_open(&options, &pull->client, err) || !resolve(pull, &record, &image.manifest, err))
        return false;
    emit(pull, EVENT_RESOLVED, record.digest.text);
    image.reference = reference_copy(&pull->request->reference);
    image.digest = record.digest;
    if (!get_config(pull, &image, err) || !get_layers(pull, &image, &record, err))
        return false;
    *ret = TAKE(image);
    return true;
}

/* What a digest stands for never changes, so a complete image is taken as it is. It may have been
 * pulled for another host, though. */
static bool take_stored(const struct pull *pull, struct image *ret)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(image_clear) struct image image = {0};
    if (!digest_is_set(&pull->request->reference.digest)
        || !image_open(pull->store, &pull->request->reference, &image, &ignored))
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
    CLEANUP(pull_close)
    struct pull pull = {
        .request = request,
        .store = store,
        .subject = reference_format(&request->reference),
        .stop = {.parent = context->cancel},
    };
    const struct context inner = {.observer = context->observer, .cancel = &pull.stop};
    CLEANUP(image_clear) struct image image = {0};
    pull.context = &inner;
    pull.feed = blob_feed_open(store, &pull.stop);
    bool pulled = take_stored(&pull, &image) ? consume_stored(&pull, &image, err)
                                             : pull_from_registry(&pull, &image, err);
    if (!pulled)
        return error_wrap(err, "%s", pull.subject);
    *ret = TAKE(image);
    return true;
}
