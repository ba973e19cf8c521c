/* SPDX-License-Identifier: MIT */
#include "layers/decompress.h"

#include "base/alloc.h"
#include "base/os.h"
#include "layers/slice_ring.h"

enum reader { READER_CONSUMER, READER_HASH };

/* What the decoding thread, the hashing thread and the consumer share. */
struct ahead {
    const struct byte_source *source;
    const struct decompress_options *options;
    struct context context; /* without an observer: the consumer tells what is going on */
    struct slice_ring ring;
    bool finished; /* decoding came to its end */
    struct error err;
};

static bool put_slice(void *user, const struct decompress_slice *slice, struct error *err)
{
    struct ahead *ahead = user;
    return slice_ring_put(&ahead->ring, slice->data, slice->length, slice->compressed_done)
        || error_set(err, ERR_CANCELLED, "not wanted any more");
}

static void decode(void *argument)
{
    struct ahead *ahead = argument;
    ahead->finished = decompress_source(ahead->source, ahead->options, put_slice, ahead,
                                        &ahead->context, &ahead->err);
    slice_ring_end(&ahead->ring);
}

static void hash(void *argument)
{
    struct ahead *ahead = argument;
    struct ring_slice slice;
    while (slice_ring_get(&ahead->ring, READER_HASH, &slice)) {
        sha256_update(ahead->options->hash, slice.data, slice.length);
        slice_ring_release(&ahead->ring, READER_HASH);
    }
}

static bool consume_all(struct ahead *ahead, decompress_consumer consume, void *user,
                        struct error *err)
{
    struct ring_slice slice;
    while (slice_ring_get(&ahead->ring, READER_CONSUMER, &slice)) {
        const struct decompress_slice part = {
            .data = slice.data,
            .length = slice.length,
            .compressed_done = slice.mark,
            .compressed_total = ahead->source->size,
        };
        if (!consume(user, &part, err)) {
            slice_ring_stop(&ahead->ring);
            return false;
        }
        slice_ring_release(&ahead->ring, READER_CONSUMER);
    }
    return true;
}

static bool run(struct ahead *ahead, decompress_consumer consume, void *user, struct error *err)
{
    struct os_thread decoder = {0};
    struct os_thread hasher = {0};
    if (ahead->options->hash && !os_thread_start(&hasher, hash, ahead, err))
        return false;
    bool started = os_thread_start(&decoder, decode, ahead, err);
    bool consumed = started && consume_all(ahead, consume, user, err);
    if (!started)
        slice_ring_stop(&ahead->ring);
    os_thread_join(&decoder);
    os_thread_join(&hasher);
    if (consumed && !ahead->finished)
        *err = TAKE(ahead->err);
    error_clear(&ahead->err);
    return consumed && ahead->finished;
}

bool decompress_source_ahead(const struct byte_source *source,
                             const struct decompress_options *options, decompress_consumer consume,
                             void *user, const struct context *context, struct error *err)
{
    struct ahead ahead = {
        .source = source,
        .options = options,
        .context = {.cancel = context ? context->cancel : NULL},
    };
    slice_ring_open(&ahead.ring, options->hash ? 2 : 1);
    bool good = run(&ahead, consume, user, err);
    slice_ring_close(&ahead.ring);
    return good;
}
