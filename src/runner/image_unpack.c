/* SPDX-License-Identifier: MIT */
#include "runner/image_unpack.h"

#include "base/alloc.h"
#include "registry/blob_reader.h"
#include "registry/blob_verify.h"
#include "runner/host.h"

void image_unpacking_clear(struct image_unpacking *unpacking)
{
    strlist_clear(&unpacking->layers);
}

/* ---- one layer's blob as a source ---- */

struct layer_blob {
    struct blob_feed *feed;
    const struct descriptor *descriptor;
    struct blob_reader reader;
};

static void layer_blob_close(struct layer_blob *blob)
{
    blob_reader_close(&blob->reader);
}

static bool read_blob(void *user, void *data, size_t length, size_t *ret, struct error *err)
{
    struct layer_blob *blob = user;
    return blob_reader_read(&blob->reader, data, length, ret, err);
}

static void rewind_blob(void *user)
{
    struct layer_blob *blob = user;
    blob_reader_close(&blob->reader);
    blob_reader_open(blob->feed, blob->descriptor, &blob->reader);
}

/* ---- whose fault it is ---- */

/* Content that made no sense, in whatever way it was noticed. */
static bool is_about_content(const struct error *err)
{
    return err->kind == ERR_INTEGRITY || err->kind == ERR_UNSUPPORTED;
}

/* With the error of a layer that made no sense: true when its bytes come again, so that it may be
 * tried again. Otherwise *err says what is to be told. */
static bool comes_again(struct image_unpacking *unpacking, struct layer_blob *blob,
                        struct error *err)
{
    CLEANUP(error_clear) struct error verdict = {0};
    const struct context *context = &unpacking->invocation->context;
    const struct digest *digest = &blob->descriptor->digest;
    if (!blob_reader_verify(&blob->reader, &verdict)) {
        bool again = blob_reader_was_restarted(&blob->reader);
        error_clear(err);
        if (!again)
            *err = TAKE(verdict);
        return again;
    }
    if (!blob_evict_damaged(blob_feed_store(blob->feed), digest, context->cancel,
                            &unpacking->evicted, &verdict)) {
        context_step(context, "%s", verdict.message);
        return false;
    }
    if (unpacking->evicted)
        return error_wrap(err, "the stored blob %s was damaged", digest->text);
    return error_hint(err, "its blob is what the registry promised: tell who made the image");
}

/* ---- the layers ---- */

static bool unpack(struct image_unpacking *unpacking, const struct host_layer *layer,
                   struct error *err)
{
    return unpacking->unpack_layer
        ? unpacking->unpack_layer(unpacking->user, layer, err)
        : host_unpack_layer(unpacking->invocation, layer, &unpacking->layers, err);
}

static bool unpack_layer(struct image_unpacking *unpacking, const struct image *image, size_t i,
                         struct blob_feed *feed, struct error *err)
{
    CLEANUP(layer_blob_close)
    struct layer_blob blob = {.feed = feed, .descriptor = &image->manifest.layers.items[i]};
    const struct host_layer layer = {
        .image = image,
        .index = i,
        .with_utility_vm = unpacking->with_utility_vm,
        .source = {.read = read_blob,
                   .rewind = rewind_blob,
                   .user = &blob,
                   .size = blob.descriptor->size},
    };
    for (;;) {
        rewind_blob(&blob);
        if (unpack(unpacking, &layer, err))
            return true;
        if (!is_about_content(err) || !comes_again(unpacking, &blob, err))
            return error_wrap(err, "layer %zu of %zu (%s)", i + 1, image->manifest.layers.count,
                              image->config.diff_ids[i].text);
    }
}

bool image_unpack(void *user, const struct image *image, struct blob_feed *feed, struct error *err)
{
    struct image_unpacking *unpacking = user;
    strlist_clear(&unpacking->layers);
    unpacking->evicted = false;
    for (size_t i = 0; i < image->manifest.layers.count; i++)
        if (!cancel_check(unpacking->invocation->context.cancel, err)
            || !unpack_layer(unpacking, image, i, feed, err))
            return false;
    return true;
}

static void close_feed(struct blob_feed **feed)
{
    blob_feed_close(feed);
}

bool image_unpack_stored(struct image_unpacking *unpacking, const struct image *image,
                         struct error *err)
{
    const struct invocation *invocation = unpacking->invocation;
    CLEANUP(blob_store_close) struct blob_store store = {0};
    if (!blob_store_open(invocation->root, &store, err))
        return false;
    CLEANUP(close_feed)
    struct blob_feed *feed = blob_feed_open(&store, invocation->context.cancel);
    blob_feed_finish(feed);
    if (image_unpack(unpacking, image, feed, err))
        return true;
    CLEANUP(str_free) char *name = reference_format(&image->reference);
    return error_wrap(err, "image %s", name);
}
