/* SPDX-License-Identifier: MIT */
#include "base/text.h"
#include "check.h"
#include "win32/path.h"
#include "win32/utf16.h"

TEST(plain_forms)
{
    static const struct {
        const char *given;
        const char *plain;
        const char *wide;
    } table[] = {
        {"C:\\a\\b", "C:\\a\\b", "\\\\?\\C:\\a\\b"},
        {"C:/a/b", "C:\\a\\b", "\\\\?\\C:\\a\\b"},
        {"C:\\", "C:\\", "\\\\?\\C:\\"},
        {"C:/", "C:\\", "\\\\?\\C:\\"},
        {"C:\\a\\", "C:\\a", "\\\\?\\C:\\a"},
        {"C:\\a\\\\b\\.\\c", "C:\\a\\b\\c", "\\\\?\\C:\\a\\b\\c"},
        {"C:\\a\\..\\b", "C:\\b", "\\\\?\\C:\\b"},
        {"C:\\..\\..\\b", "C:\\b", "\\\\?\\C:\\b"},
        {"C:\\a\\trail.", "C:\\a\\trail.", "\\\\?\\C:\\a\\trail."},
        {"C:\\con", "C:\\con", "\\\\?\\C:\\con"},
        {"C:\\\xC3\xBC\\\xF0\x9F\x98\x80", "C:\\\xC3\xBC\\\xF0\x9F\x98\x80",
         "\\\\?\\C:\\\xC3\xBC\\\xF0\x9F\x98\x80"},
        {"\\\\?\\C:\\a/b\\..\\c", "C:\\a\\c", "\\\\?\\C:\\a\\c"},
        {"\\\\server\\share\\x\\..\\..\\y", "\\\\server\\share\\y", "\\\\?\\UNC\\server\\share\\y"},
        {"//server/share", "\\\\server\\share", "\\\\?\\UNC\\server\\share"},
        {"\\\\?\\UNC\\server\\share\\x", "\\\\server\\share\\x", "\\\\?\\UNC\\server\\share\\x"},
        {"\\\\?\\Volume{02da95cc-0af1-59c4-bcff-5e7d4cf45ead}\\x",
         "\\\\?\\Volume{02da95cc-0af1-59c4-bcff-5e7d4cf45ead}\\x",
         "\\\\?\\Volume{02da95cc-0af1-59c4-bcff-5e7d4cf45ead}\\x"},
        {"\\\\?\\C:", "\\\\?\\C:", "\\\\?\\C:"},
        {"\\\\.\\pipe\\docker_engine", "\\\\.\\pipe\\docker_engine", "\\\\.\\pipe\\docker_engine"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        struct error err = {0};
        CLEANUP(str_free) char *plain = NULL;
        CLEANUP(str_free) char *text = NULL;
        CLEANUP(utf16_free) wchar_t *wide = NULL;
        assert_ok(path_to_plain(table[i].given, &plain, &err));
        assert_string_equal(plain, table[i].plain);
        assert_ok(path_to_wide(table[i].given, &wide, &err));
        assert_ok(utf16_to_utf8(wide, &text, &err));
        assert_string_equal(text, table[i].wide);
    }
}

TEST(relative_paths_start_at_the_working_directory)
{
    struct error err = {0};
    CLEANUP(str_free) char *here = NULL;
    CLEANUP(str_free) char *below = NULL;
    CLEANUP(str_free) char *up = NULL;
    CLEANUP(str_free) char *rooted = NULL;
    assert_ok(path_to_plain(".", &here, &err));
    assert_ok(path_to_plain("a/./b", &below, &err));
    assert_ok(path_to_plain("a\\..\\.", &up, &err));
    assert_ok(path_to_plain("\\x", &rooted, &err));
    CLEANUP(str_free) char *expected = fs_join(here, "a\\b");
    CLEANUP(str_free) char *expected_root = str_format("%c:\\x", here[0]);
    assert_string_equal(below, expected);
    assert_string_equal(up, here);
    assert_string_equal(rooted, expected_root);
}

TEST(bad_paths_are_refused)
{
    struct error err = {0};
    char *plain = NULL;
    wchar_t *wide = NULL;
    assert_fails(path_to_plain("", &plain, &err), ERR_USAGE, "empty");
    assert_fails(path_to_plain("C:a", &plain, &err), ERR_USAGE, "C:a");
    assert_fails(path_to_plain("C:", &plain, &err), ERR_USAGE, "C:");
    assert_fails(path_to_wide("C:\\\xFF", &wide, &err), ERR_INTEGRITY, "C:\\");
    assert_null(plain);
    assert_null(wide);
}

TEST(resolve_gives_a_volume_path)
{
    struct error err = {0};
    CLEANUP(remove_scratch) char *scratch = make_scratch();
    CLEANUP(str_free) char *directory = fs_join(scratch, "source \xC3\xA4");
    CLEANUP(str_free) char *resolved = NULL;
    assert_ok(fs_make_directories(directory, &err));
    assert_ok(path_resolve(directory, &resolved, &err));
    assert_true(str_starts_with(resolved, "\\\\?\\"));
    assert_true(str_ends_with(resolved, "\\source \xC3\xA4"));
}

TEST(resolve_of_nothing)
{
    struct error err = {0};
    char *resolved = NULL;
    assert_fails(path_resolve("C:\\no\\such\\thing", &resolved, &err), ERR_NOT_FOUND, "no\\such");
    assert_null(resolved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_forms),
        cmocka_unit_test(relative_paths_start_at_the_working_directory),
        cmocka_unit_test(bad_paths_are_refused),
        cmocka_unit_test(resolve_gives_a_volume_path),
        cmocka_unit_test(resolve_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
