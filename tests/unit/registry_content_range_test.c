/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/content_range.h"

TEST(well_formed)
{
    static const struct {
        const char *text;
        uint64_t first, last;
        bool total_known;
        uint64_t total;
    } cases[] = {
        {"bytes 0-0/1", 0, 0, true, 1},
        {"bytes 0-99/100", 0, 99, true, 100},
        {"bytes 8388608-16777215/30000000", 8388608, 16777215, true, 30000000},
        {"bytes 5-9/*", 5, 9, false, 0},
        {"Bytes 5-9/10", 5, 9, true, 10},
        {"BYTES  5-9/11", 5, 9, true, 11},
        {"bytes 18446744073709551613-18446744073709551614/18446744073709551615", UINT64_MAX - 2,
         UINT64_MAX - 1, true, UINT64_MAX},
        {"bytes 007-008/010", 7, 8, true, 10},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct http_content_range range = content_range_parse(cases[i].text);
        print_message("%s\n", cases[i].text);
        assert_true(range.present);
        assert_int_equal(range.first, cases[i].first);
        assert_int_equal(range.last, cases[i].last);
        assert_int_equal(range.total_known, cases[i].total_known);
        assert_int_equal(range.total, cases[i].total);
    }
}

TEST(malformed)
{
    static const char *const cases[] = {
        "",
        "bytes",
        "bytes ",
        "bytes 0-0",
        "bytes 0-0/",
        "bytes 0-99/99", /* the last byte is not inside */
        "bytes 5-4/10",  /* backwards */
        "bytes */10",    /* unsatisfied: belongs to a 416 */
        "bytes 0-99/100 ",
        "bytes 0-99/100, 0-1/2",
        "bytes -99/100",
        "bytes 0-/100",
        "bytes 0 - 99/100",
        "bytes +0-99/100",
        "bytes 0-99/-1",
        "bytes=0-99/100",
        "bytes0-99/100",
        "items 0-99/100",
        "bytes 0x0-99/100",
        "bytes 0-18446744073709551616/*",
        "bytes 0-1/18446744073709551616",
        "bytes 0-1/**",
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct http_content_range range = content_range_parse(cases[i]);
        print_message("'%s'\n", cases[i]);
        assert_false(range.present);
        assert_int_equal(range.first + range.last + range.total, 0);
        assert_false(range.total_known);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed),
        cmocka_unit_test(malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
