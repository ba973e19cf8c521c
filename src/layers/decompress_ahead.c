/* SPDX-License-Identifier: MIT */
#include "layers/decompress.h"

#include <string.h>

#include "base/alloc.h"
#include "base/os.h"

#define SLOTS 4
#define SLOT_SIZE ((size_t)256 * 1024)

/* What the decoding thread and its consumer share. A slot belongs to the decoder while it is
 * counted in 'empty', to the consumer while it is counted in 'filled'. */
struct ahead {
    const char *path;
    const struct decompress_options *options;
    struct context context; /* without an observer: events come from one thread at a time */
    struct os_semaphore empty;
    struct os_semaphore filled;
    struct decompress_slice slots[SLOTS]; /* length 0 = the end */
    unsigned char *memory;
    size_t next;   /* to be filled */
    bool stopped;  /* atomic: the consumer wants no more */
    bool finished; /* with the end: whether decoding succeeded */
    struct error err;
};

static bool put_slot(struct ahead *ahead, const struct decompress_slice *slice, struct error *err)
{
    os_semaphore_wait(&ahead->empty);
    if (__atomic_load_n(&ahead->stopped, __ATOMIC_ACQUIRE))
        return error_set(err, ERR_CANCELLED, "not wanted any more");
    unsigned char *to = ahead->memory + ahead->next * SLOT_SIZE;
    struct decompress_slice *slot = &ahead->slots[ahead->next];
    *slot = *slice;
    slot->data = to;
    if (slice->length > 0)
        memcpy(to, slice->data, slice->length);
    ahead->next = (ahead->next + 1) % SLOTS;
    os_semaphore_post(&ahead->filled);
    return true;
}

static bool put_slice(void *user, const struct decompress_slice *slice, struct error *err)
{
    struct decompress_slice left = *slice;
    while (left.length > 0) {
        struct decompress_slice part = left;
        if (part.length > SLOT_SIZE)
            part.length = SLOT_SIZE;
        if (!put_slot(user, &part, err))
            return false;
        left.data += part.length;
        left.length -= part.length;
    }
    return true;
}

static void decode(void *argument)
{
    struct ahead *ahead = argument;
    struct error ignored = {0};
    ahead->finished = decompress_file(ahead->path, ahead->options, put_slice, ahead,
                                      &ahead->context, &ahead->err);
    /* Nobody waits for the end when the consumer has stopped. */
    const struct decompress_slice end = {0};
    if (!put_slot(ahead, &end, &ignored))
        error_clear(&ignored);
}

static bool consume_all(struct ahead *ahead, decompress_consumer consume, void *user,
                        struct error *err)
{
    for (size_t next = 0;; next = (next + 1) % SLOTS) {
        os_semaphore_wait(&ahead->filled);
        const struct decompress_slice *slot = &ahead->slots[next];
        if (slot->length == 0)
            return true;
        bool good = consume(user, slot, err);
        if (!good)
            __atomic_store_n(&ahead->stopped, true, __ATOMIC_RELEASE);
        os_semaphore_post(&ahead->empty);
        if (!good)
            return false;
    }
}

static bool run(struct ahead *ahead, decompress_consumer consume, void *user, struct error *err)
{
    struct os_thread thread = {0};
    if (!os_thread_start(&thread, decode, ahead, err))
        return false;
    bool consumed = consume_all(ahead, consume, user, err);
    /* A decoder that waits for two slots in a row, for data and for the end, gets both. */
    os_semaphore_post(&ahead->empty);
    os_thread_join(&thread);
    if (consumed && !ahead->finished)
        *err = TAKE(ahead->err);
    error_clear(&ahead->err);
    return consumed && ahead->finished;
}

bool decompress_file_ahead(const char *path, const struct decompress_options *options,
                           decompress_consumer consume, void *user, const struct context *context,
                           struct error *err)
{
    CLEANUP(mem_free) unsigned char *memory = xmalloc(SLOTS * SLOT_SIZE);
    struct ahead ahead = {
        .path = path,
        .options = options,
        .context = {.cancel = context ? context->cancel : NULL},
        .memory = memory,
    };
    bool good = os_semaphore_open(&ahead.empty, SLOTS, err)
        && os_semaphore_open(&ahead.filled, 0, err) && run(&ahead, consume, user, err);
    os_semaphore_close(&ahead.filled);
    os_semaphore_close(&ahead.empty);
    return good;
}
