/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "win32/handle.h"
#include "win32/safe_root.h"

static const struct nt_open create_file = {
    .access = GENERIC_READ | GENERIC_WRITE, .share = FILE_SHARE_READ, .disposition = FILE_CREATE};

struct fixture {
    char *directory;
    struct safe_root root;
};

static int set_up(void **state)
{
    struct error err = {0};
    struct fixture *fixture = xcalloc(1, sizeof(*fixture));
    fixture->directory = make_scratch();
    assert_ok(safe_root_open(fixture->directory, &fixture->root, &err));
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    safe_root_close(&fixture->root);
    remove_scratch(&fixture->directory);
    free(fixture);
    return 0;
}

static void put_file(const struct safe_root *root, const char *relative, const char *content)
{
    struct error err = {0};
    CLEANUP(handle_close) HANDLE file = NULL;
    DWORD written;
    assert_ok(safe_root_open_at(root, relative, &create_file, &file, &err));
    assert_true(WriteFile(file, content, (DWORD)strlen(content), &written, NULL));
}

static void assert_type(const struct safe_root *root, const char *relative, enum safe_type type)
{
    struct error err = {0};
    enum safe_type found;
    assert_ok(safe_root_type_of(root, relative, &found, &err));
    assert_int_equal(found, type);
}

static void refuses_paths_that_lead_elsewhere(void **state)
{
    struct fixture *fixture = *state;
    static const char *const bad[] = {
        "",      "..",       "..\\x", "a\\..\\x",     ".",  "a\\.\\b", "\\x", "a\\", "a\\\\b",
        "C:\\x", "a:stream", "a/b",   "\\\\?\\C:\\x", "C:", "a\\..",
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct error err = {0};
        HANDLE handle = NULL;
        enum safe_type type;
        const struct safe_root *root = &fixture->root;
        const struct safe_link link = {root, "target", root, bad[i]};
        assert_fails(safe_root_open_at(root, bad[i], &create_file, &handle, &err), ERR_INTEGRITY,
                     "plain relative path");
        assert_fails(safe_root_make_directory(root, bad[i], &err), ERR_INTEGRITY, "plain");
        assert_fails(safe_root_type_of(root, bad[i], &type, &err), ERR_INTEGRITY, "plain");
        assert_fails(safe_root_remove(root, bad[i], &err), ERR_INTEGRITY, "plain");
        assert_fails(safe_root_remove_tree(root, bad[i], &err), ERR_INTEGRITY, "plain");
        assert_fails(safe_root_link(&link, &err), ERR_INTEGRITY, "plain");
        assert_null(handle);
    }
    struct error err = {0};
    HANDLE handle = NULL;
    assert_fails(safe_root_open_stream(&fixture->root, "a", "b:c", &create_file, &handle, &err),
                 ERR_INTEGRITY, "data stream");
    assert_fails(safe_root_open_stream(&fixture->root, "a", "", &create_file, &handle, &err),
                 ERR_INTEGRITY, "data stream");
    assert_fails(safe_root_open_stream(&fixture->root, "..", "s", &create_file, &handle, &err),
                 ERR_INTEGRITY, "plain");
}

static void names_of_all_kinds(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    /* 300 units in two components, umlauts, an emoji, and what Win32 would rewrite. */
    CLEANUP(str_free) char *directory = str_format("%0150d", 0);
    CLEANUP(str_free) char *name = str_format("%s\\%0150d", directory, 0);
    const char *const names[] = {name, "\xC3\x84pfel", "\xF0\x9F\x98\x80.txt", "trail.", "nul.txt"};
    assert_ok(safe_root_make_directory(&fixture->root, directory, &err));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        put_file(&fixture->root, names[i], "x");
        assert_type(&fixture->root, names[i], SAFE_FILE);
        HANDLE handle = NULL;
        assert_fails(safe_root_open_at(&fixture->root, names[i], &create_file, &handle, &err),
                     ERR_BUSY, "create");
    }
    /* Other case, same file. */
    assert_type(&fixture->root, "\xC3\xA4PFEL", SAFE_FILE);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        assert_ok(safe_root_remove(&fixture->root, names[i], &err));
        assert_type(&fixture->root, names[i], SAFE_ABSENT);
    }
}

