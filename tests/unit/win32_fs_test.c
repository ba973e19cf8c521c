/* SPDX-License-Identifier: MIT */
/* What the file port does differently, or can do wrong, on Windows; fs_test.c has what both ports
 * promise. */
#include "base/cancel.h"
#include "base/os.h"
#include "base/text.h"
#include "check.h"
#include "win32/handle.h"
#include "win32/path.h"
#include "win32/utf16.h"

static void put(const char *path, const char *text)
{
    struct error err = {0};
    assert_ok(fs_write_file(path, text, strlen(text), &err));
}

static void assert_content(const char *path, const char *text)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf content = {0};
    assert_ok(fs_read_file(path, 1000, &content, &err));
    assert_string_equal(buf_str(&content), text);
}

TEST(joining)
{
    CLEANUP(str_free) char *a = fs_join("C:\\x", "y");
    CLEANUP(str_free) char *b = fs_join("C:\\", "y");
    CLEANUP(str_free) char *c = fs_join("C:/x/", "y");
    CLEANUP(str_free) char *d = fs_join("", "y");
    assert_string_equal(a, "C:\\x\\y");
    assert_string_equal(b, "C:\\y");
    assert_string_equal(c, "C:/x/y");
    assert_string_equal(d, "y");
}

TEST(long_and_foreign_names)
{
    struct error err = {0};
    CLEANUP(remove_scratch) char *scratch = make_scratch();
    CLEANUP(str_free) char *part = str_format("%0120d", 7);
    CLEANUP(str_free)
    char *directory =
        str_format("%s/%s/%s/%s \xC3\xBC \xF0\x9F\x98\x80", scratch, part, part, part);
    CLEANUP(str_free) char *file = fs_join(directory, "con");
    CLEANUP(strlist_clear) struct strlist names = {0};
    assert_ok(fs_make_directories(directory, &err));
    assert_ok(fs_make_directories(directory, &err));
    put(file, "long");
    assert_content(file, "long");
    put(file, "longer");
    assert_content(file, "longer");
    assert_ok(fs_list(directory, &names, &err));
    assert_int_equal(names.count, 1);
    assert_string_equal(names.items[0], "con");
    assert_int_equal(fs_type_of(file), FS_FILE);
    assert_int_equal(fs_type_of(directory), FS_DIRECTORY);
}

TEST(a_file_that_is_being_read_can_be_removed)
{
    struct error err = {0};
    CLEANUP(remove_scratch) char *scratch = make_scratch();
    CLEANUP(str_free) char *path = fs_join(scratch, "f");
    CLEANUP(fs_close) struct fs_file reader = {0};
    char seen[4] = {0};
    size_t length;
    put(path, "old");
    assert_ok(fs_open(path, FS_READ, &reader, &err));
    assert_ok(fs_remove_file(path, &err));
    assert_ok(fs_read_at(&reader, 0, seen, 3, &length, &err));
    assert_string_equal(seen, "old");
    fs_close(&reader);
    assert_int_equal(fs_type_of(path), FS_ABSENT);
}

static void close_soon(void *argument)
{
    os_sleep_ms(60);
    fs_close(argument);
}

/* Windows replaces it at once, simulations of it once the reader is done. */
TEST(a_file_that_is_being_read_can_be_replaced)
{
    struct error err = {0};
    CLEANUP(remove_scratch) char *scratch = make_scratch();
    CLEANUP(str_free) char *path = fs_join(scratch, "f");
    struct fs_file reader = {0};
    struct os_thread thread = {0};
    put(path, "old");
    assert_ok(fs_open(path, FS_READ, &reader, &err));
    assert_ok(os_thread_start(&thread, close_soon, &reader, &err));
    put(path, "new");
    assert_content(path, "new");
    os_thread_join(&thread);
}

TEST(read_only_files_are_removed)
{
    struct error err = {0};
    CLEANUP(remove_scratch) char *scratch = make_scratch();
    CLEANUP(str_free) char *path = fs_join(scratch, "f");
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    put(path, "x");
    assert_ok(path_to_wide(path, &wide, &err));
    assert_true(SetFileAttributesW(wide, FILE_ATTRIBUTE_READONLY));
    assert_ok(fs_remove_file(path, &err));
    assert_int_equal(fs_type_of(path), FS_ABSENT);
    assert_ok(fs_remove_file(path, &err));
}

