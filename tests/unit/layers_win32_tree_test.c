/* SPDX-License-Identifier: MIT */
#include "base/os.h"
#include "check.h"
#include "layers/tree_win32.h"
#include "win32/path.h"
#include "win32/privilege.h"
#include "win32/utf16.h"

struct fixture {
    char *directory;
    struct tree_win32 owner;
    struct layer_tree tree;
};

static int set_up(void **state)
{
    struct error err = {0};
    struct fixture *fixture = xcalloc(1, sizeof(*fixture));
    fixture->directory = make_scratch();
    assert_ok(privilege_enable_for_layers(&err));
    assert_ok(tree_win32_open(fixture->directory, &fixture->owner, &err));
    fixture->tree = tree_win32_interface(&fixture->owner);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    tree_win32_close(&fixture->owner);
    remove_scratch(&fixture->directory);
    free(fixture);
    return 0;
}

static struct layer_path path_of(const char *name)
{
    struct error err = {0};
    struct layer_path path = {0};
    assert_ok(layer_path_parse(name, &path, &err));
    return path;
}

static void make_directory(const struct layer_tree *tree, const char *name)
{
    struct error err = {0};
    struct layer_handle handle = {0};
    CLEANUP(layer_path_clear) struct layer_path path = path_of(name);
    assert_ok(tree->ops->make_directory(tree->self, &path, &handle, &err));
    assert_ok(tree->ops->close(tree->self, &handle, &err));
    assert_int_equal(handle.value, 0);
}

static void make_file(const struct layer_tree *tree, const char *name, const char *content)
{
    struct error err = {0};
    struct layer_handle handle = {0};
    CLEANUP(layer_path_clear) struct layer_path path = path_of(name);
    assert_ok(tree->ops->create_file(tree->self, &path, strlen(content), &handle, &err));
    assert_ok(tree->ops->write(tree->self, handle, content, strlen(content), &err));
    assert_ok(tree->ops->close(tree->self, &handle, &err));
}

static enum layer_object_type type_of(const struct layer_tree *tree, const char *name)
{
    struct error err = {0};
    enum layer_object_type type;
    CLEANUP(layer_path_clear) struct layer_path path = path_of(name);
    assert_ok(tree->ops->type_of(tree->self, &path, &type, &err));
    return type;
}

static void assert_content(const struct fixture *fixture, const char *name, const char *expected)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(fixture->directory, name);
    CLEANUP(buf_clear) struct buf content = {0};
    assert_ok(fs_read_file(path, 1000, &content, &err));
    assert_string_equal(buf_str(&content), expected);
}

static void files_and_directories(void **state)
{
    struct fixture *fixture = *state;
    const struct layer_tree *tree = &fixture->tree;
    struct error err = {0};
    struct layer_handle handle = {0};
    make_directory(tree, "Files");
    make_file(tree, "Files/\xC3\xBC.txt", "content");
    assert_content(fixture, "Files\\\xC3\xBC.txt", "content");
    assert_int_equal(type_of(tree, "Files"), LAYER_DIRECTORY);
    assert_int_equal(type_of(tree, "Files/\xC3\xBC.txt"), LAYER_FILE);
    assert_int_equal(type_of(tree, "Files/none/x"), LAYER_ABSENT);

    CLEANUP(layer_path_clear) struct layer_path again = path_of("FILES/\xC3\x9C.TXT");
    CLEANUP(layer_path_clear) struct layer_path orphan = path_of("Files/none/x");
    CLEANUP(layer_path_clear) struct layer_path file = path_of("Files/\xC3\xBC.txt");
    const struct layer_tree_ops *ops = tree->ops;
    assert_fails(ops->create_file(tree->self, &again, 0, &handle, &err), ERR_BUSY, "create");
    assert_fails(ops->make_directory(tree->self, &again, &handle, &err), ERR_BUSY, "create");
    assert_fails(ops->create_file(tree->self, &orphan, 0, &handle, &err), ERR_NOT_FOUND, "none");
    assert_fails(ops->open_directory(tree->self, &orphan, &handle, &err), ERR_NOT_FOUND, "none");
    assert_fails(ops->open_directory(tree->self, &file, &handle, &err), ERR_NOT_FOUND, "txt");
    assert_int_equal(handle.value, 0);
}

