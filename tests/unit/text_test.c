/* SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "check.h"

TEST(equality_knows_null)
{
    static const struct {
        const char *a;
        const char *b;
        bool equal;
        bool nocase;
    } rows[] = {
        {"abc", "abc", true, true},
        {"abc", "aBC", false, true},
        {"", "", true, true},
        {"a", "", false, false},
        {"", "a", false, false},
        {"abc", "abd", false, false},
        {NULL, NULL, true, true},
        {NULL, "", false, false},
        {"", NULL, false, false},
        /* Only ASCII letters have two forms: '@' and '`', '[' and '{' differ in the same bit. */
        {"@[", "`{", false, false},
        {"\xc3\xa4", "\xc3\x84", false, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(str_equal(rows[i].a, rows[i].b), rows[i].equal);
        assert_int_equal(str_equal_nocase(rows[i].a, rows[i].b), rows[i].nocase);
    }
}

TEST(starts_and_ends)
{
    assert_true(str_starts_with("abc", "ab"));
    assert_true(str_starts_with("abc", ""));
    assert_true(str_starts_with("", ""));
    assert_false(str_starts_with("ab", "abc"));
    assert_false(str_starts_with("abc", "bc"));

    assert_true(str_ends_with("a.tar.gz", ".gz"));
    assert_true(str_ends_with("a", ""));
    assert_false(str_ends_with("gz", ".gz"));
    assert_false(str_ends_with("a.GZ", ".gz"));
    assert_true(str_ends_with_nocase("a.GZ", ".gz"));
    assert_false(str_ends_with_nocase("z", ".gz"));
}

TEST(character_classes_are_ascii_only)
{
    for (int i = 0; i < 256; i++) {
        char c = (char)i;
        bool digit = i >= '0' && i <= '9';
        bool upper = i >= 'A' && i <= 'Z';
        bool lower = i >= 'a' && i <= 'z';
        assert_int_equal(char_is_digit(c), digit);
        assert_int_equal(char_is_alpha(c), upper || lower);
        assert_int_equal(char_is_alnum(c), upper || lower || digit);
        assert_int_equal(char_is_hex(c), digit || (upper && i <= 'F') || (lower && i <= 'f'));
        assert_int_equal((unsigned char)char_to_lower(c), upper ? i + 32 : i);
        assert_int_equal((unsigned char)char_to_upper(c), lower ? i - 32 : i);
    }
}

TEST(strangers_text_is_made_printable)
{
    static const struct {
        const char *text;
        size_t maximum;
        const char *expected;
    } rows[] = {
        {"plain", 100, "plain"},
        {"plain", 5, "plain"},
        {"plain", 4, "plai..."},
        {"plain", 0, "..."},
        {"", 0, ""},
        {"\x1b[2Ja\r\n\tb\x7f", 100, "?[2Ja???b?"},
        {"\xc3\xa4\xc3\xb6", 4, "\xc3\xa4\xc3\xb6"},
        {"\xc3\xa4\xc3\xb6", 3, "\xc3\xa4..."},
        {"\xf0\x9f\x90\x8bx", 3, "..."},
        {"\xf0\x9f\x90\x8bx", 5, "\xf0\x9f\x90\x8bx"},
        {"a\xc2\x9b"
         "2Jb",
         100, "a??2Jb"}, /* CSI as one character of C1 */
        {"a\xc2\xa0", 100, "a\xc2\xa0"},
        {"\x9b"
         "2J",
         100, "?2J"},
        {"\xff\xc3", 100, "??"},
        {"\xed\xa0\x80", 100, "???"}, /* a surrogate */
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_free) char *text = str_printable(rows[i].text, rows[i].maximum);
        assert_string_equal(text, rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality_knows_null),
        cmocka_unit_test(starts_and_ends),
        cmocka_unit_test(character_classes_are_ascii_only),
        cmocka_unit_test(strangers_text_is_made_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
