/* SPDX-License-Identifier: MIT */
/* The file port as every system must offer it; fs_posix_test.c has links, processes and depth. */
#include "base/cancel.h"
#include "base/fs.h"
#include "base/os.h"
#include "base/text.h"
#include "check.h"
#include "scratch_fixture.h"

static void write_text(const char *path, const char *text)
{
    struct error err = {0};
    assert_ok(fs_write_file(path, text, strlen(text), &err));
}

static void assert_content(const char *path, const char *expected)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf content = {0};
    assert_ok(fs_read_file(path, 1000, &content, &err));
    assert_string_equal(buf_str(&content), expected);
}

static void assert_names(const char *path, const char *expected)
{
    struct error err = {0};
    CLEANUP(strlist_clear) struct strlist names = {0};
    assert_ok(fs_list(path, &names, &err));
    CLEANUP(str_free) char *joined = strlist_join(&names, " ");
    assert_string_equal(joined, expected);
}

/* ---- paths and queries ---- */

TEST(a_relative_path_becomes_absolute)
{
    struct error err = {0};
    CLEANUP(str_free) char *absolute = NULL;
    CLEANUP(str_free) char *again = NULL;
    assert_ok(fs_absolute(scratch, &absolute, &err));
    assert_true(str_ends_with(absolute, scratch));
    assert_true(strlen(absolute) > strlen(scratch));
    assert_int_equal(fs_type_of(absolute), FS_DIRECTORY);
    assert_ok(fs_absolute(absolute, &again, &err));
    assert_string_equal(again, absolute);
}

TEST(types_are_told_apart)
{
    CLEANUP(str_free) char *file = fs_join(scratch, "file");
    CLEANUP(str_free) char *below = fs_join(file, "x");
    assert_int_equal(fs_type_of(scratch), FS_DIRECTORY);
    assert_int_equal(fs_type_of(file), FS_ABSENT);
    write_text(file, "x");
    assert_int_equal(fs_type_of(file), FS_FILE);
    assert_int_equal(fs_type_of(below), FS_ABSENT);
    assert_int_equal(fs_type_of(""), FS_ABSENT);
}

TEST(sizes_are_those_of_files)
{
    struct error err = {0};
    uint64_t size = 77;
    CLEANUP(str_free) char *file = fs_join(scratch, "file");
    assert_fails(fs_file_size(file, &size, &err), ERR_NOT_FOUND, "file");
    assert_true(size == 77);
    write_text(file, "12345");
    assert_ok(fs_file_size(file, &size, &err));
    assert_true(size == 5);
}

TEST(lists_are_sorted_names)
{
    static const char *const unsorted[] = {"b", "a", "c d", "\xc3\xa4"};
    assert_names(scratch, "");
    for (size_t i = 0; i < ARRAY_SIZE(unsorted); i++) {
        CLEANUP(str_free) char *path = fs_join(scratch, unsorted[i]);
        write_text(path, "");
    }
    CLEANUP(str_free) char *directory = fs_join(scratch, "aa");
    struct error err = {0};
    assert_ok(fs_make_directories(directory, &err));
    assert_names(scratch, "a aa b c d \xc3\xa4");

    CLEANUP(str_free) char *absent = fs_join(scratch, "absent");
    assert_names(absent, "");
    CLEANUP(str_free) char *file = fs_join(scratch, "a");
    CLEANUP(strlist_clear) struct strlist names = {0};
    assert_false(fs_list(file, &names, &err));
    assert_true(error_is_set(&err));
    error_clear(&err);
}

TEST(free_space_is_known)
{
    struct error err = {0};
    uint64_t bytes = 0;
    assert_ok(fs_free_space(scratch, &bytes, &err));
    assert_true(bytes > 0);
    CLEANUP(str_free) char *absent = fs_join(scratch, "absent");
    assert_fails(fs_free_space(absent, &bytes, &err), ERR_NOT_FOUND, "absent");
}

/* ---- whole files ---- */