static void listing(void **state)
{
    struct fixture *fixture = *state;
    const struct layer_tree *tree = &fixture->tree;
    struct error err = {0};
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(layer_path_clear) struct layer_path top = path_of("Files");
    CLEANUP(layer_path_clear) struct layer_path none = path_of("Files/none");
    CLEANUP(layer_path_clear) struct layer_path file = path_of("Files/a.txt");
    make_directory(tree, "Files");
    assert_ok(tree->ops->list(tree->self, &top, &names, &err));
    assert_int_equal(names.count, 0);
    make_directory(tree, "Files/dir");
    make_file(tree, "Files/dir/below", "x");
    make_file(tree, "Files/a.txt", "x");
    make_file(tree, "Files/\xC3\xBC \xF0\x9F\x8E\x81", "x");
    /* More than one buffer of names. */
    for (unsigned i = 0; i < 700; i++) {
        CLEANUP(str_free) char *name = str_format("Files/many-%03u-%0100u", i, 0u);
        make_file(tree, name, "");
    }
    assert_ok(tree->ops->list(tree->self, &top, &names, &err));
    strlist_sort(&names);
    assert_int_equal(names.count, 703);
    assert_string_equal(names.items[0], "a.txt");
    assert_string_equal(names.items[1], "dir");
    assert_int_equal(strncmp(names.items[2], "many-000-", 9), 0);
    assert_string_equal(names.items[702], "\xC3\xBC \xF0\x9F\x8E\x81");
    assert_fails(tree->ops->list(tree->self, &none, &names, &err), ERR_NOT_FOUND, "none");
    assert_fails(tree->ops->list(tree->self, &file, &names, &err), ERR_NOT_FOUND, "a.txt");
}

static void times_and_attributes(void **state)
{
    struct fixture *fixture = *state;
    const struct layer_tree *tree = &fixture->tree;
    struct error err = {0};
    struct layer_handle handle = {0};
    CLEANUP(layer_path_clear) struct layer_path path = path_of("Files/read-only");
    const struct win_basic_info basic = {.access_time = 133000000000000001,
                                         .write_time = 133444736001234567,
                                         .attributes = FILE_ATTRIBUTE_READONLY
                                             | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM};
    make_directory(tree, "Files");
    assert_ok(tree->ops->create_file(tree->self, &path, 4, &handle, &err));
    assert_ok(tree->ops->write(tree->self, handle, "data", 4, &err));
    assert_ok(tree->ops->set_basic(tree->self, handle, &basic, &err));
    assert_ok(tree->ops->close(tree->self, &handle, &err));

    CLEANUP(str_free) char *host_path = fs_join(fixture->directory, path.text);
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    WIN32_FILE_ATTRIBUTE_DATA found;
    assert_ok(path_to_wide(host_path, &wide, &err));
    assert_true(GetFileAttributesExW(wide, GetFileExInfoStandard, &found));
    assert_int_equal(found.dwFileAttributes & basic.attributes, basic.attributes);
    assert_int_equal(found.ftLastWriteTime.dwLowDateTime, (uint32_t)basic.write_time);
    assert_int_equal(found.ftLastWriteTime.dwHighDateTime, (uint32_t)(basic.write_time >> 32));
    assert_int_equal(found.nFileSizeLow, 4);

    /* Directories get theirs later, and lose nothing by zeros. */
    const struct win_basic_info times = {.write_time = 133000000000000000};
    CLEANUP(layer_path_clear) struct layer_path directory = path_of("Files");
    assert_ok(tree->ops->open_directory(tree->self, &directory, &handle, &err));
    assert_ok(tree->ops->set_basic(tree->self, handle, &times, &err));
    assert_ok(tree->ops->close(tree->self, &handle, &err));
    assert_ok(tree->ops->remove(tree->self, &directory, &err));
    assert_int_equal(type_of(tree, "Files"), LAYER_ABSENT);
}

/* O:SYG:SYD:P(A;;FA;;;SY) with the bit that says its list was inherited. */
static const unsigned char descriptor[] = {
    1, 0, 0x04, 0x94, 20,   0,    0,    0, 32, 0, 0, 0, 0, 0, 0, 0, 44, 0, 0, 0, /* header */
    1, 1, 0,    0,    0,    0,    0,    5, 18, 0, 0, 0,                          /* owner */
    1, 1, 0,    0,    0,    0,    0,    5, 18, 0, 0, 0,                          /* group */
    2, 0, 28,   0,    1,    0,    0,    0,                                       /* DACL */
    0, 0, 20,   0,    0xFF, 0x01, 0x1F, 0, 1,  1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0,
};

