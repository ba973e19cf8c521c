/* SPDX-License-Identifier: MIT */
#include "base/monitor.h"
#include "check.h"
#include "runner/ordered_work.h"

#define PIECES 40

/* What the pieces saw of each other. */
struct record {
    struct monitor monitor;
    size_t begun;
    size_t working;
    size_t most;
    size_t finished[PIECES]; /* in the order in which they were */
    size_t finished_count;
    size_t failing; /* the piece that fails, or the number of pieces */
    bool ended[PIECES];
    size_t stops;
    bool stopped;
    bool rendezvous; /* two pieces must be at work at once to get on */
};

static void enter(struct record *record)
{
    monitor_enter(&record->monitor);
    record->begun++;
    record->working++;
    if (record->working > record->most)
        record->most = record->working;
    monitor_notify(&record->monitor);
    while (record->rendezvous && record->most < 2 && !record->stopped)
        monitor_wait(&record->monitor, 60000);
    monitor_leave(&record->monitor);
}

static void leave(struct record *record, size_t index, bool done)
{
    monitor_enter(&record->monitor);
    record->working--;
    record->ended[index] = true;
    if (done)
        record->finished[record->finished_count++] = index;
    monitor_leave(&record->monitor);
}

static bool do_piece(void *user, struct ordered_work *work, size_t index, struct error *err)
{
    struct record *record = user;
    enter(record);
    bool done = index != record->failing || error_set(err, ERR_INTEGRITY, "piece %zu", index);
    done = done && ordered_work_await(work, index, err);
    leave(record, index, done);
    return done;
}

static void stop(void *user, const struct error *reason)
{
    struct record *record = user;
    monitor_enter(&record->monitor);
    record->stops += reason->kind == ERR_INTEGRITY;
    record->stopped = true;
    monitor_notify(&record->monitor);
    monitor_leave(&record->monitor);
}

static bool run(struct record *record, unsigned at_once, struct error *err)
{
    const struct ordered_work_plan plan = {
        .count = PIECES, .at_once = at_once, .work = do_piece, .stop = stop, .user = record};
    record->monitor = monitor_open();
    bool done = ordered_work_run(&plan, err);
    assert_int_equal(record->working, 0);
    monitor_close(&record->monitor);
    return done;
}

TEST(pieces_end_in_their_order)
{
    static const unsigned at_once[] = {0, 1, 2, 3, 8, 2 * PIECES};
    for (size_t i = 0; i < ARRAY_SIZE(at_once); i++) {
        struct error err = {0};
        struct record record = {.failing = PIECES};
        assert_ok(run(&record, at_once[i], &err));
        assert_int_equal(record.finished_count, PIECES);
        for (size_t piece = 0; piece < PIECES; piece++)
            assert_int_equal(record.finished[piece], piece);
        assert_int_equal(record.stops, 0);
        assert_in_range(record.most, 1, at_once[i] ? at_once[i] : 1);
    }
}

TEST(several_are_at_work_at_once)
{
    struct error err = {0};
    struct record record = {.failing = PIECES, .rendezvous = true};
    assert_ok(run(&record, 2, &err));
    assert_int_equal(record.most, 2);
}

TEST(the_first_failure_stops_the_rest)
{
    static const unsigned at_once[] = {1, 2, 8};
    static const size_t failing[] = {0, 1, 17, PIECES - 1};
    for (size_t i = 0; i < ARRAY_SIZE(at_once) * ARRAY_SIZE(failing); i++) {
        struct error err = {0};
        unsigned threads = at_once[i % ARRAY_SIZE(at_once)];
        struct record record = {.failing = failing[i / ARRAY_SIZE(at_once)]};
        assert_fails(run(&record, threads, &err), ERR_INTEGRITY, "piece ");
        assert_int_equal(record.stops, threads > 1);
        assert_in_range(record.begun, record.failing + 1, record.failing + threads);
        assert_true(record.finished_count <= record.failing);
        for (size_t piece = 0; piece < record.begun; piece++)
            assert_true(record.ended[piece]);
    }
}

TEST(no_work_is_done_at_once)
{
    struct error err = {0};
    const struct ordered_work_plan plan = {.at_once = 4, .work = do_piece, .stop = stop};
    assert_ok(ordered_work_run(&plan, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_end_in_their_order),
        cmocka_unit_test(several_are_at_work_at_once),
        cmocka_unit_test(the_first_failure_stops_the_rest),
        cmocka_unit_test(no_work_is_done_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