TEST(directories_are_made_with_their_parents)
{
    struct error err = {0};
    CLEANUP(str_free) char *deep = fs_join(scratch, "a/b/c");
    assert_ok(fs_make_directories(deep, &err));
    assert_int_equal(fs_type_of(deep), FS_DIRECTORY);
    assert_ok(fs_make_directories(deep, &err));

    CLEANUP(str_free) char *file = fs_join(scratch, "file");
    CLEANUP(str_free) char *below = fs_join(file, "x");
    write_text(file, "x");
    assert_false(fs_make_directories(file, &err));
    error_clear(&err);
    assert_false(fs_make_directories(below, &err));
    error_clear(&err);
    assert_content(file, "x");
}

TEST(files_are_replaced_whole)
{
    CLEANUP(str_free) char *file = fs_join(scratch, "file");
    write_text(file, "a longer first text");
    assert_content(file, "a longer first text");
    write_text(file, "second");
    assert_content(file, "second");
    write_text(file, "");
    assert_content(file, "");
    /* No temporary sibling stays. */
    assert_names(scratch, "file");
}

TEST(a_file_that_cannot_be_written_leaves_nothing)
{
    struct error err = {0};
    CLEANUP(str_free) char *directory = fs_join(scratch, "directory");
    CLEANUP(str_free) char *inside = fs_join(directory, "x");
    CLEANUP(str_free) char *nowhere = fs_join(scratch, "absent/file");
    assert_ok(fs_make_directories(directory, &err));
    write_text(inside, "x");

    assert_false(fs_write_file(directory, "y", 1, &err));
    assert_non_null(strstr(err.message, "directory"));
    error_clear(&err);
    assert_fails(fs_write_file(nowhere, "y", 1, &err), ERR_NOT_FOUND, "absent");
    assert_names(scratch, "directory");
    assert_content(inside, "x");
}

TEST(reading_is_capped)
{
    struct error err = {0};
    CLEANUP(str_free) char *file = fs_join(scratch, "file");
    CLEANUP(buf_clear) struct buf content = {0};
    assert_fails(fs_read_file(file, 10, &content, &err), ERR_NOT_FOUND, "file");
    write_text(file, "0123456789");
    assert_fails(fs_read_file(file, 9, &content, &err), ERR_INTEGRITY, "limit of 9 bytes");
    assert_null(content.data);
    assert_ok(fs_read_file(file, 10, &content, &err));
    assert_int_equal(content.length, 10);
}

TEST(large_and_binary_files_are_read_whole)
{
    enum { SIZE = 300001 };
    struct error err = {0};
    CLEANUP(mem_free) unsigned char *data = xmalloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (unsigned char)(i % 253);
    CLEANUP(str_free) char *file = fs_join(scratch, "file");
    assert_ok(fs_write_file(file, data, SIZE, &err));
    CLEANUP(buf_clear) struct buf content = {0};
    assert_ok(fs_read_file(file, SIZE, &content, &err));
    assert_int_equal(content.length, SIZE);
    assert_memory_equal(content.data, data, SIZE);
}

TEST(files_are_removed_once)
{
    struct error err = {0};
    CLEANUP(str_free) char *file = fs_join(scratch, "file");
    write_text(file, "x");
    assert_ok(fs_remove_file(file, &err));
    assert_int_equal(fs_type_of(file), FS_ABSENT);
    assert_ok(fs_remove_file(file, &err));

    CLEANUP(str_free) char *directory = fs_join(scratch, "directory");
    assert_ok(fs_make_directories(directory, &err));
    assert_false(fs_remove_file(directory, &err));
    error_clear(&err);
    assert_int_equal(fs_type_of(directory), FS_DIRECTORY);
}

TEST(trees_are_removed_whole)
{
    struct error err = {0};
    CLEANUP(str_free) char *tree = fs_join(scratch, "tree");
    CLEANUP(str_free) char *beside = fs_join(scratch, "beside");
    write_text(beside, "stays");
    for (int i = 0; i < 20; i++) {
        CLEANUP(str_free) char *directory = str_format("%s/%d/empty/deeper/%d", tree, i % 4, i);
        CLEANUP(str_free) char *file = fs_join(directory, "file");
        assert_ok(fs_make_directories(directory, &err));
        write_text(file, "x");
    }
    assert_ok(fs_remove_tree(tree, &err));
    assert_int_equal(fs_type_of(tree), FS_ABSENT);
    assert_names(scratch, "beside");
    assert_ok(fs_remove_tree(tree, &err));
}