TEST(exclusively_opened_files_are_busy)
{
    struct error err = {0};
    CLEANUP(remove_scratch) char *scratch = make_scratch();
    CLEANUP(str_free) char *path = fs_join(scratch, "f");
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    put(path, "x");
    assert_ok(path_to_wide(path, &wide, &err));
    CLEANUP(handle_close)
    HANDLE owner = handle_or_null(CreateFileW(wide, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL));
    assert_non_null(owner);
    struct fs_file file = {0};
    assert_fails(fs_open(path, FS_READ, &file, &err), ERR_BUSY, path);
    assert_fails(fs_remove_file(path, &err), ERR_BUSY, path);
    assert_int_equal(file.handle, 0);
}

TEST(roots_are_safe)
{
    struct error err = {0};
    assert_ok(fs_make_directories("C:\\", &err));
    assert_fails(fs_remove_tree("C:\\", &err), ERR_USAGE, "root");
    assert_fails(fs_remove_tree("C:\\windows\\..", &err), ERR_USAGE, "root");
    assert_ok(fs_remove_tree("C:\\no\\such\\tree", &err));
    assert_fails(fs_write_file("C:\\", "x", 1, &err), ERR_USAGE, "C:\\");
}

TEST(a_file_in_the_way_of_a_directory)
{
    struct error err = {0};
    CLEANUP(remove_scratch) char *scratch = make_scratch();
    CLEANUP(str_free) char *file = fs_join(scratch, "f");
    CLEANUP(str_free) char *below = fs_join(file, "d");
    put(file, "x");
    assert_fails(fs_make_directories(file, &err), ERR_BUSY, "\\f'");
    assert_false(fs_make_directories(below, &err));
    error_clear(&err);
    assert_content(file, "x");
}

struct waiter {
    const char *path;
    struct cancel cancel;
    bool locked;
    enum err_kind kind;
};

static void wait_for_lock(void *argument)
{
    struct waiter *waiter = argument;
    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    waiter->locked = fs_lock(waiter->path, FS_LOCK_EXCLUSIVE, true, &waiter->cancel, &lock, &err);
    waiter->kind = err.kind;
}

TEST(waiting_for_a_lock_ends_when_asked_to)
{
    struct error err = {0};
    CLEANUP(remove_scratch) char *scratch = make_scratch();
    CLEANUP(str_free) char *path = fs_join(scratch, "lock");
    struct fs_lock lock = {0};
    struct waiter waiter = {.path = path};
    struct os_thread thread = {0};
    assert_ok(fs_lock(path, FS_LOCK_SHARED, false, NULL, &lock, &err));
    assert_ok(cancel_open(&waiter.cancel, &err));
    assert_ok(os_thread_start(&thread, wait_for_lock, &waiter, &err));
    os_sleep_ms(120);
    uint64_t asked = os_monotonic_ms();
    cancel_request(&waiter.cancel);
    os_thread_join(&thread);
    assert_true(os_monotonic_ms() - asked < 2000);
    assert_false(waiter.locked);
    assert_int_equal(waiter.kind, ERR_CANCELLED);
    cancel_close(&waiter.cancel);

    waiter = (struct waiter){.path = path};
    assert_ok(os_thread_start(&thread, wait_for_lock, &waiter, &err));
    os_sleep_ms(60);
    fs_unlock(&lock);
    os_thread_join(&thread);
    assert_true(waiter.locked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joining),
        cmocka_unit_test(long_and_foreign_names),
        cmocka_unit_test(a_file_that_is_being_read_can_be_removed),
        cmocka_unit_test(a_file_that_is_being_read_can_be_replaced),
        cmocka_unit_test(read_only_files_are_removed),
        cmocka_unit_test(exclusively_opened_files_are_busy),
        cmocka_unit_test(roots_are_safe),
        cmocka_unit_test(a_file_in_the_way_of_a_directory),
        cmocka_unit_test(waiting_for_a_lock_ends_when_asked_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
