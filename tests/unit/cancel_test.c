/* SPDX-License-Identifier: MIT */
#include "base/cancel.h"
#include "base/os.h"
#include "check.h"

#ifndef _WIN32
#include <errno.h>
#include <poll.h>
#endif

TEST(a_fresh_flag_lets_everything_pass)
{
    struct error err = {0};
    struct cancel cancel = {0};
    assert_ok(cancel_open(&cancel, &err));
    assert_true(cancel.wakeup != 0);
    assert_false(cancel_is_requested(&cancel));
    assert_ok(cancel_check(&cancel, &err));
    cancel_close(&cancel);
    assert_true(cancel.wakeup == 0);
    cancel_close(&cancel);
}

TEST(nobody_to_ask_means_go_on)
{
    struct error err = {0};
    assert_false(cancel_is_requested(NULL));
    assert_ok(cancel_check(NULL, &err));
}

TEST(a_request_is_seen_and_counted)
{
    struct error err = {0};
    CLEANUP(cancel_close) struct cancel cancel = {0};
    assert_ok(cancel_open(&cancel, &err));
    cancel_request(&cancel);
    assert_true(cancel_is_requested(&cancel));
    assert_fails(cancel_check(&cancel, &err), ERR_CANCELLED, "interrupted");
    cancel_request(&cancel);
    assert_int_equal(cancel.requested, 2);
}

TEST(a_flag_without_a_wake_up_object_works)
{
    struct error err = {0};
    struct cancel cancel = {0};
    cancel_request(&cancel);
    assert_fails(cancel_check(&cancel, &err), ERR_CANCELLED, "interrupted");
}

static void request_often(void *argument)
{
    for (int i = 0; i < 10000; i++)
        cancel_request(argument);
}

TEST(a_part_stops_with_the_whole_but_not_the_other_way_round)
{
    struct error err = {0};
    struct cancel whole = {0};
    struct cancel part = {.parent = &whole};
    cancel_request(&part);
    assert_fails(cancel_check(&part, &err), ERR_CANCELLED, "interrupted");
    assert_ok(cancel_check(&whole, &err));

    part = (struct cancel){.parent = &whole};
    assert_ok(cancel_check(&part, &err));
    cancel_request(&whole);
    assert_fails(cancel_check(&part, &err), ERR_CANCELLED, "interrupted");
}

TEST(requests_from_several_threads_all_count)
{
    struct error err = {0};
    struct cancel cancel = {0};
    struct os_thread threads[2] = {{0}};
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        assert_ok(os_thread_start(&threads[i], request_often, &cancel, &err));
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        os_thread_join(&threads[i]);
    assert_int_equal(cancel.requested, 20000);
}

TEST(a_request_ends_a_pause)
{
    struct error err = {0};
    CLEANUP(cancel_close) struct cancel cancel = {0};
    assert_ok(cancel_open(&cancel, &err));
    cancel_request(&cancel);
    uint64_t before = os_monotonic_ms();
    cancel_pause(&cancel, 60000);
    assert_true(os_monotonic_ms() - before < 30000);
}

TEST(a_pause_without_a_request_takes_its_time)
{
    struct error err = {0};
    CLEANUP(cancel_close) struct cancel cancel = {0};
    assert_ok(cancel_open(&cancel, &err));
    const struct cancel *const all[] = {NULL, &cancel};
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        uint64_t before = os_monotonic_ms();
        cancel_pause(all[i], 50);
        /* Windows' clock moves in ticks of 16 ms. */
        assert_true(os_monotonic_ms() - before >= 30);
    }
}

#ifndef _WIN32

static struct cancel signalled;

static void on_signal(int number)
{
    (void)number;
    cancel_request(&signalled);
}

static bool is_readable(intptr_t descriptor)
{
    struct pollfd wait = {.fd = (int)descriptor, .events = POLLIN};
    return poll(&wait, 1, 0) == 1 && (wait.revents & POLLIN);
}

TEST(a_signal_handler_wakes_the_waits)
{
    struct error err = {0};
    assert_ok(cancel_open(&signalled, &err));
    assert_false(is_readable(signalled.wakeup));
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction old;
    assert_int_equal(sigaction(SIGUSR1, &action, &old), 0);
    errno = EDOM;
    raise(SIGUSR1);
    assert_int_equal(errno, EDOM);
    sigaction(SIGUSR1, &old, NULL);
    assert_true(is_readable(signalled.wakeup));
    /* Nobody consumes it: every wait sees it, also the later ones. */
    assert_true(is_readable(signalled.wakeup));
    cancel_close(&signalled);
}

TEST(closed_standard_streams_are_not_taken_over)
{
    struct error err = {0};
    CLEANUP(cancel_close) struct cancel cancel = {0};
    int saved = dup(STDIN_FILENO);
    assert_true(saved >= 0);
    close(STDIN_FILENO);
    assert_ok(cancel_open(&cancel, &err));
    assert_true(cancel.wakeup > STDERR_FILENO);
    dup2(saved, STDIN_FILENO);
    close(saved);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_flag_lets_everything_pass),
        cmocka_unit_test(nobody_to_ask_means_go_on),
        cmocka_unit_test(a_request_is_seen_and_counted),
        cmocka_unit_test(a_flag_without_a_wake_up_object_works),
        cmocka_unit_test(a_part_stops_with_the_whole_but_not_the_other_way_round),
        cmocka_unit_test(requests_from_several_threads_all_count),
        cmocka_unit_test(a_request_ends_a_pause),
        cmocka_unit_test(a_pause_without_a_request_takes_its_time),
#ifndef _WIN32
        cmocka_unit_test(a_signal_handler_wakes_the_waits),
        cmocka_unit_test(closed_standard_streams_are_not_taken_over),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