TEST(renaming_respects_what_is_there)
{
    struct error err = {0};
    CLEANUP(str_free) char *a = fs_join(scratch, "a");
    CLEANUP(str_free) char *b = fs_join(scratch, "b");
    write_text(a, "A");
    write_text(b, "B");
    assert_fails(fs_rename(a, b, false, &err), ERR_BUSY, "rename");
    assert_content(a, "A");
    assert_content(b, "B");
    assert_ok(fs_rename(a, b, true, &err));
    assert_content(b, "A");
    assert_names(scratch, "b");
    assert_ok(fs_rename(b, a, false, &err));
    assert_names(scratch, "a");
    assert_fails(fs_rename(b, a, true, &err), ERR_NOT_FOUND, "rename");
    assert_fails(fs_rename(b, a, false, &err), ERR_NOT_FOUND, "rename");
    assert_content(a, "A");
}

TEST(directories_are_renamed_too)
{
    struct error err = {0};
    CLEANUP(str_free) char *a = fs_join(scratch, "a");
    CLEANUP(str_free) char *b = fs_join(scratch, "b");
    CLEANUP(str_free) char *inside = fs_join(a, "x");
    assert_ok(fs_make_directories(a, &err));
    assert_ok(fs_make_directories(b, &err));
    write_text(inside, "x");
    assert_fails(fs_rename(a, b, false, &err), ERR_BUSY, "rename");
    assert_names(scratch, "a b");
    assert_ok(fs_remove_tree(b, &err));
    assert_ok(fs_rename(a, b, false, &err));
    assert_names(scratch, "b");
    assert_names(b, "x");
}

/* ---- open files ---- */

TEST(modes_decide_what_must_exist)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(scratch, "file");
    CLEANUP(fs_close) struct fs_file file = {0};
    assert_fails(fs_open(path, FS_READ, &file, &err), ERR_NOT_FOUND, "file");
    assert_int_equal(file.handle, 0);
    assert_ok(fs_open(path, FS_CREATE_NEW, &file, &err));
    assert_ok(fs_write_at(&file, 0, "abc", 3, &err));
    fs_close(&file);
    assert_int_equal(file.handle, 0);
    assert_fails(fs_open(path, FS_CREATE_NEW, &file, &err), ERR_BUSY, "file");

    assert_ok(fs_open(path, FS_READ_WRITE, &file, &err));
    assert_ok(fs_write_at(&file, 1, "X", 1, &err));
    fs_close(&file);
    assert_content(path, "aXc");

    assert_ok(fs_open(path, FS_READ, &file, &err));
    assert_false(fs_write_at(&file, 0, "y", 1, &err));
    error_clear(&err);
    fs_close(&file);
    fs_close(&file);
    assert_content(path, "aXc");
}

