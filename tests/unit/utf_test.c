/* SPDX-License-Identifier: MIT */
#include "base/utf.h"
#include "check.h"

struct text {
    const char *bytes;
    size_t length;
};

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

/* Unicode 15 section 3.9, table 3-7, and its neighbours on the wrong side. */
static const struct text malformed[] = {
    TEXT("\x80"),             /* continuation without a lead */
    TEXT("a\xbf"),            /* likewise */
    TEXT("\xc3"),             /* cut */
    TEXT("\xc3z"),            /* lead without a continuation */
    TEXT("\xe2\x82"),         /* cut */
    TEXT("\xe2\x82z"),        /* second continuation missing */
    TEXT("\xf0\x9f\x90"),     /* cut */
    TEXT("\xc0\x80"),         /* overlong NUL */
    TEXT("\xc1\xbf"),         /* overlong U+007F */
    TEXT("\xe0\x9f\xbf"),     /* overlong U+07FF */
    TEXT("\xf0\x8f\xbf\xbf"), /* overlong U+FFFF */
    TEXT("\xed\xa0\x80"),     /* U+D800 */
    TEXT("\xed\xbf\xbf"),     /* U+DFFF */
    TEXT("\xf4\x90\x80\x80"), /* U+110000 */
    TEXT("\xf5\x80\x80\x80"),
    TEXT("\xf8\x88\x80\x80\x80"),
    TEXT("\xff"),
    TEXT("\xfe"),
};

TEST(malformed_utf8_is_refused_everywhere)
{
    for (size_t i = 0; i < ARRAY_SIZE(malformed); i++) {
        struct error err = {0};
        uint16_t *units = NULL;
        size_t count = 77;
        /* An exact copy, so that reading past the end is found. */
        CLEANUP(mem_free) char *copy = xmemdup(malformed[i].bytes, malformed[i].length);
        assert_false(utf8_is_valid(copy, malformed[i].length));
        assert_fails(utf16_units_from_utf8(copy, malformed[i].length, &units, &count, &err),
                     ERR_INTEGRITY, "not UTF-8 at byte");
        assert_null(units);
        assert_int_equal(count, 77);
    }
}

TEST(the_position_of_a_fault_is_told)
{
    struct error err = {0};
    uint16_t *units = NULL;
    size_t count;
    assert_fails(utf16_units_from_utf8("ab\xff", 3, &units, &count, &err), ERR_INTEGRITY, "byte 2");
    assert_fails(utf16_units_from_utf8("a\0b", 3, &units, &count, &err), ERR_INTEGRITY,
                 "NUL at byte 1");
    char *text = NULL;
    assert_fails(utf8_from_utf16_units((uint16_t[]){'a', 0xDC00}, 2, &text, &err), ERR_INTEGRITY,
                 "unit 1");
    assert_fails(utf8_from_utf16_units((uint16_t[]){'a', 'b', 0}, 3, &text, &err), ERR_INTEGRITY,
                 "NUL at UTF-16 unit 2");
    assert_null(text);
}

/* What follows a high surrogate, and what stands alone. */
TEST(unpaired_surrogates_are_refused)
{
    static const struct {
        uint16_t units[3];
        size_t count;
    } rows[] = {
        {{0xD800}, 1},         {{0xDBFF}, 1},         {{0xDC00}, 1},
        {{0xDFFF}, 1},         {{0xD800, 'a'}, 2},    {{0xD800, 0xD800, 0xDC00}, 3},
        {{0xDC00, 0xD800}, 2}, {{0xD800, 0xE000}, 2}, {{0xD800, 0xDBFF}, 2},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        char *text = NULL;
        CLEANUP(mem_free) uint16_t *copy = xmemdup(rows[i].units, rows[i].count * 2);
        assert_fails(utf8_from_utf16_units(copy, rows[i].count, &text, &err), ERR_INTEGRITY,
                     "unpaired surrogate");
        assert_null(text);
    }
}

static void assert_round_trip(uint32_t code_point)
{
    struct error err = {0};
    uint16_t expected[2] = {(uint16_t)code_point, 0};
    size_t expected_count = 1;
    if (code_point >= 0x10000) {
        expected[0] = (uint16_t)(0xD800 + ((code_point - 0x10000) >> 10));
        expected[1] = (uint16_t)(0xDC00 + ((code_point - 0x10000) & 0x3FF));
        expected_count = 2;
    }
    CLEANUP(str_free) char *text = NULL;
    assert_ok(utf8_from_utf16_units(expected, expected_count, &text, &err));
    assert_true(utf8_is_valid(text, strlen(text)));

    CLEANUP(mem_free) uint16_t *units = NULL;
    size_t count;
    assert_ok(utf16_units_from_utf8(text, strlen(text), &units, &count, &err));
    if (count != expected_count || memcmp(units, expected, count * 2) != 0 || units[count])
        fail_msg("U+%04X did not survive", code_point);
}

TEST(every_character_survives_both_ways)
{
    for (uint32_t code_point = 1; code_point <= 0x10FFFF; code_point++)
        if (code_point < 0xD800 || code_point > 0xDFFF)
            assert_round_trip(code_point);
}

TEST(known_texts_convert)
{
    struct error err = {0};
    /* U+0061 U+00E4 U+20AC U+1F40B */
    static const char text[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x8b";
    static const uint16_t units[] = {0x61, 0xE4, 0x20AC, 0xD83D, 0xDC0B};
    CLEANUP(mem_free) uint16_t *converted = NULL;
    size_t count;
    assert_ok(utf16_units_from_utf8(text, sizeof text - 1, &converted, &count, &err));
    assert_int_equal(count, ARRAY_SIZE(units));
    assert_memory_equal(converted, units, sizeof units);
    assert_int_equal(converted[count], 0);
    CLEANUP(str_free) char *back = NULL;
    assert_ok(utf8_from_utf16_units(units, ARRAY_SIZE(units), &back, &err));
    assert_string_equal(back, text);
}

TEST(nothing_converts_to_nothing)
{
    struct error err = {0};
    CLEANUP(mem_free) uint16_t *units = NULL;
    CLEANUP(str_free) char *text = NULL;
    size_t count = 1;
    assert_true(utf8_is_valid("", 0));
    assert_ok(utf16_units_from_utf8("", 0, &units, &count, &err));
    assert_int_equal(count, 0);
    assert_int_equal(units[0], 0);
    assert_ok(utf8_from_utf16_units(units, 0, &text, &err));
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_utf8_is_refused_everywhere),
        cmocka_unit_test(the_position_of_a_fault_is_told),
        cmocka_unit_test(unpaired_surrogates_are_refused),
        cmocka_unit_test(every_character_survives_both_ways),
        cmocka_unit_test(known_texts_convert),
        cmocka_unit_test(nothing_converts_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
