/* SPDX-License-Identifier: MIT */
#include "base/os.h"
#include "base/text.h"
#include "check.h"

TEST(the_clock_follows_sleep)
{
    uint64_t start = os_monotonic_ms();
    uint64_t start_ns = os_monotonic_ns();
    os_sleep_ms(60);
    uint64_t slept = os_monotonic_ms() - start;
    uint64_t slept_ns = os_monotonic_ns() - start_ns;
    /* Windows' clock and sleep move in ticks of up to 16 ms. */
    assert_in_range(slept, 50 - 16, 5000);
    assert_in_range(slept_ns, (uint64_t)(50 - 16) * 1000000, (uint64_t)5000 * 1000000);
}

TEST(timestamps_are_rfc_3339_in_utc)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
    char text[32];
    os_timestamp(text);
    assert_int_equal(strlen(text), strlen(shape));
    for (size_t i = 0; shape[i]; i++)
        if (shape[i] == 'd' ? !char_is_digit(text[i]) : text[i] != shape[i])
            fail_msg("'%s' is not a timestamp", text);
    assert_true(strcmp(text, "2026") > 0);
}

TEST(random_bytes_fill_the_whole_buffer)
{
    enum { SIZE = 100000 };
    struct error err = {0};
    CLEANUP(mem_free) unsigned char *bytes = xcalloc(SIZE, 1);
    assert_ok(os_random(bytes, SIZE, &err));
    assert_ok(os_random(bytes, 0, &err));
    unsigned counts[256] = {0};
    for (size_t i = 0; i < SIZE; i++)
        counts[bytes[i]]++;
    /* About 390 of each; a hole in the buffer would show as many zeros. */
    for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
        assert_in_range(counts[i], 200, 600);
}

TEST(the_environment_is_read_as_a_copy)
{
    CLEANUP(str_free) char *path = os_getenv("PATH");
    assert_non_null(path);
    assert_true(*path);
    assert_null(os_getenv("WRUN_NO_SUCH_VARIABLE"));
}

TEST(the_machine_is_known)
{
    assert_true(os_process_id() != 0);
    assert_true(os_processor_count() >= 1);
}

static void set_flag(void *argument)
{
    os_sleep_ms(30);
    *(int *)argument = 7;
}

TEST(join_waits_for_the_thread)
{
    struct error err = {0};
    struct os_thread thread = {0};
    int flag = 0;
    assert_ok(os_thread_start(&thread, set_flag, &flag, &err));
    assert_true(thread.handle != 0);
    os_thread_join(&thread);
    assert_int_equal(flag, 7);
    assert_true(thread.handle == 0);
    os_thread_join(&thread);
}

struct exchange {
    struct os_semaphore empty;
    struct os_semaphore filled;
    int value;
};

static void give_numbers(void *argument)
{
    struct exchange *exchange = argument;
    for (int i = 1; i <= 1000; i++) {
        os_semaphore_wait(&exchange->empty);
        exchange->value = i;
        os_semaphore_post(&exchange->filled);
    }
}

TEST(semaphores_order_two_threads)
{
    struct error err = {0};
    struct exchange exchange = {.value = 0};
    struct os_thread thread = {0};
    assert_ok(os_semaphore_open(&exchange.empty, 1, &err));
    assert_ok(os_semaphore_open(&exchange.filled, 0, &err));
    assert_ok(os_thread_start(&thread, give_numbers, &exchange, &err));
    for (int i = 1; i <= 1000; i++) {
        os_semaphore_wait(&exchange.filled);
        assert_int_equal(exchange.value, i);
        os_semaphore_post(&exchange.empty);
    }
    os_thread_join(&thread);
    os_semaphore_close(&exchange.empty);
    os_semaphore_close(&exchange.filled);
    os_semaphore_close(&exchange.filled);
    assert_int_equal(exchange.filled.handle, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_follows_sleep),
        cmocka_unit_test(timestamps_are_rfc_3339_in_utc),
        cmocka_unit_test(random_bytes_fill_the_whole_buffer),
        cmocka_unit_test(the_environment_is_read_as_a_copy),
        cmocka_unit_test(the_machine_is_known),
        cmocka_unit_test(join_waits_for_the_thread),
        cmocka_unit_test(semaphores_order_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
