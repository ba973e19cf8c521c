/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "runner/root.h"

struct row {
    const char *option;
    const char *root; /* the variables; NULL = unset */
    const char *data;
    const char *home;
    const char *expected;
};

static void set(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

static void set_all(const struct row *row)
{
    set("WRUN_ROOT", row->root);
    set("XDG_DATA_HOME", row->data);
    set("HOME", row->home);
}

TEST(the_nearest_word_counts)
{
    static const struct row rows[] = {
        {"/o", "/r", "/d", "/h", "/o"},
        {NULL, "/r", "/d", "/h", "/r"},
        {NULL, "", "/d", "/h", "/d/wrun"},
        {NULL, NULL, "/d", "/h", "/d/wrun"},
        {NULL, NULL, "", "/h", "/h/.local/share/wrun"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(str_free) char *root = NULL;
        set_all(&rows[i]);
        assert_ok(root_find(rows[i].option, &root, &err));
        assert_string_equal(root, rows[i].expected);
    }
}

TEST(a_relative_root_is_made_absolute)
{
    struct error err = {0};
    CLEANUP(str_free) char *root = NULL;
    assert_ok(root_find("store", &root, &err));
    assert_int_equal(root[0], '/');
    assert_non_null(strstr(root, "/store"));
}

TEST(an_empty_option_is_not_passed_over)
{
    static const struct row places = {NULL, "/r", "/d", "/h", NULL};
    struct error err = {0};
    char *root = NULL;
    set_all(&places);
    assert_fails(root_find("", &root, &err), ERR_USAGE, "--root is empty");
    assert_null(root);
}

TEST(no_place_at_all)
{
    static const struct row nothing = {0};
    struct error err = {0};
    char *root = NULL;
    set_all(&nothing);
    assert_fails(root_find(NULL, &root, &err), ERR_USAGE, "neither --root nor WRUN_ROOT");
    assert_null(root);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_word_counts),
        cmocka_unit_test(a_relative_root_is_made_absolute),
        cmocka_unit_test(an_empty_option_is_not_passed_over),
        cmocka_unit_test(no_place_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
