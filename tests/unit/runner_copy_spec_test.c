/* SPDX-License-Identifier: MIT */
#include "runner/copy_spec.h"

#include "check.h"

TEST(layers_and_the_host_are_told_apart)
{
    static const struct {
        const char *text;
        const char *layer;
        const char *path;
        bool is_inside;
    } rows[] = {
        {"build:C:\\app\\x.txt", "build", "app\\x.txt", false},
        {"build:c:/app/x.txt", "build", "app\\x.txt", false},
        {"build:\\app", "build", "app", false},
        {"build:/", "build", "", true},
        {"build:C:\\", "build", "", true},
        {"build:C:\\app\\", "build", "app", true},
        {"build:C:\\app\\.", "build", "app", true},
        {"build:C:\\app\\.\\", "build", "app", true},
        {"build:C:\\a b\\\xc3\xa4", "build", "a b\\\xc3\xa4", false},
        {"b:C:\\app", "b", "app", false},
        {"c:c:/", "c", "", true},
        {"C:\\app", NULL, "C:\\app", false},
        {"d:x", NULL, "d:x", false},
        {"d:\\", NULL, "d:\\", true},
        {"dir/", NULL, "dir/", true},
        {"dir\\file", NULL, "dir\\file", false},
        {"dir\\x:y", NULL, "dir\\x:y", false},
        {"\\\\?\\C:\\x", NULL, "\\\\?\\C:\\x", false},
        {".", NULL, ".", false},
        {"..", NULL, "..", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(copy_spec_clear) struct copy_spec spec = {0};
        assert_ok(copy_spec_parse(rows[i].text, &spec, &err));
        if (rows[i].layer)
            assert_string_equal(spec.layer, rows[i].layer);
        else
            assert_null(spec.layer);
        assert_string_equal(spec.path, rows[i].path);
        assert_int_equal(spec.is_inside, rows[i].is_inside);
    }
}

TEST(what_cannot_be_in_a_layer_is_refused)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"", "empty"},
        {"-", "not understood"},
        {"build:", "does not begin with C:\\"},
        {"build:app", "does not begin with C:\\"},
        {"build:C:app", "does not begin with C:\\"},
        {"build:D:\\x", "no drive 'D:'"},
        {"b:D:\\x", "no drive 'D:'"},
        {"build:C:\\..\\x", "C:\\..\\x"},
        {"build:C:\\a\\..\\b", "C:\\a\\..\\b"},
        {"build:C:\\x:stream", "C:\\x:stream"},
        {"build:C:\\NUL", "C:\\NUL"},
        {"build:C:\\a*", "C:\\a*"},
        {"build:C:\\\\a", "C:\\\\a"},
        {"-b:C:\\x", "-b"},
        {"a b:C:\\x", "a b"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(copy_spec_clear) struct copy_spec spec = {0};
        assert_fails(copy_spec_parse(rows[i].text, &spec, &err), ERR_USAGE, rows[i].message);
        assert_null(spec.path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_and_the_host_are_told_apart),
        cmocka_unit_test(what_cannot_be_in_a_layer_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
