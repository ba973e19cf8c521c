/* SPDX-License-Identifier: MIT */
/* slice_ring: bytes from one thread to several others, which all see all of them.
 *
 * One megabyte makes a slice. The writer fills the next one when every reader is done with what was
 * in it before, so memory does not grow and nobody gets further ahead than the ring is long. */
#pragma once

#include "base/monitor.h"

#define SLICE_RING_SLOTS 8
#define SLICE_RING_SLOT_SIZE ((size_t)1 << 20)
#define SLICE_RING_READERS 2

struct ring_slice {
    const unsigned char *data;
    size_t length;
    uint64_t mark; /* the writer's of the last bytes in it */
};

struct slice_ring {
    struct monitor monitor;
    unsigned char *memory; /* NULL = closed */
    struct ring_slice slots[SLICE_RING_SLOTS];
    struct ring_slice open;             /* the writer's, not handed over yet */
    uint64_t filled;                    /* slices handed over so far */
    uint64_t taken[SLICE_RING_READERS]; /* slices that each reader is done with */
    size_t readers;
    bool ended;   /* nothing more comes */
    bool stopped; /* nothing more is wanted */
};

/* Readers are numbered from 0; at most SLICE_RING_READERS. */
void slice_ring_open(struct slice_ring *ring, size_t readers);
/* All threads but the caller's are through with it. */
void slice_ring_close(struct slice_ring *ring);

/* ---- the writer ---- */

/* Memory for what comes next; at least one byte. False after slice_ring_stop(). */
bool slice_ring_room(struct slice_ring *ring, unsigned char **ret, size_t *ret_length);
/* So many bytes have been written there. */
void slice_ring_fill(struct slice_ring *ring, size_t length, uint64_t mark);
/* Copies the bytes. False after slice_ring_stop(). */
bool slice_ring_put(struct slice_ring *ring, const void *data, size_t length, uint64_t mark);
void slice_ring_end(struct slice_ring *ring);

/* ---- a reader ---- */

/* The next slice, good until it is released; false at the end or after slice_ring_stop(). */
bool slice_ring_get(struct slice_ring *ring, size_t reader, struct ring_slice *ret);
void slice_ring_release(struct slice_ring *ring, size_t reader);
/* Writer and readers come to their end at once. */
void slice_ring_stop(struct slice_ring *ring);