static void security_is_set(void **state)
{
    struct fixture *fixture = *state;
    const struct layer_tree *tree = &fixture->tree;
    struct error err = {0};
    struct layer_handle handle = {0};
    CLEANUP(layer_path_clear) struct layer_path path = path_of("Files");
    assert_ok(tree->ops->make_directory(tree->self, &path, &handle, &err));
    assert_ok(tree->ops->set_security(tree->self, handle, descriptor, sizeof(descriptor), &err));
    assert_fails(tree->ops->set_security(tree->self, handle, descriptor, 19, &err), ERR_INTEGRITY,
                 "cut short");
    const unsigned char broken[sizeof(descriptor)] = {9, 0, 4, 0x80};
    assert_false(tree->ops->set_security(tree->self, handle, broken, sizeof(broken), &err));
    assert_non_null(strstr(err.message, "security of 'Files'"));
    error_clear(&err);
    assert_ok(tree->ops->close(tree->self, &handle, &err));
}

static void directories_are_read(void **state)
{
    struct fixture *fixture = *state;
    const struct layer_tree *tree = &fixture->tree;
    const struct win_basic_info basic = {.write_time = INT64_C(133444736000000000),
                                         .attributes = 2};
    struct error err = {0};
    struct layer_handle handle = {0};
    CLEANUP(layer_path_clear) struct layer_path path = path_of("Files");
    CLEANUP(layer_path_clear) struct layer_path absent = path_of("Files/absent");
    CLEANUP(win_meta_clear) struct win_meta meta;
    win_meta_init_directory(&meta);
    assert_ok(tree->ops->make_directory(tree->self, &path, &handle, &err));
    assert_ok(tree->ops->set_basic(tree->self, handle, &basic, &err));
    assert_ok(tree->ops->close(tree->self, &handle, &err));
    assert_ok(tree->ops->read_directory(tree->self, &path, &meta, &err));
    assert_int_equal(meta.basic.write_time, basic.write_time);
    assert_int_equal(meta.attributes, WIN_ATTRIBUTE_DIRECTORY | 2);
    assert_int_equal(meta.basic.attributes, 2);
    assert_true(meta.is_directory);
    assert_ok(security_descriptor_check(meta.security.data, meta.security.length, &err));
    assert_fails(tree->ops->read_directory(tree->self, &absent, &meta, &err), ERR_NOT_FOUND, "");
}

/* What a system cannot do is an error that names the part, never silence. */
static void parts_that_are_refused_are_named(void **state)
{
    struct fixture *fixture = *state;
    const struct layer_tree *tree = &fixture->tree;
    struct error err = {0};
    struct layer_handle handle = {0};
    CLEANUP(layer_path_clear) struct layer_path path = path_of("Files");
    assert_ok(tree->ops->make_directory(tree->self, &path, &handle, &err));
    assert_false(tree->ops->set_ea(tree->self, handle, "nonsense", 8, &err));
    assert_non_null(strstr(err.message, "extended attributes of 'Files'"));
    error_clear(&err);
    assert_false(tree->ops->set_reparse(tree->self, handle, "nonsense", 8, &err));
    assert_non_null(strstr(err.message, "make 'Files' a link"));
    error_clear(&err);
    assert_ok(tree->ops->close(tree->self, &handle, &err));
}

static void streams(void **state)
{
    struct fixture *fixture = *state;
    const struct layer_tree *tree = &fixture->tree;
    struct error err = {0};
    struct layer_handle owner = {0};
    struct layer_handle stream = {0};
    CLEANUP(layer_path_clear) struct layer_path path = path_of("Files/f");
    make_directory(tree, "Files");
    assert_ok(tree->ops->create_file(tree->self, &path, 0, &owner, &err));
    assert_fails(tree->ops->open_stream(tree->self, owner, "a\\b", 0, &stream, &err), ERR_INTEGRITY,
                 "data stream");
    assert_ok(tree->ops->open_stream(tree->self, owner, "Zone.Identifier", 3, &stream, &err));
    assert_ok(tree->ops->write(tree->self, stream, "abc", 3, &err));
    assert_ok(tree->ops->close(tree->self, &stream, &err));
    assert_ok(tree->ops->close(tree->self, &owner, &err));
    assert_content(fixture, "Files\\f:Zone.Identifier", "abc");
    assert_content(fixture, "Files\\f", "");
}

