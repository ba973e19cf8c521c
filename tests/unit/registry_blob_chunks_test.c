/* SPDX-License-Identifier: MIT */
/* byte_ranges, blob_chunks, ingest_map, blob_answer: what decides which bytes come next. */
#include "base/digest.h"
#include "check.h"
#include "registry/blob_answer.h"
#include "registry/blob_chunks.h"
#include "registry/ingest_map.h"

static struct byte_ranges make(const struct byte_range *ranges, size_t count)
{
    struct byte_ranges made = {0};
    for (size_t i = 0; i < count; i++)
        byte_ranges_add(&made, ranges[i]);
    return made;
}

static char *show(const struct byte_ranges *ranges)
{
    struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    buf_add_str(&text, "");
    for (size_t i = 0; i < ranges->count; i++)
        buf_addf(&text, "%s%u-%u", i ? " " : "", (unsigned)ranges->items[i].first,
                 (unsigned)ranges->items[i].end);
    char *shown = xstrdup(buf_str(&text));
    buf_clear(&text);
    return shown;
}

TEST(ranges_that_overlap_or_touch_become_one)
{
    static const struct {
        struct byte_range added[4];
        const char *expected;
        uint64_t prefix;
        uint64_t total;
    } rows[] = {
        {{{0, 0}}, "", 0, 0},
        {{{5, 5}, {7, 6}}, "", 0, 0},
        {{{0, 10}}, "0-10", 10, 10},
        {{{5, 10}}, "5-10", 0, 5},
        {{{20, 30}, {0, 10}}, "0-10 20-30", 10, 20},
        {{{0, 10}, {10, 20}}, "0-20", 20, 20},
        {{{10, 20}, {0, 10}}, "0-20", 20, 20},
        {{{0, 10}, {20, 30}, {10, 20}}, "0-30", 30, 30},
        {{{0, 10}, {20, 30}, {40, 50}, {5, 45}}, "0-50", 50, 50},
        {{{0, 10}, {20, 30}, {40, 50}, {12, 18}}, "0-10 12-18 20-30 40-50", 10, 36},
        {{{10, 20}, {12, 15}}, "10-20", 0, 10},
        {{{12, 15}, {10, 20}}, "10-20", 0, 10},
        {{{10, 20}, {0, 5}, {30, 40}, {35, 60}}, "0-5 10-20 30-60", 5, 45},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(byte_ranges_clear) struct byte_ranges ranges = make(rows[i].added, 4);
        CLEANUP(str_free) char *shown = show(&ranges);
        assert_string_equal(shown, rows[i].expected);
        assert_int_equal(byte_ranges_prefix(&ranges), rows[i].prefix);
        assert_int_equal(byte_ranges_total(&ranges), rows[i].total);
    }
}

