/* SPDX-License-Identifier: MIT */
#include "layers/slice_ring.h"

#include <string.h>

#include "base/alloc.h"

/* Everything that is waited for is notified of. */
#define WAIT_MS 60000

void slice_ring_open(struct slice_ring *ring, size_t readers)
{
    *ring = (struct slice_ring){
        .monitor = monitor_open(),
        .memory = xmalloc(SLICE_RING_SLOTS * SLICE_RING_SLOT_SIZE),
        .readers = readers,
    };
}

void slice_ring_close(struct slice_ring *ring)
{
    if (ring->memory)
        monitor_close(&ring->monitor);
    mem_free(&ring->memory);
    *ring = (struct slice_ring){0};
}

static bool is_full(const struct slice_ring *ring)
{
    for (size_t i = 0; i < ring->readers; i++)
        if (ring->filled - ring->taken[i] == SLICE_RING_SLOTS)
            return true;
    return false;
}

/* Takes the next slot for the writer. */
static bool begin_slice(struct slice_ring *ring)
{
    monitor_enter(&ring->monitor);
    while (is_full(ring) && !ring->stopped)
        monitor_wait(&ring->monitor, WAIT_MS);
    bool good = !ring->stopped;
    monitor_leave(&ring->monitor);
    size_t slot = ring->filled % SLICE_RING_SLOTS;
    if (good)
        ring->open = (struct ring_slice){.data = ring->memory + slot * SLICE_RING_SLOT_SIZE};
    return good;
}

static void hand_over(struct slice_ring *ring)
{
    monitor_enter(&ring->monitor);
    ring->slots[ring->filled % SLICE_RING_SLOTS] = ring->open;
    ring->filled++;
    monitor_notify(&ring->monitor);
    monitor_leave(&ring->monitor);
    ring->open = (struct ring_slice){0};
}

bool slice_ring_room(struct slice_ring *ring, unsigned char **ret, size_t *ret_length)
{
    if (!ring->open.data && !begin_slice(ring))
        return false;
    size_t start = (size_t)(ring->open.data - ring->memory) + ring->open.length;
    *ret = ring->memory + start;
    *ret_length = SLICE_RING_SLOT_SIZE - ring->open.length;
    return true;
}

void slice_ring_fill(struct slice_ring *ring, size_t length, uint64_t mark)
{
    ring->open.length += length;
    ring->open.mark = mark;
    if (ring->open.length == SLICE_RING_SLOT_SIZE)
        hand_over(ring);
}

bool slice_ring_put(struct slice_ring *ring, const void *data, size_t length, uint64_t mark)
{
    const unsigned char *from = data;
    while (length > 0) {
        unsigned char *to;
        size_t room;
        if (!slice_ring_room(ring, &to, &room))
            return false;
        size_t part = length < room ? length : room;
        memcpy(to, from, part);
        slice_ring_fill(ring, part, mark);
        from += part;
        length -= part;
    }
    return true;
}

void slice_ring_end(struct slice_ring *ring)
{
    if (ring->open.length > 0)
        hand_over(ring);
    monitor_enter(&ring->monitor);
    ring->ended = true;
    monitor_notify(&ring->monitor);
    monitor_leave(&ring->monitor);
}

bool slice_ring_get(struct slice_ring *ring, size_t reader, struct ring_slice *ret)
{
    monitor_enter(&ring->monitor);
    while (ring->taken[reader] == ring->filled && !ring->ended && !ring->stopped)
        monitor_wait(&ring->monitor, WAIT_MS);
    bool got = ring->taken[reader] < ring->filled && !ring->stopped;
    if (got)
        *ret = ring->slots[ring->taken[reader] % SLICE_RING_SLOTS];
    monitor_leave(&ring->monitor);
    return got;
}

void slice_ring_release(struct slice_ring *ring, size_t reader)
{
    monitor_enter(&ring->monitor);
    ring->taken[reader]++;
    monitor_notify(&ring->monitor);
    monitor_leave(&ring->monitor);
}

void slice_ring_stop(struct slice_ring *ring)
{
    monitor_enter(&ring->monitor);
    ring->stopped = true;
    monitor_notify(&ring->monitor);
    monitor_leave(&ring->monitor);
}
