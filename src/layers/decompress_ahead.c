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
    unsigned char *room; /* in it, for the decoder's next slice */
    bool finished;       /* decoding came to its end */
    uint64_t decoding;   /* nanoseconds, with what follows */
    uint64_t elsewhere;  /* of them, reading and waiting for room */
    uint64_t hashing;
    struct error err;
};

static bool not_wanted(struct error *err)
{
    return error_set(err, ERR_CANCELLED, "not wanted any more");
}

static bool find_room(void *user, unsigned char **ret, size_t *ret_length, struct error *err)
{
    struct ahead *ahead = user;
    uint64_t mark = os_monotonic_ns();
    bool wanted = slice_ring_room(&ahead->ring, &ahead->room, ret_length);
    unpack_times_lap(&ahead->elsewhere, &mark);
    *ret = ahead->room;
    return wanted || not_wanted(err);
}

static bool put_slice(void *user, const struct decompress_slice *slice, struct error *err)
{
    struct ahead *ahead = user;
    if (slice->data == TAKE(ahead->room)) {
        slice_ring_fill(&ahead->ring, slice->length, slice->compressed_done);
        return true;
    }
    uint64_t mark = os_monotonic_ns();
    bool wanted = slice_ring_put(&ahead->ring, slice->data, slice->length, slice->compressed_done);
    unpack_times_lap(&ahead->elsewhere, &mark);
    return wanted || not_wanted(err);
}

static bool read_source(void *user, void *data, size_t length, size_t *ret, struct error *err)
{
    struct ahead *ahead = user;
    uint64_t mark = os_monotonic_ns();
    bool got = ahead->source->read(ahead->source->user, data, length, ret, err);
    unpack_times_lap(&ahead->elsewhere, &mark);
    return got;
}

static void decode(void *argument)
{
    struct ahead *ahead = argument;
    const struct byte_source source = {
        .read = read_source, .user = ahead, .size = ahead->source->size};
    struct decompress_options options = *ahead->options;
    options.space = find_room;
    uint64_t mark = os_monotonic_ns();
    ahead->finished =
        decompress_source(&source, &options, put_slice, ahead, &ahead->context, &ahead->err);
    unpack_times_lap(&ahead->decoding, &mark);
    slice_ring_end(&ahead->ring);
}

static void hash(void *argument)
{
    struct ahead *ahead = argument;
    struct ring_slice slice;
    while (slice_ring_get(&ahead->ring, READER_HASH, &slice)) {
        uint64_t mark = os_monotonic_ns();
        sha256_update(ahead->options->hash, slice.data, slice.length);
        unpack_times_lap(&ahead->hashing, &mark);
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
    if (options->times) {
        options->times->inflate += ahead.decoding - ahead.elsewhere;
        options->times->hash += ahead.hashing;
    }
    slice_ring_close(&ahead.ring);
    return good;
}