static void deeper_than_max_path(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    CLEANUP(str_free) char *path = xstrdup("d0");
    assert_ok(safe_root_make_directory(&fixture->root, path, &err));
    for (unsigned i = 1; i < 40; i++) {
        char *deeper = str_format("%s\\directory number %u", path, i);
        free(path);
        path = deeper;
        assert_ok(safe_root_make_directory(&fixture->root, path, &err));
    }
    assert_true(strlen(path) > 2 * MAX_PATH);
    CLEANUP(str_free) char *file = str_format("%s\\file", path);
    put_file(&fixture->root, file, "x");
    assert_ok(safe_root_remove_tree(&fixture->root, "d0", &err));
    assert_type(&fixture->root, "d0", SAFE_ABSENT);
}

static void remove_tree_takes_everything(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    const struct safe_root *root = &fixture->root;
    assert_ok(safe_root_make_directory(root, "keep", &err));
    assert_ok(safe_root_make_directory(root, "t", &err));
    assert_ok(safe_root_make_directory(root, "t\\empty", &err));
    assert_ok(safe_root_make_directory(root, "t\\full", &err));
    for (unsigned i = 0; i < 300; i++) {
        CLEANUP(str_free) char *name = str_format("t\\full\\%u", i);
        put_file(root, name, "x");
    }
    put_file(root, "t\\read-only", "x");
    CLEANUP(str_free) char *path = fs_join(fixture->directory, "t\\read-only");
    assert_true(SetFileAttributesA(path, FILE_ATTRIBUTE_READONLY));

    assert_ok(safe_root_remove_tree(root, "t", &err));
    assert_type(root, "t", SAFE_ABSENT);
    assert_type(root, "keep", SAFE_DIRECTORY);
    assert_ok(safe_root_remove_tree(root, "t", &err)); /* absent is success */
    assert_ok(safe_root_remove_tree(root, "no\\such", &err));
}

static void remove_refuses_a_full_directory(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    assert_ok(safe_root_make_directory(&fixture->root, "d", &err));
    put_file(&fixture->root, "d\\f", "x");
    assert_fails(safe_root_remove(&fixture->root, "d", &err), ERR_BUSY, "remove 'd'");
    assert_type(&fixture->root, "d\\f", SAFE_FILE);
}

static void a_file_held_by_others_is_reported(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    assert_ok(safe_root_make_directory(&fixture->root, "d", &err));
    put_file(&fixture->root, "d\\held", "x");
    put_file(&fixture->root, "d\\zfree", "x");
    CLEANUP(handle_close) HANDLE held = NULL;
    const struct nt_open exclusive = {.access = GENERIC_READ, .disposition = FILE_OPEN};
    assert_ok(safe_root_open_at(&fixture->root, "d\\held", &exclusive, &held, &err));
    assert_fails(safe_root_remove_tree(&fixture->root, "d", &err), ERR_BUSY, "remove 'd'");
    assert_type(&fixture->root, "d\\held", SAFE_FILE);
    assert_type(&fixture->root, "d\\zfree", SAFE_ABSENT);
}

#define BRANCHES 40

/* So wide and deep that several threads take part. */
static void put_branches(const struct safe_root *root, const char *top)
{
    struct error err = {0};
    assert_ok(safe_root_make_directory(root, top, &err));
    for (unsigned i = 0; i < BRANCHES; i++) {
        CLEANUP(str_free) char *branch = str_format("%s\\%u", top, i);
        CLEANUP(str_free) char *file = str_format("%s\\f", branch);
        CLEANUP(str_free) char *twig = str_format("%s\\twig", branch);
        CLEANUP(str_free) char *leaf = str_format("%s\\leaf", twig);
        CLEANUP(str_free) char *bare = str_format("%s\\bare", twig);
        assert_ok(safe_root_make_directory(root, branch, &err));
        assert_ok(safe_root_make_directory(root, twig, &err));
        assert_ok(safe_root_make_directory(root, bare, &err));
        put_file(root, file, "x");
        put_file(root, leaf, "x");
    }
}

static void many_directories_go(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    put_branches(&fixture->root, "many");
    assert_ok(safe_root_remove_tree(&fixture->root, "many", &err));
    assert_type(&fixture->root, "many", SAFE_ABSENT);
}

