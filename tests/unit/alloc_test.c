/* SPDX-License-Identifier: MIT */
#include "check.h"

/* Not constants, so that the compiler does not judge the absurd sizes itself. */
static volatile size_t huge = SIZE_MAX / 2;
static volatile size_t three = 3;

static void multiply_beyond_size_t(void)
{
    void *memory = xrealloc_array(NULL, huge, three);
    free(memory);
}

static void multiply_beyond_ptrdiff_t(void)
{
    void *memory = xrealloc_array(NULL, huge + 1, 1);
    free(memory);
}

static void zeroed_beyond_size_t(void)
{
    void *memory = xcalloc(huge, three);
    free(memory);
}

TEST(overflowing_sizes_end_the_process)
{
    assert_aborts(multiply_beyond_size_t, "out of memory");
    assert_aborts(multiply_beyond_ptrdiff_t, "out of memory");
    assert_aborts(zeroed_beyond_size_t, "out of memory");
}

TEST(empty_allocations_are_not_null)
{
    CLEANUP(mem_free) void *a = xmalloc(0);
    CLEANUP(mem_free) void *b = xcalloc(0, 8);
    CLEANUP(mem_free) void *c = xrealloc_array(NULL, 0, 8);
    CLEANUP(mem_free) void *d = xmemdup(NULL, 0);
    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    assert_non_null(d);
}

TEST(growing_keeps_the_content)
{
    CLEANUP(mem_free) int *numbers = xcalloc(3, sizeof *numbers);
    assert_int_equal(numbers[0] | numbers[1] | numbers[2], 0);
    numbers[2] = 7;
    numbers = xrealloc_array(numbers, 1000, sizeof *numbers);
    assert_int_equal(numbers[2], 7);
    numbers[999] = 1;
}

TEST(copies_are_whole)
{
    CLEANUP(str_free) char *text = xstrdup("abc");
    CLEANUP(str_free) char *start = xstrndup("abcdef", 3);
    CLEANUP(str_free) char *shorter = xstrndup("ab", 100);
    CLEANUP(mem_free) char *bytes = xmemdup("a\0b", 3);
    assert_string_equal(text, "abc");
    assert_string_equal(start, "abc");
    assert_string_equal(shorter, "ab");
    assert_memory_equal(bytes, "a\0b", 3);
}

TEST(format_has_no_length_limit)
{
    CLEANUP(str_free) char *small = str_format("%s-%zu", "x", (size_t)42);
    assert_string_equal(small, "x-42");
    CLEANUP(str_free) char *large = str_format("%0100000d", 1);
    assert_int_equal(strlen(large), 100000);
    assert_int_equal(large[99999], '1');
}

TEST(freeing_leaves_null)
{
    char *text = xstrdup("x");
    str_free(&text);
    assert_null(text);
    str_free(&text);

    int *numbers = xcalloc(2, sizeof *numbers);
    mem_free((void *)&numbers);
    assert_null(numbers);
    mem_free((void *)&numbers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overflowing_sizes_end_the_process),
        cmocka_unit_test(empty_allocations_are_not_null),
        cmocka_unit_test(growing_keeps_the_content),
        cmocka_unit_test(copies_are_whole),
        cmocka_unit_test(format_has_no_length_limit),
        cmocka_unit_test(freeing_leaves_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
