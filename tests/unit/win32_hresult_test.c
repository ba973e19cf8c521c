/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "win32/hresult.h"
#include "win32/nt.h"
#include "win32/utf16.h"

TEST(normalize)
{
    static const struct {
        uint32_t hr;
        uint32_t normalized;
    } table[] = {
        {0x80070005, 5},
        {0x80070002, 2},
        {0x8007048F, 1167},
        {0xC0070020, 32},
        {0x80370101, 0x80370101},
        {0xC0370101, 0x80370101},
        {0xC0370110, 0x80370110},
        {0x803B001B, 0x803B001B},
        {0x80004005, 0x80004005},
        {0xC000050B, 0xC000050B},
        {0, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        assert_int_equal(hresult_normalize((HRESULT)table[i].hr), table[i].normalized);
}

TEST(win32_errors)
{
    static const struct {
        DWORD code;
        enum err_kind kind;
        const char *suffix;
    } table[] = {
        {2, ERR_NOT_FOUND, " (2)"},
        {3, ERR_NOT_FOUND, " (3)"},
        {5, ERR_DENIED, " (5)"},
        {32, ERR_BUSY, " (32)"},
        {33, ERR_BUSY, " (33)"},
        {50, ERR_UNSUPPORTED, " (50)"},
        {80, ERR_BUSY, " (80)"},
        {112, ERR_NO_SPACE, " (112)"},
        {126, ERR_UNSUPPORTED, " (126)"},
        {183, ERR_BUSY, " (183)"},
        {995, ERR_CANCELLED, " (995)"},
        {13, ERR_OS, " (13)"},
        {999999, ERR_OS, ": unknown error (999999)"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        CLEANUP(error_clear) struct error err = {0};
        assert_false(error_win32(&err, table[i].code, "open '%s'", "x"));
        assert_int_equal(err.kind, table[i].kind);
        assert_int_equal(err.domain, ERR_DOMAIN_WIN32);
        assert_int_equal(err.code, table[i].code);
        assert_non_null(strstr(err.message, table[i].suffix));
        assert_memory_equal(err.message, "open 'x': ", 10);
    }
}

TEST(the_text_is_the_systems_own)
{
    CLEANUP(error_clear) struct error err = {0};
    assert_false(error_win32(&err, ERROR_ACCESS_DENIED, "open 'x'"));
    /* Windows says "Access is denied.", Wine "Access denied." */
    assert_non_null(strstr(err.message, "open 'x': Access "));
    assert_non_null(strstr(err.message, "denied. (5)"));
    assert_non_null(strstr(err.origin, "win32_hresult_test.c:"));
}

TEST(hresults)
{
    static const struct {
        uint32_t hr;
        enum err_kind kind;
        uint32_t code;
        const char *text;
    } table[] = {
        {0x80370101, ERR_MISMATCH, 0x80370101, "HCS_E_IMAGE_MISMATCH (0x80370101)"},
        {0xC0370101, ERR_MISMATCH, 0x80370101, "HCS_E_IMAGE_MISMATCH (0xC0370101)"},
        {0x80070005, ERR_DENIED, 5, "(0x80070005)"},
        {0x8037011B, ERR_DENIED, 0x8037011B, "HCS_E_ACCESS_DENIED"},
        {0x80370112, ERR_INTEGRITY, 0x80370112, "HCS_E_INVALID_LAYER"},
        {0x80370999, ERR_OS, 0x80370999, "unknown error (0x80370999)"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        CLEANUP(error_clear) struct error err = {0};
        assert_false(error_hresult(&err, (HRESULT)table[i].hr, "Call"));
        assert_int_equal(err.kind, table[i].kind);
        assert_int_equal(err.domain, ERR_DOMAIN_HRESULT);
        assert_int_equal(err.code, table[i].code);
        assert_non_null(strstr(err.message, table[i].text));
    }
}

TEST(statuses)
{
    static const struct {
        NTSTATUS status;
        enum err_kind kind;
    } table[] = {
        {NT_OBJECT_NAME_NOT_FOUND, ERR_NOT_FOUND}, {NT_OBJECT_PATH_NOT_FOUND, ERR_NOT_FOUND},
        {NT_OBJECT_NAME_COLLISION, ERR_BUSY},      {(NTSTATUS)0xC0000022, ERR_DENIED},
        {(NTSTATUS)0xC000007F, ERR_NO_SPACE},      {NT_REPARSE_POINT_ENCOUNTERED, ERR_INTEGRITY},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        CLEANUP(error_clear) struct error err = {0};
        assert_false(error_ntstatus(&err, table[i].status, "create 'x'"));
        assert_int_equal(err.kind, table[i].kind);
        assert_int_equal(err.domain, ERR_DOMAIN_NTSTATUS);
        assert_int_equal(err.code, (uint32_t)table[i].status);
    }
}

TEST(utf16_is_strict)
{
    struct error err = {0};
    wchar_t *wide = NULL;
    char *text = NULL;
    const wchar_t lone[] = {L'a', 0xD800, L'b', 0};
    assert_fails(utf16_from_utf8("a\xC0\x80", &wide, &err), ERR_INTEGRITY, "UTF-8");
    assert_fails(utf16_to_utf8(lone, &text, &err), ERR_INTEGRITY, "UTF-16");
    assert_null(wide);
    assert_null(text);

    assert_ok(utf16_from_utf8("\xC3\xBC\xF0\x9F\x98\x80", &wide, &err));
    const wchar_t expected[] = {0x00FC, 0xD83D, 0xDE00, 0};
    assert_memory_equal(wide, expected, sizeof(expected));
    assert_ok(utf16_to_utf8(wide, &text, &err));
    assert_string_equal(text, "\xC3\xBC\xF0\x9F\x98\x80");
    utf16_free(&wide);
    utf16_free(&wide);
    str_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalize),
        cmocka_unit_test(win32_errors),
        cmocka_unit_test(the_text_is_the_systems_own),
        cmocka_unit_test(hresults),
        cmocka_unit_test(statuses),
        cmocka_unit_test(utf16_is_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