static void links_lead_into_other_trees(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    CLEANUP(remove_scratch) char *other_directory = make_scratch();
    CLEANUP(tree_win32_close) struct tree_win32 other_owner = {0};
    assert_ok(tree_win32_open(other_directory, &other_owner, &err));
    struct layer_tree other = tree_win32_interface(&other_owner);
    make_directory(&other, "Files");
    make_file(&other, "Files/target", "parent's");
    make_directory(&fixture->tree, "Files");

    const struct layer_tree *tree = &fixture->tree;
    CLEANUP(layer_path_clear) struct layer_path link = path_of("Files/link");
    CLEANUP(layer_path_clear) struct layer_path target = path_of("Files/target");
    CLEANUP(layer_path_clear) struct layer_path none = path_of("Files/none");
    assert_ok(tree->ops->link(tree->self, &link, &other, &target, &err));
    assert_content(fixture, "Files\\link", "parent's");
    assert_fails(tree->ops->link(tree->self, &link, &other, &target, &err), ERR_BUSY, "link");
    assert_fails(tree->ops->link(tree->self, &none, &other, &none, &err), ERR_NOT_FOUND, "none");
    assert_ok(tree->ops->remove(tree->self, &link, &err));
    assert_int_equal(type_of(&other, "Files/target"), LAYER_FILE);
}

/* A directory that was worked in is gone when it is removed, and one of the same name is another.
 */
static void directories_are_not_remembered_too_long(void **state)
{
    struct fixture *fixture = *state;
    const struct layer_tree *tree = &fixture->tree;
    struct error err = {0};
    struct layer_handle handle = {0};
    CLEANUP(layer_path_clear) struct layer_path directory = path_of("Files/d");
    CLEANUP(layer_path_clear) struct layer_path file = path_of("Files/d/f");
    make_directory(tree, "Files");
    for (int i = 0; i < 3; i++) {
        make_directory(tree, "Files/d");
        make_file(tree, "Files/d/f", "content");
        assert_ok(tree->ops->remove(tree->self, &directory, &err));
        assert_int_equal(type_of(tree, "Files/d"), LAYER_ABSENT);
        assert_fails(tree->ops->create_file(tree->self, &file, 0, &handle, &err), ERR_NOT_FOUND,
                     "create 'Files\\d\\f' in '");
    }
    make_file(tree, "Files/d", "a file now");
    assert_fails(tree->ops->create_file(tree->self, &file, 0, &handle, &err), ERR_NOT_FOUND,
                 "create 'Files\\d\\f' in '");
    assert_content(fixture, "Files\\d", "a file now");
}

/* More directories than are kept open, worked in by several threads at once. */
enum { DIRECTORIES = SAFE_DIRS_COUNT + 8, THREADS = 4, ROUNDS = 3 };

struct worker {
    const struct layer_tree *tree;
    int number;
    struct error err;
};

static void make_some_files(void *argument)
{
    struct worker *worker = argument;
    const struct layer_tree *tree = worker->tree;
    bool good = true;
    for (int i = 0; good && i < DIRECTORIES * ROUNDS; i++) {
        int directory = (i * 7 + worker->number) % DIRECTORIES;
        struct layer_handle handle = {0};
        CLEANUP(layer_path_clear) struct layer_path path = {0};
        CLEANUP(str_free)
        char *name = str_format("Files/d%d/f%d.%d", directory, worker->number, i);
        good = layer_path_parse(name, &path, &worker->err)
            && tree->ops->create_file(tree->self, &path, 1, &handle, &worker->err)
            && tree->ops->write(tree->self, handle, "x", 1, &worker->err)
            && tree->ops->close(tree->self, &handle, &worker->err);
    }
}

static void threads_make_files_side_by_side(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct os_thread threads[THREADS] = {{0}};
    struct worker workers[THREADS] = {{0}};
    make_directory(&fixture->tree, "Files");
    for (int i = 0; i < DIRECTORIES; i++) {
        CLEANUP(str_free) char *name = str_format("Files/d%d", i);
        make_directory(&fixture->tree, name);
    }
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.tree = &fixture->tree, .number = i};
        assert_ok(os_thread_start(&threads[i], make_some_files, &workers[i], &err));
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(&threads[i]);
        if (error_is_set(&workers[i].err))
            fail_msg("thread %d: %s", i, workers[i].err.message);
    }
    size_t files = 0;
    for (int i = 0; i < DIRECTORIES; i++) {
        CLEANUP(str_free) char *path = str_format("%s\\Files\\d%d", fixture->directory, i);
        CLEANUP(strlist_clear) struct strlist names = {0};
        assert_ok(fs_list(path, &names, &err));
        files += names.count;
    }
    assert_int_equal(files, DIRECTORIES * ROUNDS * THREADS);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(files_and_directories),
        test(listing),
        test(times_and_attributes),
        test(security_is_set),
        test(directories_are_read),
        test(parts_that_are_refused_are_named),
        test(streams),
        test(links_lead_into_other_trees),
        test(directories_are_not_remembered_too_long),
        test(threads_make_files_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
