/* SPDX-License-Identifier: MIT */
#include "runner/source_date.h"

#include "check.h"

TEST(seconds_become_a_date)
{
    static const struct {
        const char *epoch;
        const char *text;
    } rows[] = {
        {"0", "1970-01-01T00:00:00Z"},          {"86399", "1970-01-01T23:59:59Z"},
        {"951782400", "2000-02-29T00:00:00Z"},  {"951868799", "2000-02-29T23:59:59Z"},
        {"951868800", "2000-03-01T00:00:00Z"},  {"1709164800", "2024-02-29T00:00:00Z"},
        {"1735689599", "2024-12-31T23:59:59Z"}, {"1763776496", "2025-11-22T01:54:56Z"},
        {"4107542400", "2100-03-01T00:00:00Z"}, {"253402300799", "9999-12-31T23:59:59Z"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        char text[SOURCE_DATE_SIZE];
        assert_ok(source_date_of(rows[i].epoch, text, &err));
        assert_string_equal(text, rows[i].text);
    }
}

TEST(without_it_the_time_is_now)
{
    struct error err = {0};
    char text[SOURCE_DATE_SIZE] = "";
    assert_ok(source_date_of(NULL, text, &err));
    assert_int_equal(strlen(text), strlen("2026-01-01T00:00:00Z"));
    assert_memory_equal(text, "20", 2);
}

TEST(what_is_no_number_is_refused)
{
    static const char *const rows[] = {"",    "-1",           "1.5",
                                       "now", "253402300800", "18446744073709551616"};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        char text[SOURCE_DATE_SIZE] = "before";
        assert_fails(source_date_of(rows[i], text, &err), ERR_USAGE, "SOURCE_DATE_EPOCH");
        assert_string_equal(text, "before");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seconds_become_a_date),
        cmocka_unit_test(without_it_the_time_is_now),
        cmocka_unit_test(what_is_no_number_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
