/* SPDX-License-Identifier: MIT */
#include "base/scan.h"
#include "check.h"

TEST(characters_and_literals_are_consumed_whole_or_not_at_all)
{
    struct scan s = scan_text("sha256:ab");
    assert_false(scan_literal(&s, "sha512:"));
    assert_false(scan_char(&s, 'x'));
    assert_int_equal(scan_length(&s), 9);
    assert_true(scan_literal(&s, "sha256:"));
    assert_true(scan_literal(&s, ""));
    assert_int_equal(scan_peek(&s), 'a');
    assert_true(scan_char(&s, 'a'));
    assert_false(scan_literal(&s, "bc"));
    assert_true(scan_char(&s, 'b'));
    assert_true(scan_at_end(&s));
    assert_int_equal(scan_peek(&s), 0);
    assert_false(scan_char(&s, '\0'));
    assert_false(scan_literal(&s, "b"));
    assert_true(scan_literal(&s, ""));
}

TEST(numbers_are_exact)
{
    static const struct {
        const char *text;
        bool valid;
        uint64_t value;
        const char *rest;
    } rows[] = {
        {"0", true, 0, ""},
        {"0012x", true, 12, "x"},
        {"18446744073709551615", true, UINT64_MAX, ""},
        {"18446744073709551616", false, 0, "18446744073709551616"},
        {"18446744073709551620", false, 0, "18446744073709551620"},
        {"99999999999999999999999", false, 0, "99999999999999999999999"},
        {"", false, 0, ""},
        {"-1", false, 0, "-1"},
        {"+1", false, 0, "+1"},
        {" 1", false, 0, " 1"},
        {"x", false, 0, "x"},
        {"1.5", true, 1, ".5"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct scan s = scan_text(rows[i].text);
        uint64_t value = 77;
        assert_int_equal(scan_uint64(&s, &value), rows[i].valid);
        assert_true(value == (rows[i].valid ? rows[i].value : 77));
        assert_true(scan_equals(&s, rows[i].rest));
    }
}

TEST(a_number_ends_with_its_bytes)
{
    /* Nothing after the given length is read. */
    struct scan s = scan_bytes("1234", 2);
    uint64_t value;
    assert_true(scan_uint64(&s, &value));
    assert_true(value == 12);
    assert_true(scan_at_end(&s));
}

TEST(slices_end_before_the_stop)
{
    struct scan s = scan_text("key=value=x");
    struct scan key = scan_until(&s, '=');
    assert_true(scan_equals(&key, "key"));
    assert_int_equal(scan_peek(&s), '=');
    struct scan nothing = scan_until(&s, '=');
    assert_true(scan_equals(&nothing, ""));
    assert_true(scan_char(&s, '='));
    struct scan rest = scan_until(&s, '!');
    assert_true(scan_equals(&rest, "value=x"));
    assert_true(scan_at_end(&s));
    struct scan after = scan_until(&s, '=');
    assert_int_equal(scan_length(&after), 0);
}

TEST(the_rest_is_copied)
{
    struct scan s = scan_bytes("abcdef", 4);
    assert_true(scan_char(&s, 'a'));
    CLEANUP(str_free) char *rest = scan_rest(&s);
    assert_string_equal(rest, "bcd");
    assert_false(scan_equals(&s, "bc"));
    assert_false(scan_equals(&s, "bcde"));
    assert_true(scan_equals(&s, "bcd"));
}

TEST(a_whole_text_is_one_number)
{
    static const char *const bad[] = {"",   " 1",   "1 ",  "-1",
                                      "1x", "0x10", "1e3", "18446744073709551616"};
    uint64_t value = 5;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_false(parse_uint64(bad[i], &value));
    assert_true(value == 5);
    assert_true(parse_uint64("18446744073709551615", &value));
    assert_true(value == UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_and_literals_are_consumed_whole_or_not_at_all),
        cmocka_unit_test(numbers_are_exact),
        cmocka_unit_test(a_number_ends_with_its_bytes),
        cmocka_unit_test(slices_end_before_the_stop),
        cmocka_unit_test(the_rest_is_copied),
        cmocka_unit_test(a_whole_text_is_one_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
