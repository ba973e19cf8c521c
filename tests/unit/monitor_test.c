/* SPDX-License-Identifier: MIT */
#include "base/monitor.h"

#include "base/os.h"
#include "check.h"

#define ROUNDS 2000
#define FEEDERS 3

struct shared {
    struct monitor monitor;
    unsigned filled;
    unsigned taken;
};

static void feed(void *argument)
{
    struct shared *shared = argument;
    for (unsigned i = 0; i < ROUNDS; i++) {
        monitor_enter(&shared->monitor);
        shared->filled++;
        monitor_notify(&shared->monitor);
        monitor_leave(&shared->monitor);
    }
}

static void test_nothing_is_lost_between_threads(void **state)
{
    (void)state;
    struct shared shared = {.monitor = monitor_open()};
    struct os_thread threads[FEEDERS];
    struct error err = {0};
    for (size_t i = 0; i < FEEDERS; i++)
        assert_true(os_thread_start(&threads[i], feed, &shared, &err));
    monitor_enter(&shared.monitor);
    while (shared.taken < FEEDERS * ROUNDS) {
        while (shared.filled == 0)
            monitor_wait(&shared.monitor, 10000);
        shared.taken += shared.filled;
        shared.filled = 0;
    }
    monitor_leave(&shared.monitor);
    for (size_t i = 0; i < FEEDERS; i++)
        os_thread_join(&threads[i]);
    assert_int_equal(shared.taken, FEEDERS * ROUNDS);
    assert_int_equal(shared.filled, 0);
    monitor_close(&shared.monitor);
    assert_int_equal(shared.monitor.handle, 0);
}

static void test_a_wait_ends_by_itself(void **state)
{
    (void)state;
    struct monitor monitor = monitor_open();
    monitor_enter(&monitor);
    monitor_wait(&monitor, 1);
    monitor_leave(&monitor);
    monitor_close(&monitor);
}

static void test_closing_what_is_closed(void **state)
{
    (void)state;
    struct monitor monitor = {0};
    monitor_close(&monitor);
    assert_int_equal(monitor.handle, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_lost_between_threads),
        cmocka_unit_test(test_a_wait_ends_by_itself),
        cmocka_unit_test(test_closing_what_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