TEST(the_lowest_missing_bytes_come_next)
{
    static const struct {
        struct byte_range done[3];
        struct byte_range under_way[3];
        uint64_t size;
        uint64_t ahead;
        struct byte_range next; /* {0, 0} = none */
    } rows[] = {
        {{{0, 0}}, {{0, 0}}, 100, 0, {0, 10}},
        {{{0, 0}}, {{0, 0}}, 7, 0, {0, 7}},
        {{{0, 0}}, {{0, 10}}, 100, 0, {10, 20}},
        {{{0, 0}}, {{0, 10}, {10, 20}}, 15, 0, {0, 0}},
        /* To the next multiple of the piece, and not over what is there. */
        {{{0, 13}}, {{0, 0}}, 100, 0, {13, 20}},
        {{{0, 13}, {17, 20}}, {{0, 0}}, 100, 0, {13, 17}},
        {{{0, 10}, {20, 30}}, {{10, 20}}, 100, 0, {30, 40}},
        {{{20, 30}}, {{0, 0}}, 100, 0, {0, 10}},
        {{{20, 30}}, {{0, 10}, {10, 20}}, 35, 0, {30, 35}},
        /* What a connection has got already is done; the rest is its own. */
        {{{0, 4}}, {{4, 10}}, 100, 0, {10, 20}},
        {{{0, 100}}, {{0, 0}}, 100, 0, {0, 0}},
        {{{0, 100}, {10, 20}}, {{30, 40}}, 100, 0, {0, 0}},
        /* Not too far ahead of the first missing byte. */
        {{{0, 10}, {20, 30}}, {{10, 20}}, 100, 20, {0, 0}},
        {{{0, 10}, {20, 30}}, {{10, 20}}, 100, 21, {30, 40}},
        {{{0, 0}}, {{0, 10}}, 100, 10, {0, 0}},
        {{{0, 0}}, {{0, 10}}, 100, 11, {10, 20}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(byte_ranges_clear) struct byte_ranges done = make(rows[i].done, 3);
        const struct blob_chunks chunks = {
            .done = &done,
            .under_way = rows[i].under_way,
            .under_way_count = 3,
            .size = rows[i].size,
            .piece = 10,
            .ahead = rows[i].ahead,
        };
        struct byte_range next = {0};
        bool any = blob_chunks_next(&chunks, &next);
        if (any != (rows[i].next.end > 0) || next.first != rows[i].next.first
            || next.end != rows[i].next.end)
            fail_msg("row %zu: %d %u-%u", i, any, (unsigned)next.first, (unsigned)next.end);
    }
}

/* Connections of different speed, some of which break: in the end every byte came once. */
TEST(every_byte_is_asked_for_once)
{
    enum { SIZE = 1003, SLOTS = 5, PIECE = 64 };
    unsigned times[SIZE] = {0};
    struct byte_range slots[SLOTS] = {{0}};
    CLEANUP(byte_ranges_clear) struct byte_ranges done = {0};
    unsigned dice = 1;
    while (byte_ranges_total(&done) < SIZE) {
        dice = dice * 1103515245u + 12345u;
        struct byte_range *slot = &slots[(dice >> 16) % SLOTS];
        if (slot->first == slot->end) {
            const struct blob_chunks chunks = {.done = &done,
                                               .under_way = slots,
                                               .under_way_count = SLOTS,
                                               .size = SIZE,
                                               .piece = PIECE};
            if (!blob_chunks_next(&chunks, slot))
                *slot = (struct byte_range){0};
            continue;
        }
        uint64_t end = slot->first + 1 + (dice >> 20) % 40;
        end = end < slot->end ? end : slot->end;
        for (uint64_t at = slot->first; at < end; at++)
            times[at]++;
        byte_ranges_add(&done, (struct byte_range){slot->first, end});
        slot->first = end;
        if ((dice >> 24) % 11 == 0)
            *slot = (struct byte_range){0};
    }
    for (size_t i = 0; i < SIZE; i++)
        assert_int_equal(times[i], 1);
}

/* ---- the map ---- */

static void assert_map(const char *text, uint64_t size, const char *expected)
{
    CLEANUP(byte_ranges_clear) struct byte_ranges found = {0};
    bool parsed = ingest_map_parse(text, strlen(text), size, &found);
    CLEANUP(str_free) char *shown = show(&found);
    assert_true(parsed == (expected != NULL));
    if (expected)
        assert_string_equal(shown, expected);
}

TEST(a_map_says_what_was_written)
{
    static const struct byte_range items[] = {{0, 10}, {20, 30}, {99, 100}};
    CLEANUP(byte_ranges_clear) struct byte_ranges done = make(items, 3);
    CLEANUP(str_free) char *text = ingest_map_compose(100, &done);
    assert_map(text, 100, "0-10 20-30 99-100");
    assert_map(text, 101, NULL);
    /* It was written over a longer one. */
    CLEANUP(str_free) char *longer = str_format("%sdone 40 50\nhash sha256:12", text);
    assert_map(longer, 100, "0-10 20-30 99-100");
    /* Every byte of it counts. */
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        text[i] ^= 1;
        CLEANUP(byte_ranges_clear) struct byte_ranges found = {0};
        assert_false(ingest_map_parse(text, length, 100, &found));
        text[i] ^= 1;
        assert_false(ingest_map_parse(text, i, 100, &found));
    }
}

/* A map with a right hash. */
static char *sign(const char *lines)
{
    struct digest hash = digest_of(lines, strlen(lines));
    return str_format("%shash %s\n", lines, hash.text);
}

TEST(a_map_that_makes_no_sense_is_none)
{
    static const struct {
        const char *lines;
        const char *expected;
    } rows[] = {
        {"wrun part 1\nsize 100\n", ""},
        {"wrun part 1\nsize 100\ndone 0 100\n", "0-100"},
        {"wrun part 2\nsize 100\ndone 0 100\n", NULL},
        {"wrun part 1\ndone 0 100\n", NULL},
        {"wrun part 1\nsize 100\ndone 0 101\n", NULL},
        {"wrun part 1\nsize 100\ndone 5 5\n", NULL},
        {"wrun part 1\nsize 100\ndone 6 5\n", NULL},
        {"wrun part 1\nsize 100\ndone 20 30\ndone 0 10\n", NULL},
        {"wrun part 1\nsize 100\ndone 0 10\ndone 5 20\n", NULL},
        {"wrun part 1\nsize 100\ndone 0 10\ndone 10 20\n", NULL},
        {"wrun part 1\nsize 100\ndone 0 18446744073709551616\n", NULL},
        {"wrun part 1\nsize 100\ndone -1 10\n", NULL},
        {"wrun part 1\nsize 100\ndone 0 10", NULL},
        {"wrun part 1\nsize 100\nmade 0 10\n", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_free) char *text = sign(rows[i].lines);
        assert_map(text, 100, rows[i].expected);
    }
}

