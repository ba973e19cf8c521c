/* SPDX-License-Identifier: MIT */
#include "registry/resolve.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "registry/blob_ingest.h"
#include "registry/media_type.h"
#include "registry/selection.h"
#include "registry/sound_blob.h"

/* An index may point to an index. */
#define DEPTH_MAXIMUM 3

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

/* True when the store has the document. A tag is always looked up. */
static bool read_stored(const struct resolve_request *request, const struct wanted *wanted,
                        struct document *ret)
{
    if (!wanted->media_type || !blob_store_has(request->store, &wanted->digest, wanted->size))
        return false;
    CLEANUP(document_clear) struct document document = {.digest = wanted->digest};
    buf_init(&document.text, MANIFEST_MAXIMUM);
    if (!sound_blob_read(request->store, request->context, &wanted->digest, MANIFEST_MAXIMUM,
                         &document.text))
        return false;
    document.media_type = xstrdup(wanted->media_type);
    *ret = TAKE(document);
    return true;
}

static bool get_document(const struct resolve_request *request, const struct wanted *wanted,
                         struct document *ret, struct error *err)
{
    if (read_stored(request, wanted, ret))
        return true;
    CLEANUP(http_document_clear) struct http_document answer = {0};
    CLEANUP(document_clear) struct document document = {0};
    if (!client_get_manifest(request->client, wanted->name, MANIFEST_MAXIMUM, &answer, err))
        return false;
    document.text = TAKE(answer.body);
    document.media_type = TAKE(answer.response.content_type);
    document.digest = digest_of(document.text.data, document.text.length);
    if (!check_document(wanted, &document, err)
        || !blob_ingest_put(request->store, &document.text, err))
        return false;
    *ret = TAKE(document);
    return true;
}

/* ---- from the reference to the manifest ---- */

static struct wanted first_wanted(const struct reference *reference)
{
    bool by_digest = digest_is_set(&reference->digest);
    return (struct wanted){
        .name = by_digest ? reference->digest.text : reference->tag,
        .digest = reference->digest,
    };
}

static void tell_candidates(const struct context *context, const struct selection *selection)
{
    for (size_t i = 0; i < selection->count; i++) {
        const struct candidate *candidate = &selection->items[i];
        CLEANUP(str_free) char *text = candidate_format(candidate);
        const struct event event = {
            .type = EVENT_CANDIDATE, .subject = candidate->entry->digest.text, .text = text};
        context_emit(context, &event);
    }
}

static bool choose(const struct resolve_request *request, const struct index *index,
                   struct wanted *wanted, struct error *err)
{
    CLEANUP(selection_clear) struct selection selection = selection_of(index, request->host);
    if (!selection_require(&selection, request->host, err))
        return false;
    tell_candidates(request->context, &selection);
    const struct descriptor *entry = selection.chosen->entry;
    wanted_clear(wanted);
    wanted->digest = entry->digest;
    wanted->name = wanted->digest.text;
    wanted->media_type = xstrdup(entry->media_type);
    wanted->size = entry->size;
    return true;
}

/* Turns 'wanted' to the index's entry for the host. */
static bool descend(const struct resolve_request *request, const struct document *document,
                    struct resolution *resolution, struct wanted *wanted, struct error *err)
{
    CLEANUP(index_clear) struct index index = {0};
    if (!index_parse(buf_str(&document->text), document->text.length, document->media_type, &index,
                     err))
        return false;
    if (digest_is_set(&resolution->index_digest))
        return choose(request, &index, wanted, err);
    resolution->index_digest = document->digest;
    resolution->index = TAKE(index);
    return choose(request, &resolution->index, wanted, err);
}

/* The manifest at the end of the way. */
static bool find_manifest(const struct resolve_request *request, struct resolution *resolution,
                          struct document *ret, struct error *err)
{
    CLEANUP(wanted_clear) struct wanted wanted = first_wanted(request->reference);
    CLEANUP(document_clear) struct document document = {0};
    for (unsigned depth = 0;; depth++) {
        document_clear(&document);
        if (!get_document(request, &wanted, &document, err))
            return false;
        if (media_type_kind(document.media_type) != MEDIA_INDEX)
            break;
        if (depth == DEPTH_MAXIMUM)
            return error_set(err, ERR_INTEGRITY, "more than %d indexes inside each other",
                             DEPTH_MAXIMUM);
        if (!descend(request, &document, resolution, &wanted, err))
            return false;
    }
    *ret = TAKE(document);
    return true;
}

bool resolve_reference(const struct resolve_request *request, struct resolution *resolution,
                       struct error *err)
{
    CLEANUP(document_clear) struct document document = {0};
    if (!find_manifest(request, resolution, &document, err)
        || !manifest_parse(buf_str(&document.text), document.text.length, document.media_type,
                           &resolution->manifest, err))
        return false;
    resolution->digest = document.digest;
    resolution->size = document.text.length;
    resolution->media_type = TAKE(document.media_type);
    return true;
}

void resolution_clear(struct resolution *resolution)
{
    index_clear(&resolution->index);
    str_free(&resolution->media_type);
    manifest_clear(&resolution->manifest);
    *resolution = (struct resolution){0};
}
