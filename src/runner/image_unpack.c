/* SPDX-License-Identifier: MIT */
#include "runner/image_unpack.h"

#include "base/alloc.h"
#include "registry/blob_reader.h"
#include "registry/blob_verify.h"
#include "runner/host.h"
#include "runner/ordered_work.h"

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
 * tried again. Otherwise *err says what is to be told, and *ret_evicted whether the blob was taken
 * out of the store. */
static bool comes_again(const struct context *context, struct layer_blob *blob, bool *ret_evicted,
                        struct error *err)
{
    CLEANUP(error_clear) struct error verdict = {0};
    const struct digest *digest = &blob->descriptor->digest;
    if (!blob_reader_verify(&blob->reader, &verdict)) {
        bool again = blob_reader_was_restarted(&blob->reader);
        error_clear(err);
        if (!again)
            *err = TAKE(verdict);
        return again;
    }
    if (!blob_evict_damaged(blob_feed_store(blob->feed), digest, context->cancel, ret_evicted,
                            &verdict)) {
        context_step(context, "%s", verdict.message);
        return false;
    }
    if (*ret_evicted)
        return error_wrap(err, "the stored blob %s was damaged", digest->text);
    return error_hint(err, "its blob is what the registry promised: tell who made the image");
}

/* ---- the layers ---- */

struct layer_outcome {
    char *directory;
    bool evicted; /* the stored blob was damaged and is gone */
};

/* All of them, several at once. */
struct all_layers {
    struct image_unpacking *unpacking;
    const struct image *image;
    struct blob_feed *feed;
    struct invocation invocation; /* with a way to stop that is our own */
    struct cancel stop;
    struct layer_outcome *outcomes; /* as many as layers */
};

/* One, on the thread that unpacks it. */
struct one_layer {
    struct all_layers *all;
    struct ordered_work *work;
    size_t index;
};

static bool await_lower(void *user, struct error *err)
{
    const struct one_layer *one = user;
    return ordered_work_await(one->work, one->index, err);
}

static bool unpack(struct all_layers *all, const struct host_layer *layer, struct error *err)
{
    const struct image_unpacking *unpacking = all->unpacking;
    return unpacking->unpack_layer
        ? unpacking->unpack_layer(unpacking->user, layer, err)
        : host_unpack_layer(&all->invocation, layer, &all->outcomes[layer->index].directory, err);
}

static bool unpack_layer(void *user, struct ordered_work *work, size_t i, struct error *err)
{
    struct all_layers *all = user;
    const struct image *image = all->image;
    struct one_layer one = {.all = all, .work = work, .index = i};
    CLEANUP(layer_blob_close)
    struct layer_blob blob = {.feed = all->feed, .descriptor = &image->manifest.layers.items[i]};
    const struct host_layer layer = {
        .image = image,
        .index = i,
        .with_utility_vm = all->unpacking->with_utility_vm,
        .source = {.read = read_blob,
                   .rewind = rewind_blob,
                   .user = &blob,
                   .size = blob.descriptor->size},
        .await_lower = await_lower,
        .await_user = &one,
    };
    if (!cancel_check(&all->stop, err))
        return false;
    for (;;) {
        rewind_blob(&blob);
        if (unpack(all, &layer, err))
            return true;
        if (!is_about_content(err)
            || !comes_again(&all->invocation.context, &blob, &all->outcomes[i].evicted, err))
            return error_wrap(err, "layer %zu of %zu (%s)", i + 1, image->manifest.layers.count,
                              image->config.diff_ids[i].text);
    }
}

/* Those who read or wait for a blob see the feed, all others the flag. */
static void stop_layers(void *user, const struct error *reason)
{
    struct all_layers *all = user;
    cancel_request(&all->stop);
    blob_feed_stop(all->feed, reason);
}

bool image_unpack(void *user, const struct image *image, struct blob_feed *feed, struct error *err)
{
    struct image_unpacking *unpacking = user;
    size_t count = image->manifest.layers.count;
    struct all_layers all = {
        .unpacking = unpacking,
        .image = image,
        .feed = feed,
        .invocation = *unpacking->invocation,
        .stop = {.parent = unpacking->invocation->context.cancel},
        .outcomes = xcalloc(count + 1, sizeof(struct layer_outcome)),
    };
    const struct ordered_work_plan plan = {
        .count = count,
        .at_once = unpacking->unpack_layer ? 1 : host_layers_at_once(),
        .work = unpack_layer,
        .stop = stop_layers,
        .user = &all,
    };
    all.invocation.context.cancel = &all.stop;
    strlist_clear(&unpacking->layers);
    unpacking->evicted = false;
    bool done = ordered_work_run(&plan, err);
    for (size_t i = 0; i < count; i++) {
        struct layer_outcome *outcome = &all.outcomes[i];
        unpacking->evicted = unpacking->evicted || outcome->evicted;
        if (done && outcome->directory)
            strlist_insert_owned(&unpacking->layers, 0, TAKE(outcome->directory));
        str_free(&outcome->directory);
    }
    mem_free(&all.outcomes);
    return done;
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
