/* SPDX-License-Identifier: MIT */
#include "layers/tombstones.h"

#include "check.h"

#define HEAD                                                                                       \
    "\xEF\xBB\xBF"                                                                                 \
    "Version 1.0"

static bool parse(const char *text, struct tombstones *ret, struct error *err)
{
    return tombstones_parse(text, strlen(text), ret, err);
}

TEST(lists_of_nothing)
{
    static const char *const lists[] = {HEAD, HEAD "\n", HEAD "\r\n"};
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        struct error err = {0};
        CLEANUP(tombstones_clear) struct tombstones list = {0};
        assert_ok(parse(lists[i], &list, &err));
        assert_int_equal(list.count, 0);
    }
}

TEST(paths_are_ordered_by_directory_then_as_they_came)
{
    static const struct {
        const char *path;
        const char *directory;
        size_t line;
    } expected[] = {
        {"Files\\z", "Files", 2},
        {"Files\\a", "Files", 6},
        {"Files\\Dir\\y", "Files\\Dir", 3},
        {"Files\\dIR\\b", "Files\\dIR", 5},
        {"Files\\dir\\sub\\\xC3\xBC", "Files\\dir\\sub", 4},
    };
    struct error err = {0};
    CLEANUP(tombstones_clear) struct tombstones list = {0};
    assert_ok(parse(HEAD "\r\n\\z\r\n\\Dir\\y\n\\dir\\sub\\\xC3\xBC\r\n\\dIR\\b\n\\a\n\\A\n\\a",
                    &list, &err));
    assert_int_equal(list.count, ARRAY_SIZE(expected));
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        assert_string_equal(list.items[i].path.text, expected[i].path);
        assert_string_equal(list.items[i].directory.text, expected[i].directory);
        assert_int_equal(list.items[i].line, expected[i].line);
        assert_false(list.items[i].taken);
    }
}

static size_t find(const struct tombstones *list, const char *directory, size_t *ret_count)
{
    struct error err = {0};
    CLEANUP(layer_path_clear) struct layer_path path = {0};
    assert_ok(layer_path_parse(directory, &path, &err));
    return tombstones_find(list, &path, ret_count);
}

TEST(those_of_a_directory_are_found)
{
    struct error err = {0};
    size_t count = 0;
    CLEANUP(tombstones_clear) struct tombstones list = {0};
    assert_ok(parse(HEAD "\n\\a\\x\n\\a\\b\\x\n\\b\\x\n\\A\\y\n\\ab\\x\n\\x", &list, &err));
    assert_int_equal(find(&list, "Files", &count), 0);
    assert_int_equal(count, 1);
    assert_int_equal(find(&list, "Files\\A", &count), 1);
    assert_int_equal(count, 2);
    find(&list, "Files\\a\\B", &count);
    assert_int_equal(count, 1);
    find(&list, "Files\\ab", &count);
    assert_int_equal(count, 1);
    find(&list, "Files\\c", &count);
    assert_int_equal(count, 0);
    find(&list, "Hives", &count);
    assert_int_equal(count, 0);
}

static const struct {
    const char *text;
    size_t length;
    const char *said;
} bad[] = {
    {"", 0, "line 1"},
    {"Version 1.0\n", 12, "line 1"},
    {HEAD ".1\n", 17, "line 1"},
    {HEAD " \n", 16, "line 1"},
    {HEAD "\n\n", 16, "line 2: the path does not begin"},
    {HEAD "\nx\n", 17, "line 2: the path does not begin"},
    {HEAD "\n\\\n", 17, "line 2: the path does not begin"},
    {HEAD "\n\\a\n\\..\\x\n", 25, "line 3: the path has a '.'"},
    {HEAD "\n\\\\x\n", 19, "line 2: the path has an empty component"},
    {HEAD "\n\\a\0b\n", 20, "line 2: the path has a NUL"},
    {HEAD "\n\\C:x\n", 20, "line 2: the path has a colon"},
    {HEAD "\n\\\xFF\n", 18, "line 2: the path is not UTF-8"},
    {HEAD "\n\\a\\.wh..opq\n", 26, "line 2: the path has a name that stands for a deletion"},
    {HEAD "\n\\x.$wcidirs$\n", 28, "line 2: the path has a name that is reserved"},
};

TEST(malformed_lists_are_refused)
{
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct error err = {0};
        CLEANUP(tombstones_clear) struct tombstones list = {0};
        assert_fails(tombstones_parse(bad[i].text, bad[i].length, &list, &err), ERR_INTEGRITY,
                     bad[i].said);
        assert_int_equal(list.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_nothing),
        cmocka_unit_test(paths_are_ordered_by_directory_then_as_they_came),
        cmocka_unit_test(those_of_a_directory_are_found),
        cmocka_unit_test(malformed_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
