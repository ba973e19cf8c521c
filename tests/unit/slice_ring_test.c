/* SPDX-License-Identifier: MIT */
#include "layers/slice_ring.h"

#include "base/os.h"
#include "check.h"

#define TOTAL ((size_t)20 * 1000 * 1000) /* bytes; more than twice round the ring */

/* The byte at a place in the stream. */
static unsigned char byte_at(uint64_t at)
{
    return (unsigned char)(at * 2654435761u >> 16);
}

static void write_all(void *argument)
{
    struct slice_ring *ring = argument;
    unsigned char part[7919];
    for (uint64_t at = 0; at < TOTAL;) {
        size_t length = at % 7 == 0 ? 1 : sizeof(part);
        length = length < TOTAL - at ? length : (size_t)(TOTAL - at);
        for (size_t i = 0; i < length; i++)
            part[i] = byte_at(at + i);
        if (!slice_ring_put(ring, part, length, at + length))
            return;
        at += length;
    }
    slice_ring_end(ring);
}

/* The same, written where it stays. */
static void write_in_place(void *argument)
{
    struct slice_ring *ring = argument;
    for (uint64_t at = 0; at < TOTAL;) {
        unsigned char *room;
        size_t length;
        if (!slice_ring_room(ring, &room, &length))
            return;
        length = length < 99991 ? length : 99991;
        length = length < TOTAL - at ? length : (size_t)(TOTAL - at);
        for (size_t i = 0; i < length; i++)
            room[i] = byte_at(at + i);
        slice_ring_fill(ring, length, at + length);
        at += length;
    }
    slice_ring_end(ring);
}

struct reading {
    struct slice_ring *ring;
    size_t reader;
    size_t slices;
    uint64_t total;
    uint64_t wrong;
    uint64_t last_mark;
};

static void read_all(void *argument)
{
    struct reading *reading = argument;
    struct ring_slice slice;
    while (slice_ring_get(reading->ring, reading->reader, &slice)) {
        for (size_t i = 0; i < slice.length; i++)
            reading->wrong += slice.data[i] != byte_at(reading->total + i);
        reading->total += slice.length;
        reading->last_mark = slice.mark;
        reading->slices++;
        slice_ring_release(reading->ring, reading->reader);
    }
}

static void check_every_byte(void (*write)(void *argument))
{
    struct error err = {0};
    struct slice_ring ring;
    struct os_thread writer = {0};
    struct os_thread other = {0};
    slice_ring_open(&ring, 2);
    struct reading first = {.ring = &ring, .reader = 0};
    struct reading second = {.ring = &ring, .reader = 1};
    assert_ok(os_thread_start(&writer, write, &ring, &err));
    assert_ok(os_thread_start(&other, read_all, &second, &err));
    read_all(&first);
    os_thread_join(&other);
    os_thread_join(&writer);
    const struct reading *const both[] = {&first, &second};
    for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
        assert_int_equal(both[i]->total, TOTAL);
        assert_int_equal(both[i]->wrong, 0);
        assert_int_equal(both[i]->last_mark, TOTAL);
        assert_int_equal(both[i]->slices, TOTAL / SLICE_RING_SLOT_SIZE + 1);
    }
    slice_ring_close(&ring);
}

TEST(every_reader_sees_every_byte)
{
    check_every_byte(write_all);
    check_every_byte(write_in_place);
}

/* As long as one reader has not released it, a slice is not written over. */
TEST(the_slowest_reader_holds_the_writer_back)
{
    struct error err = {0};
    struct slice_ring ring;
    struct os_thread writer = {0};
    slice_ring_open(&ring, 2);
    struct reading fast = {.ring = &ring, .reader = 0};
    struct ring_slice slice;
    struct os_thread reader = {0};
    assert_ok(os_thread_start(&writer, write_all, &ring, &err));
    assert_ok(os_thread_start(&reader, read_all, &fast, &err));
    assert_true(slice_ring_get(&ring, 1, &slice));
    /* The slot that is held is the first of the ring; the writer has to stop before its second use.
     */
    os_sleep_ms(30);
    assert_int_equal(slice.data[0], byte_at(0));
    assert_true(fast.total <= SLICE_RING_SLOTS * SLICE_RING_SLOT_SIZE);
    slice_ring_stop(&ring);
    os_thread_join(&reader);
    os_thread_join(&writer);
    slice_ring_close(&ring);
}

TEST(stopping_ends_everybody)
{
    struct error err = {0};
    struct slice_ring ring;
    struct os_thread writer = {0};
    slice_ring_open(&ring, 1);
    assert_ok(os_thread_start(&writer, write_all, &ring, &err)); /* will wait for room */
    struct ring_slice slice;
    assert_true(slice_ring_get(&ring, 0, &slice));
    slice_ring_stop(&ring);
    os_thread_join(&writer);
    assert_false(slice_ring_get(&ring, 0, &slice));
    assert_false(slice_ring_put(&ring, "x", 1, 0));
    unsigned char *room;
    size_t length;
    assert_false(slice_ring_room(&ring, &room, &length));
    slice_ring_close(&ring);
}

TEST(nothing_at_all)
{
    struct slice_ring ring;
    struct ring_slice slice;
    slice_ring_open(&ring, 1);
    assert_true(slice_ring_put(&ring, "", 0, 0));
    slice_ring_end(&ring);
    assert_false(slice_ring_get(&ring, 0, &slice));
    slice_ring_close(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reader_sees_every_byte),
        cmocka_unit_test(the_slowest_reader_holds_the_writer_back),
        cmocka_unit_test(stopping_ends_everybody),
        cmocka_unit_test(nothing_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
