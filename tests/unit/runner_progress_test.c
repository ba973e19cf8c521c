/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "runner/progress_text.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define MB UINT64_C(1000000)

/* ---- rate ---- */

TEST(a_rate_is_that_of_the_last_seconds)
{
    struct rate rate;
    rate_start(&rate, 1000);
    assert_int_equal(rate_per_second(&rate, 1000), 0);
    /* Ten seconds of 1 MB/s, ten of 10 MB/s, then nothing. */
    for (uint64_t t = 1100; t <= 11000; t += 100)
        rate_add(&rate, MB / 10, t);
    uint64_t slow = rate_per_second(&rate, 11000);
    for (uint64_t t = 11100; t <= 21000; t += 100)
        rate_add(&rate, MB, t);
    uint64_t fast = rate_per_second(&rate, 21000);
    assert_in_range(slow, 990000, 1010000);
    assert_in_range(fast, 9900000, 10100000);
    assert_in_range(rate_per_second(&rate, 23500), 4000000, 6000000);
    assert_int_equal(rate_per_second(&rate, 30000), 0);
    assert_int_equal(rate.bytes, 110 * MB);
}

TEST(too_little_time_gives_no_rate)
{
    struct rate never = {0};
    assert_int_equal(rate_per_second(&never, 12345), 0);
    struct rate rate;
    rate_start(&rate, 1000);
    rate_add(&rate, MB, 1050);
    assert_int_equal(rate_per_second(&rate, 1050), 0);
    assert_int_equal(rate_per_second(&rate, 2000), MB);
    assert_int_equal(rate_per_second(&rate, 6050), 0);
    /* A burst after a long silence does not count for the silence. */
    rate_add(&rate, MB, 60000);
    assert_in_range(rate_per_second(&rate, 60500), MB / 60, 2 * MB);
}

/* ---- progress ---- */

static struct progress_item *update(struct progress *progress, enum event_type type,
                                    const char *subject, uint64_t done, uint64_t total,
                                    uint64_t now)
{
    const struct event event = {.type = type, .subject = subject, .done = done, .total = total};
    return progress_update(progress, &event, now);
}

TEST(what_was_there_before_does_not_count)
{
    CLEANUP(progress_clear) struct progress progress = {0};
    update(&progress, EVENT_BLOB_PLANNED, A, 0, 100 * MB, 0);
    update(&progress, EVENT_BLOB_PLANNED, B, 0, 900 * MB, 0);
    assert_false(progress_is_active(&progress));
    update(&progress, EVENT_BLOB_PRESENT, B, 0, 900 * MB, 0);
    update(&progress, EVENT_BLOB_STARTED, A, 90 * MB, 100 * MB, 1000);
    assert_true(progress_is_active(&progress));
    struct progress_sum sum = progress_sum(&progress, PROGRESS_FETCH, 1000);
    assert_int_equal(sum.moved, 0);
    assert_int_equal(sum.per_second, 0);
    assert_int_equal(sum.done, 990 * MB);

    update(&progress, EVENT_BLOB_PROGRESS, A, 92 * MB, 100 * MB, 2000);
    sum = progress_sum(&progress, PROGRESS_FETCH, 2000);
    assert_int_equal(sum.moved, 2 * MB);
    assert_int_equal(sum.per_second, 2 * MB);
    assert_int_equal(sum.items, 2);
    assert_int_equal(sum.finished, 1);
    assert_int_equal(sum.present, 1);
    assert_int_equal(sum.total, 1000 * MB);

    update(&progress, EVENT_BLOB_DONE, A, 0, 100 * MB, 6000);
    sum = progress_sum(&progress, PROGRESS_FETCH, 99999);
    assert_int_equal(sum.moved, 10 * MB);
    assert_int_equal(sum.elapsed_ms, 5000);
    assert_int_equal(sum.finished, 2);
    assert_int_equal(sum.done, 1000 * MB);
    assert_false(progress_is_active(&progress));
}

TEST(what_is_fetched_twice_counts_twice)
{
    CLEANUP(progress_clear) struct progress progress = {0};
    update(&progress, EVENT_BLOB_STARTED, A, 0, 10 * MB, 0);
    update(&progress, EVENT_BLOB_PROGRESS, A, 10 * MB, 10 * MB, 1000);
    update(&progress, EVENT_BLOB_PROGRESS, A, 0, 10 * MB, 1000);
    struct progress_item *item = update(&progress, EVENT_BLOB_PROGRESS, A, 4 * MB, 10 * MB, 2000);
    assert_int_equal(item->done, 4 * MB);
    assert_int_equal(progress_sum(&progress, PROGRESS_FETCH, 2000).moved, 14 * MB);
}