TEST(a_map_has_its_limits)
{
    CLEANUP(byte_ranges_clear) struct byte_ranges done = {0};
    for (uint64_t i = 0; i < 3 * INGEST_MAP_RANGES; i++)
        byte_ranges_add(&done,
                        (struct byte_range){UINT64_MAX / 2 + 10 * i, UINT64_MAX / 2 + 10 * i + 5});
    CLEANUP(str_free) char *text = ingest_map_compose(UINT64_MAX, &done);
    CLEANUP(byte_ranges_clear) struct byte_ranges found = {0};
    assert_true(strlen(text) <= INGEST_MAP_MAXIMUM);
    assert_true(ingest_map_parse(text, strlen(text), UINT64_MAX, &found));
    /* What does not fit is fetched again. */
    assert_int_equal(found.count, INGEST_MAP_RANGES);
    assert_memory_equal(found.items, done.items, sizeof(*done.items) * INGEST_MAP_RANGES);
}

/* ---- answers ---- */

#define WHOLE                                                                                      \
    {                                                                                              \
        0, 0                                                                                       \
    }

TEST(answers_are_taken_only_for_what_was_asked)
{
    static const struct {
        struct http_range asked;
        struct http_response response;
        enum blob_answer expected;
    } rows[] = {
        {WHOLE, {.status = 200, .length_known = true, .length = 100}, BLOB_ANSWER_WHOLE},
        {WHOLE, {.status = 200}, BLOB_ANSWER_WHOLE},
        {WHOLE, {.status = 200, .length_known = true, .length = 99}, BLOB_ANSWER_WRONG_SIZE},
        {WHOLE, {.status = 200, .length_known = true, .length = 101}, BLOB_ANSWER_WRONG_SIZE},
        {WHOLE, {.status = 200, .length_known = true, .length = 0}, BLOB_ANSWER_WRONG_SIZE},
        {WHOLE, {.status = 206, .content_range = {true, 0, 99, true, 100}}, BLOB_ANSWER_PART},
        {WHOLE, {.status = 206, .content_range = {true, 0, 50, true, 100}}, BLOB_ANSWER_PART},
        {WHOLE, {.status = 206, .content_range = {true, 1, 99, true, 100}}, BLOB_ANSWER_USELESS},
        {WHOLE, {.status = 206}, BLOB_ANSWER_USELESS},
        {{10, 20}, {.status = 206, .content_range = {true, 10, 29, true, 100}}, BLOB_ANSWER_PART},
        {{10, 20}, {.status = 206, .content_range = {true, 10, 29, false, 0}}, BLOB_ANSWER_PART},
        {{10, 20}, {.status = 206, .content_range = {true, 10, 10, true, 100}}, BLOB_ANSWER_PART},
        {{10, 20},
         {.status = 206, .content_range = {true, 10, 30, true, 100}},
         BLOB_ANSWER_USELESS},
        {{10, 20}, {.status = 206, .content_range = {true, 9, 29, true, 100}}, BLOB_ANSWER_USELESS},
        {{10, 20}, {.status = 206, .content_range = {true, 0, 29, true, 100}}, BLOB_ANSWER_USELESS},
        {{10, 20}, {.status = 206, .content_range = {true, 10, 29, true, 99}}, BLOB_ANSWER_USELESS},
        {{10, 20},
         {.status = 206, .content_range = {true, 10, 29, true, 101}},
         BLOB_ANSWER_USELESS},
        {{10, 20}, {.status = 206}, BLOB_ANSWER_USELESS},
        {{10, 20}, {.status = 200, .length_known = true, .length = 100}, BLOB_ANSWER_WHOLE},
        {{10, 20}, {.status = 200}, BLOB_ANSWER_WHOLE},
        {{10, 20}, {.status = 200, .length_known = true, .length = 20}, BLOB_ANSWER_WRONG_SIZE},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (blob_answer_judge(&rows[i].response, &rows[i].asked, 100) != rows[i].expected)
            fail_msg("row %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_that_overlap_or_touch_become_one),
        cmocka_unit_test(the_lowest_missing_bytes_come_next),
        cmocka_unit_test(every_byte_is_asked_for_once),
        cmocka_unit_test(a_map_says_what_was_written),
        cmocka_unit_test(a_map_that_makes_no_sense_is_none),
        cmocka_unit_test(a_map_has_its_limits),
        cmocka_unit_test(answers_are_taken_only_for_what_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