TEST(bytes_are_read_and_written_anywhere)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(scratch, "file");
    CLEANUP(fs_close) struct fs_file file = {0};
    char read[8] = "";
    size_t length = 77;
    uint64_t size;
    assert_ok(fs_open(path, FS_READ_WRITE, &file, &err));
    assert_ok(fs_read_at(&file, 0, read, sizeof read, &length, &err));
    assert_int_equal(length, 0);
    assert_ok(fs_write_at(&file, 4, "efgh", 4, &err));
    assert_ok(fs_write_at(&file, 0, "abcd", 4, &err));
    assert_ok(fs_size(&file, &size, &err));
    assert_true(size == 8);
    assert_ok(fs_read_at(&file, 2, read, 4, &length, &err));
    assert_int_equal(length, 4);
    assert_memory_equal(read, "cdef", 4);
    assert_ok(fs_read_at(&file, 6, read, sizeof read, &length, &err));
    assert_int_equal(length, 2);
    assert_memory_equal(read, "gh", 2);
    assert_ok(fs_read_at(&file, 100, read, sizeof read, &length, &err));
    assert_int_equal(length, 0);

    assert_ok(fs_truncate(&file, 3, &err));
    assert_ok(fs_flush(&file, &err));
    assert_content(path, "abc");
    assert_ok(fs_truncate(&file, 5, &err));
    assert_ok(fs_read_at(&file, 0, read, sizeof read, &length, &err));
    assert_int_equal(length, 5);
    assert_memory_equal(read, "abc\0\0", 5);

    assert_false(fs_write_at(&file, UINT64_MAX - 1, "x", 1, &err));
    error_clear(&err);
    assert_false(fs_read_at(&file, UINT64_MAX, read, 1, &length, &err));
    error_clear(&err);
    assert_false(fs_truncate(&file, UINT64_MAX, &err));
    error_clear(&err);
}

TEST(positions_beyond_four_gigabytes_are_real)
{
    struct error err = {0};
    const uint64_t far_away = UINT64_C(5) << 30;
    CLEANUP(str_free) char *path = fs_join(scratch, "file");
    CLEANUP(fs_close) struct fs_file file = {0};
    uint64_t size;
    char read[2];
    size_t length;
    assert_ok(fs_open(path, FS_CREATE_NEW, &file, &err));
    assert_ok(fs_write_at(&file, far_away, "x", 1, &err));
    assert_ok(fs_size(&file, &size, &err));
    assert_true(size == far_away + 1);
    assert_ok(fs_read_at(&file, far_away - 1, read, 2, &length, &err));
    assert_int_equal(length, 2);
    assert_memory_equal(read, "\0x", 2);
}

/* ---- locks ---- */

TEST(locks_exclude_each_other)
{
    static const struct {
        enum fs_lock_mode held;
        enum fs_lock_mode wanted;
        bool compatible;
    } rows[] = {
        {FS_LOCK_SHARED, FS_LOCK_SHARED, true},
        {FS_LOCK_SHARED, FS_LOCK_EXCLUSIVE, false},
        {FS_LOCK_EXCLUSIVE, FS_LOCK_SHARED, false},
        {FS_LOCK_EXCLUSIVE, FS_LOCK_EXCLUSIVE, false},
    };
    CLEANUP(str_free) char *path = fs_join(scratch, "lock");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(fs_unlock) struct fs_lock held = {0};
        CLEANUP(fs_unlock) struct fs_lock wanted = {0};
        assert_ok(fs_lock(path, rows[i].held, false, NULL, &held, &err));
        if (rows[i].compatible) {
            assert_ok(fs_lock(path, rows[i].wanted, false, NULL, &wanted, &err));
        } else {
            assert_fails(fs_lock(path, rows[i].wanted, false, NULL, &wanted, &err), ERR_BUSY,
                         "lock");
            assert_int_equal(wanted.file.handle, 0);
            fs_unlock(&held);
            assert_ok(fs_lock(path, rows[i].wanted, false, NULL, &wanted, &err));
        }
    }
    assert_int_equal(fs_type_of(path), FS_FILE);
}

TEST(a_lock_needs_its_directory)
{
    struct error err = {0};
    struct fs_lock lock = {0};
    CLEANUP(str_free) char *path = fs_join(scratch, "absent/lock");
    assert_fails(fs_lock(path, FS_LOCK_SHARED, true, NULL, &lock, &err), ERR_NOT_FOUND, "absent");
    fs_unlock(&lock);
}

static void request_soon(void *argument)
{
    os_sleep_ms(150);
    cancel_request(argument);
}

