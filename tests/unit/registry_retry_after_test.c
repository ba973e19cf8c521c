/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/http_date.h"
#include "registry/retry_after.h"

#define RFC_EXAMPLE 784111777 /* 1994-11-06T08:49:37Z */

TEST(dates)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", RFC_EXAMPLE},
        {"Sunday, 06-Nov-94 08:49:37 GMT", RFC_EXAMPLE},
        {"Sun Nov  6 08:49:37 1994", RFC_EXAMPLE},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Tue, 29 Feb 2000 23:59:59 GMT", 951868799},
        {"Sat, 28 Feb 2026 12:00:00 GMT", 1772280000},
        {"Sun, 22 Nov 2026 06:36:26 GMT", 1795329386},
        {"Sunday, 22-Nov-26 06:36:26 GMT", 1795329386},
        {"Sun Nov 22 06:36:26 2026", 1795329386},
        {"Thu, 31 Dec 2026 23:59:60 GMT", 1798761600}, /* a leap second */
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int64_t seconds = -1;
        print_message("%s\n", rows[i].text);
        assert_true(http_date_parse(rows[i].text, &seconds));
        assert_int_equal(seconds, rows[i].seconds);
    }
}

TEST(bad_dates)
{
    static const char *const rows[] = {
        "",
        "Sun",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 29 Feb 2026 08:49:37 GMT",
        "Mon, 29 Feb 2100 08:49:37 GMT",
        "Sun, 06 Nov 1969 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:00:61 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT",
        "1994-11-06T08:49:37Z",
        "Sun, 06 Nov 1994 +8:49:37 GMT",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        int64_t seconds = -1;
        print_message("'%s'\n", rows[i]);
        assert_false(http_date_parse(rows[i], &seconds));
        assert_int_equal(seconds, -1);
    }
}

TEST(waits)
{
    static const struct {
        const char *text;
        uint64_t seconds;
    } rows[] = {
        {"0", 0},
        {"1", 1},
        {"120", 120},
        {"0003600", 3600},
        {"18446744073709551615", UINT64_MAX},
        {"99999999999999999999999999", UINT64_MAX},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"Sun, 06 Nov 1994 08:50:37 GMT", 60},
        {"Sun, 06 Nov 1994 07:49:37 GMT", 0}, /* past */
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint64_t seconds = 4711;
        print_message("%s\n", rows[i].text);
        assert_true(retry_after_parse(rows[i].text, RFC_EXAMPLE, &seconds));
        assert_int_equal(seconds, rows[i].seconds);
    }
    static const char *const bad[] = {"",    " 1",   "1 ", "-1",   "+1",
                                      "1.5", "0x10", "1s", "soon", "1,2"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        uint64_t seconds = 4711;
        print_message("'%s'\n", bad[i]);
        assert_false(retry_after_parse(bad[i], RFC_EXAMPLE, &seconds));
        assert_int_equal(seconds, 4711);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates),
        cmocka_unit_test(bad_dates),
        cmocka_unit_test(waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