static void of_many_directories_those_with_a_held_file_stay(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    const struct safe_root *root = &fixture->root;
    put_branches(root, "many");
    CLEANUP(handle_close) HANDLE held = NULL;
    const struct nt_open exclusive = {.access = GENERIC_READ, .disposition = FILE_OPEN};
    assert_ok(safe_root_open_at(root, "many\\20\\twig\\leaf", &exclusive, &held, &err));
    assert_fails(safe_root_remove_tree(root, "many", &err), ERR_BUSY, "remove 'many'");
    assert_type(root, "many\\20\\twig\\leaf", SAFE_FILE);
    assert_type(root, "many\\20\\twig\\bare", SAFE_ABSENT);
    assert_type(root, "many\\20\\f", SAFE_ABSENT);
    for (unsigned i = 0; i < BRANCHES; i++) {
        CLEANUP(str_free) char *branch = str_format("many\\%u", i);
        assert_type(root, branch, i == 20 ? SAFE_DIRECTORY : SAFE_ABSENT);
    }
    handle_close(&held);
    assert_ok(safe_root_remove_tree(root, "many", &err));
    assert_type(root, "many", SAFE_ABSENT);
}

static void links(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    const struct safe_root *root = &fixture->root;
    CLEANUP(safe_root_close) struct safe_root other = {0};
    assert_ok(safe_root_make_directory(root, "a", &err));
    assert_ok(safe_root_make_directory(root, "b", &err));
    assert_ok(safe_root_open_below(root, "b", &other, &err));
    put_file(root, "a\\f", "content");
    assert_ok(safe_root_make_directory(&other, "sub", &err));

    const struct safe_link good = {root, "a\\f", &other, "sub\\g"};
    assert_ok(safe_root_link(&good, &err));
    CLEANUP(str_free) char *path = fs_join(fixture->directory, "b\\sub\\g");
    CLEANUP(buf_clear) struct buf content;
    assert_ok(fs_read_file(path, 100, &content, &err));
    assert_string_equal(buf_str(&content), "content");

    const struct safe_link at_the_top = {root, "a\\f", root, "top"};
    assert_ok(safe_root_link(&at_the_top, &err));
    assert_type(root, "top", SAFE_FILE);

    assert_fails(safe_root_link(&good, &err), ERR_BUSY, "sub\\g");
    const struct safe_link no_target = {root, "a\\none", &other, "sub\\h"};
    assert_fails(safe_root_link(&no_target, &err), ERR_NOT_FOUND, "a\\none");
    const struct safe_link no_parent = {root, "a\\f", &other, "none\\h"};
    assert_fails(safe_root_link(&no_parent, &err), ERR_NOT_FOUND, "none");
    const struct safe_link directory = {root, "a", &other, "sub\\h"};
    assert_false(safe_root_link(&directory, &err));
    error_clear(&err);
    assert_type(&other, "sub\\h", SAFE_ABSENT);
}

static void types(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    assert_type(&fixture->root, "d", SAFE_ABSENT);
    assert_ok(safe_root_make_directory(&fixture->root, "d", &err));
    put_file(&fixture->root, "d\\f", "");
    assert_type(&fixture->root, "d", SAFE_DIRECTORY);
    assert_type(&fixture->root, "D\\F", SAFE_FILE);
    assert_type(&fixture->root, "d\\none\\x", SAFE_ABSENT);
    assert_fails(safe_root_make_directory(&fixture->root, "d", &err), ERR_BUSY, "create 'd'");
    assert_fails(safe_root_make_directory(&fixture->root, "x\\y", &err), ERR_NOT_FOUND, "x\\y");
    struct safe_root below = {0};
    assert_false(safe_root_open_below(&fixture->root, "d\\f", &below, &err));
    error_clear(&err);
    assert_fails(safe_root_open_below(&fixture->root, "none", &below, &err), ERR_NOT_FOUND, "none");
    assert_null(below.handle);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(refuses_paths_that_lead_elsewhere),
        test(names_of_all_kinds),
        test(deeper_than_max_path),
        test(remove_tree_takes_everything),
        test(remove_refuses_a_full_directory),
        test(a_file_held_by_others_is_reported),
        test(many_directories_go),
        test(of_many_directories_those_with_a_held_file_stay),
        test(links),
        test(types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