TEST(a_wait_ends_when_cancelled)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(scratch, "lock");
    CLEANUP(cancel_close) struct cancel cancel = {0};
    CLEANUP(fs_unlock) struct fs_lock held = {0};
    CLEANUP(fs_unlock) struct fs_lock wanted = {0};
    assert_ok(cancel_open(&cancel, &err));
    assert_ok(fs_lock(path, FS_LOCK_EXCLUSIVE, true, &cancel, &held, &err));

    struct os_thread thread = {0};
    assert_ok(os_thread_start(&thread, request_soon, &cancel, &err));
    uint64_t start = os_monotonic_ms();
    assert_fails(fs_lock(path, FS_LOCK_SHARED, true, &cancel, &wanted, &err), ERR_CANCELLED,
                 "interrupted");
    uint64_t waited = os_monotonic_ms() - start;
    os_thread_join(&thread);
    assert_in_range(waited, 100, 5000);
    assert_int_equal(wanted.file.handle, 0);
}

static void unlock_soon(void *argument)
{
    os_sleep_ms(150);
    fs_unlock(argument);
}

TEST(a_wait_ends_when_the_lock_is_free)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(scratch, "lock");
    struct fs_lock held = {0};
    CLEANUP(fs_unlock) struct fs_lock wanted = {0};
    assert_ok(fs_lock(path, FS_LOCK_EXCLUSIVE, true, NULL, &held, &err));
    struct os_thread thread = {0};
    assert_ok(os_thread_start(&thread, unlock_soon, &held, &err));
    uint64_t start = os_monotonic_ms();
    assert_ok(fs_lock(path, FS_LOCK_EXCLUSIVE, true, NULL, &wanted, &err));
    assert_true(os_monotonic_ms() - start >= 100);
    os_thread_join(&thread);
}

/* ---- age and size of trees ---- */

TEST(what_was_just_written_is_young)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(scratch, "file");
    uint64_t age = UINT64_MAX;
    assert_fails(fs_age(path, &age, &err), ERR_NOT_FOUND, "look at");
    write_text(path, "x");
    assert_ok(fs_age(path, &age, &err));
    assert_true(age < 100);
    assert_ok(fs_age(scratch, &age, &err));
    assert_true(age < 100);
}

TEST(the_size_of_a_tree_is_that_of_its_files)
{
    struct error err = {0};
    CLEANUP(str_free) char *below = fs_join(scratch, "below");
    CLEANUP(str_free) char *first = fs_join(scratch, "first");
    CLEANUP(str_free) char *second = fs_join(below, "second");
    assert_true(fs_tree_size(scratch) == 0);
    assert_ok(fs_make_directories(below, &err));
    write_text(first, "123");
    write_text(second, "12345");
    assert_true(fs_tree_size(scratch) == 8);
    assert_true(fs_tree_size(second) == 5);
    assert_true(fs_tree_size("no-such-directory") == 0);
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCRATCH(a_relative_path_becomes_absolute),
        WITH_SCRATCH(types_are_told_apart),
        WITH_SCRATCH(sizes_are_those_of_files),
        WITH_SCRATCH(lists_are_sorted_names),
        WITH_SCRATCH(free_space_is_known),
        WITH_SCRATCH(directories_are_made_with_their_parents),
        WITH_SCRATCH(files_are_replaced_whole),
        WITH_SCRATCH(a_file_that_cannot_be_written_leaves_nothing),
        WITH_SCRATCH(reading_is_capped),
        WITH_SCRATCH(large_and_binary_files_are_read_whole),
        WITH_SCRATCH(files_are_removed_once),
        WITH_SCRATCH(trees_are_removed_whole),
        WITH_SCRATCH(renaming_respects_what_is_there),
        WITH_SCRATCH(directories_are_renamed_too),
        WITH_SCRATCH(modes_decide_what_must_exist),
        WITH_SCRATCH(bytes_are_read_and_written_anywhere),
        WITH_SCRATCH(positions_beyond_four_gigabytes_are_real),
        WITH_SCRATCH(locks_exclude_each_other),
        WITH_SCRATCH(a_lock_needs_its_directory),
        WITH_SCRATCH(a_wait_ends_when_cancelled),
        WITH_SCRATCH(a_wait_ends_when_the_lock_is_free),
        WITH_SCRATCH(what_was_just_written_is_young),
        WITH_SCRATCH(the_size_of_a_tree_is_that_of_its_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