TEST(blobs_and_layers_are_told_apart)
{
    CLEANUP(progress_clear) struct progress progress = {0};
    update(&progress, EVENT_BLOB_WAITING, A, 0, 10 * MB, 0);
    assert_true(progress_is_active(&progress));
    update(&progress, EVENT_BLOB_PRESENT, A, 0, 10 * MB, 500);
    update(&progress, EVENT_LAYER_STARTED, A, 0, 10 * MB, 1000);
    update(&progress, EVENT_LAYER_PROGRESS, A, 5 * MB, 10 * MB, 2000);
    struct progress_item *item = update(&progress, EVENT_LAYER_DONE, A, 0, 0, 3000);
    assert_int_equal(item->done, 10 * MB);
    assert_int_equal(progress.count, 2);
    assert_int_equal(progress_sum(&progress, PROGRESS_UNPACK, 3000).moved, 10 * MB);
    assert_int_equal(progress_sum(&progress, PROGRESS_FETCH, 3000).moved, 0);
    assert_null(update(&progress, EVENT_STEP, NULL, 0, 0, 0));
    assert_null(update(&progress, EVENT_RESOLVED, A, 0, 0, 0));
}

/* ---- text ---- */

TEST(durations_are_written_for_people)
{
    static const struct {
        uint64_t time_ms;
        const char *text;
    } durations[] = {
        {0, "0.0 s"},    {450, "0.4 s"},         {9999, "9.9 s"},          {10000, "10 s"},
        {59999, "59 s"}, {200000, "3 min 20 s"}, {3599999, "59 min 59 s"}, {7500000, "2 h 05 min"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(durations); i++) {
        CLEANUP(str_free) char *text = progress_format_duration(durations[i].time_ms);
        assert_string_equal(text, durations[i].text);
    }
}

TEST(an_item_tells_what_is_known_of_it)
{
    CLEANUP(progress_clear) struct progress progress = {0};
    struct progress_item *item = update(&progress, EVENT_BLOB_STARTED, A, 0, 0, 0);
    CLEANUP(str_free) char *unknown = progress_format_item(item, 0);
    assert_string_equal(unknown, "0 B, 0 B/s");
    item = update(&progress, EVENT_BLOB_PROGRESS, A, 10 * MB, 0, 1000);
    CLEANUP(str_free) char *endless = progress_format_item(item, 1000);
    assert_string_equal(endless, "10.0 MB, 10.0 MB/s");
    item = update(&progress, EVENT_BLOB_PROGRESS, A, 20 * MB, 85 * MB, 2000);
    CLEANUP(str_free) char *known = progress_format_item(item, 2000);
    assert_string_equal(known, "20.0 MB of 85.0 MB (23 %), 10.0 MB/s, 7 s left");
    /* Nothing came for a long time. */
    CLEANUP(str_free) char *stalled = progress_format_item(item, 20000);
    assert_string_equal(stalled, "20.0 MB of 85.0 MB (23 %), 0 B/s");
    /* More than was promised. */
    item = update(&progress, EVENT_BLOB_PROGRESS, A, 90 * MB, 85 * MB, 20000);
    CLEANUP(str_free) char *over = progress_format_item(item, 20000);
    assert_non_null(strstr(over, "90.0 MB of 85.0 MB (100 %)"));
    assert_null(strstr(over, "left"));
}

TEST(the_summary_tells_what_was_transferred)
{
    CLEANUP(progress_clear) struct progress progress = {0};
    assert_null(progress_format_summary(&progress, 0));
    update(&progress, EVENT_BLOB_PRESENT, B, 0, 7 * MB, 0);
    assert_null(progress_format_summary(&progress, 0));
    update(&progress, EVENT_BLOB_STARTED, A, 5 * MB, 10 * MB, 1000);
    assert_null(progress_format_summary(&progress, 1000));
    update(&progress, EVENT_BLOB_DONE, A, 0, 10 * MB, 3500);
    CLEANUP(str_free) char *text = progress_format_summary(&progress, 9999);
    assert_string_equal(text, "1 blob fetched: 5.0 MB in 2.5 s (2.0 MB/s), 1 present");
}

/* ---- the screen ---- */

static char *screen(const struct progress *progress, unsigned columns, unsigned rows)
{
    CLEANUP(strlist_clear) struct strlist lines = {0};
    progress_compose_screen(progress, 2000, columns, rows, &lines);
    return strlist_join(&lines, "\n");
}

static void two_blobs_and_a_layer(struct progress *progress)
{
    update(progress, EVENT_BLOB_PLANNED, A, 0, 100 * MB, 0);
    update(progress, EVENT_BLOB_STARTED, A, 0, 100 * MB, 1000);
    update(progress, EVENT_BLOB_WAITING, B, 0, 50 * MB, 1000);
    update(progress, EVENT_LAYER_STARTED, "sha256:cc", 0, 8 * MB, 1000);
    update(progress, EVENT_BLOB_PROGRESS, A, 30 * MB, 100 * MB, 2000);
    update(progress, EVENT_LAYER_PROGRESS, "sha256:cc", 4 * MB, 8 * MB, 2000);
}

TEST(the_screen_has_a_line_for_each_and_one_for_all)
{
    CLEANUP(progress_clear) struct progress progress = {0};
    CLEANUP(str_free) char *empty = screen(&progress, 100, 25);
    assert_string_equal(empty, "");
    two_blobs_and_a_layer(&progress);
    CLEANUP(str_free) char *text = screen(&progress, 120, 25);
    assert_string_equal(
        text,
        "aaaaaaaaaaaa pull   [######..............] 30.0 MB of 100.0 MB (30 %), 30.0 MB/s, 3 s "
        "left\n"
        "bbbbbbbbbbbb pull   another wrun is fetching it; waiting\n"
        "cc           unpack [##########..........] 4.0 MB of 8.0 MB (50 %), 4.0 MB/s, 1 s left\n"
        "pull 0/2, 30.0 MB of 150.0 MB, 30.0 MB/s, 4 s left; "
        "unpack 0/1, 4.0 MB of 8.0 MB, 4.0 MB/s, 1 s left");
    CLEANUP(str_free) char *line = progress_compose_line(&progress, 2000, 50);
    assert_string_equal(line, "pull [####................] 0/2, 30.0 MB of 150.0");
}

TEST(the_screen_keeps_within_the_terminal)
{
    CLEANUP(progress_clear) struct progress progress = {0};
    two_blobs_and_a_layer(&progress);
    for (unsigned rows = 0; rows < 30; rows++) {
        for (unsigned columns = 0; columns < 130; columns++) {
            CLEANUP(strlist_clear) struct strlist lines = {0};
            progress_compose_screen(&progress, 2000, columns, rows, &lines);
            assert_in_range(lines.count, 1, rows > 1 ? rows - 1 : 1);
            for (size_t i = 0; i < lines.count; i++)
                assert_in_range(strlen(lines.items[i]), 1, columns > 1 ? columns - 1 : 1);
        }
    }
    CLEANUP(str_free) char *three = screen(&progress, 20, 4);
    assert_string_equal(three, "aaaaaaaaaaaa pull  \nand 2 more\npull 0/2, 30.0 MB o");
    CLEANUP(str_free) char *two = screen(&progress, 20, 3);
    assert_string_equal(two, "and 3 more\npull 0/2, 30.0 MB o");
    CLEANUP(str_free) char *one = screen(&progress, 20, 2);
    assert_string_equal(one, "pull 0/2, 30.0 MB o");

    /* Hundreds of layers do not fill a tall terminal. */
    for (unsigned i = 0; i < 300; i++) {
        CLEANUP(str_free) char *subject = str_format("sha256:%u", i);
        update(&progress, EVENT_BLOB_STARTED, subject, 0, MB, 1000);
    }
    CLEANUP(strlist_clear) struct strlist lines = {0};
    progress_compose_screen(&progress, 2000, 80, 200, &lines);
    assert_int_equal(lines.count, 16);
    assert_string_equal(lines.items[14], "and 289 more");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_is_that_of_the_last_seconds),
        cmocka_unit_test(too_little_time_gives_no_rate),
        cmocka_unit_test(what_was_there_before_does_not_count),
        cmocka_unit_test(what_is_fetched_twice_counts_twice),
        cmocka_unit_test(blobs_and_layers_are_told_apart),
        cmocka_unit_test(durations_are_written_for_people),
        cmocka_unit_test(an_item_tells_what_is_known_of_it),
        cmocka_unit_test(the_summary_tells_what_was_transferred),
        cmocka_unit_test(the_screen_has_a_line_for_each_and_one_for_all),
        cmocka_unit_test(the_screen_keeps_within_the_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
