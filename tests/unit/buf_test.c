/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "check.h"

TEST(an_empty_buffer_is_empty_text)
{
    CLEANUP(buf_clear) struct buf buf;
    buf_init(&buf, 10);
    assert_null(buf.data);
    assert_int_equal(buf.length, 0);
    assert_string_equal(buf_str(&buf), "");
    CLEANUP(str_free) char *taken = buf_take_str(&buf);
    assert_string_equal(taken, "");
}

TEST(appending_stops_exactly_at_the_maximum)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf buf;
    buf_init(&buf, 5);
    assert_ok(buf_append(&buf, "abc", 3, &err));
    assert_fails(buf_append(&buf, "def", 3, &err), ERR_INTEGRITY, "limit of 5 bytes");
    assert_string_equal(buf_str(&buf), "abc");
    assert_int_equal(buf.length, 3);
    assert_ok(buf_append(&buf, "de", 2, &err));
    assert_ok(buf_append(&buf, "", 0, &err));
    assert_string_equal(buf_str(&buf), "abcde");
    assert_fails(buf_append(&buf, "f", 1, &err), ERR_INTEGRITY, "limit of 5 bytes");
    assert_fails(buf_append(&buf, "f", SIZE_MAX, &err), ERR_INTEGRITY, "limit of 5 bytes");
}

TEST(a_buffer_without_init_takes_nothing)
{
    struct error err = {0};
    struct buf buf = {0};
    assert_fails(buf_append(&buf, "x", 1, &err), ERR_INTEGRITY, "limit of 0 bytes");
    assert_ok(buf_append(&buf, NULL, 0, &err));
    buf_clear(&buf);
}

TEST(bytes_may_be_nul)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf buf;
    buf_init(&buf, 100);
    assert_ok(buf_append(&buf, "a\0b", 3, &err));
    assert_int_equal(buf.length, 3);
    assert_memory_equal(buf.data, "a\0b", 4);
}

TEST(growth_keeps_every_byte)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf buf;
    buf_init(&buf, 100000);
    for (unsigned i = 0; i < 100000; i++)
        assert_ok(buf_append(&buf, &(unsigned char){(unsigned char)(i % 251)}, 1, &err));
    assert_int_equal(buf.length, 100000);
    assert_int_equal(buf.data[100000], 0);
    for (unsigned i = 0; i < 100000; i++)
        if (buf.data[i] != i % 251)
            fail_msg("byte %u is wrong", i);
}

TEST(own_text_is_added_and_formatted)
{
    CLEANUP(buf_clear) struct buf buf;
    buf_init(&buf, BUF_UNBOUNDED);
    buf_add_str(&buf, "a");
    buf_addf(&buf, "-%d-%s", 7, "x");
    buf_add(&buf, "zzz", 2);
    assert_string_equal(buf_str(&buf), "a-7-xzz");
}

TEST(reset_keeps_memory_and_clear_frees_it)
{
    struct error err = {0};
    struct buf buf;
    buf_init(&buf, 8);
    assert_ok(buf_append(&buf, "12345678", 8, &err));
    size_t capacity = buf.capacity;
    buf_reset(&buf);
    assert_string_equal(buf_str(&buf), "");
    assert_int_equal(buf.capacity, capacity);
    assert_ok(buf_append(&buf, "87654321", 8, &err));
    buf_clear(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.maximum, 0);
    buf_clear(&buf);
}

TEST(taking_the_text_leaves_a_usable_buffer)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf buf;
    buf_init(&buf, 4);
    assert_ok(buf_append(&buf, "abcd", 4, &err));
    CLEANUP(str_free) char *first = buf_take_str(&buf);
    assert_string_equal(first, "abcd");
    assert_int_equal(buf.length, 0);
    assert_ok(buf_append(&buf, "efgh", 4, &err));
    assert_string_equal(buf_str(&buf), "efgh");
    assert_string_equal(first, "abcd");
}

static void add_to_a_limited_buffer(void)
{
    struct buf buf;
    buf_init(&buf, 10);
    buf_add_str(&buf, "x");
}

TEST(the_infallible_form_refuses_limits)
{
    assert_aborts(add_to_a_limited_buffer, "has a limit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_empty_text),
        cmocka_unit_test(appending_stops_exactly_at_the_maximum),
        cmocka_unit_test(a_buffer_without_init_takes_nothing),
        cmocka_unit_test(bytes_may_be_nul),
        cmocka_unit_test(growth_keeps_every_byte),
        cmocka_unit_test(own_text_is_added_and_formatted),
        cmocka_unit_test(reset_keeps_memory_and_clear_frees_it),
        cmocka_unit_test(taking_the_text_leaves_a_usable_buffer),
        cmocka_unit_test(the_infallible_form_refuses_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
