/* SPDX-License-Identifier: MIT */
/* What fs_test.c cannot ask of every system: links, other processes, depth. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/os.h"
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

TEST(joining_knows_the_separator)
{
    static const struct {
        const char *directory;
        const char *name;
        const char *expected;
    } rows[] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {"", "b", "b"}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_free) char *path = fs_join(rows[i].directory, rows[i].name);
        assert_string_equal(path, rows[i].expected);
    }
    struct error err = {0};
    char *none = NULL;
    assert_fails(fs_absolute("", &none, &err), ERR_USAGE, "empty");
    assert_fails(fs_make_directories("", &err), ERR_USAGE, "empty");
    assert_null(none);
}

TEST(links_are_other_and_never_followed_by_removal)
{
    struct error err = {0};
    CLEANUP(str_free) char *outside = fs_join(scratch, "outside");
    CLEANUP(str_free) char *precious = fs_join(outside, "precious");
    CLEANUP(str_free) char *tree = fs_join(scratch, "tree");
    CLEANUP(str_free) char *deep = fs_join(tree, "a/b");
    CLEANUP(str_free) char *to_directory = fs_join(deep, "directory");
    CLEANUP(str_free) char *to_file = fs_join(deep, "file");
    CLEANUP(str_free) char *to_nothing = fs_join(tree, "nothing");
    CLEANUP(str_free) char *to_itself = fs_join(tree, "loop");
    assert_ok(fs_make_directories(outside, &err));
    assert_ok(fs_make_directories(deep, &err));
    write_text(precious, "stays");
    assert_int_equal(symlink("../../../outside", to_directory), 0);
    assert_int_equal(symlink("../../../outside/precious", to_file), 0);
    assert_int_equal(symlink("absent", to_nothing), 0);
    assert_int_equal(symlink(".", to_itself), 0);
    assert_content(to_file, "stays");
    assert_int_equal(fs_type_of(to_file), FS_OTHER);
    assert_int_equal(fs_type_of(to_directory), FS_OTHER);
    assert_int_equal(fs_type_of(to_nothing), FS_OTHER);

    assert_ok(fs_remove_tree(tree, &err));
    assert_int_equal(fs_type_of(tree), FS_ABSENT);
    assert_content(precious, "stays");
}

TEST(a_link_in_the_place_of_a_tree_is_removed_itself)
{
    struct error err = {0};
    CLEANUP(str_free) char *outside = fs_join(scratch, "outside");
    CLEANUP(str_free) char *precious = fs_join(outside, "precious");
    CLEANUP(str_free) char *link = fs_join(scratch, "link");
    assert_ok(fs_make_directories(outside, &err));
    write_text(precious, "stays");
    assert_int_equal(symlink("outside", link), 0);
    assert_ok(fs_remove_tree(link, &err));
    assert_int_equal(fs_type_of(link), FS_ABSENT);
    assert_content(precious, "stays");
}

TEST(a_written_file_replaces_a_link_and_not_its_target)
{
    CLEANUP(str_free) char *target = fs_join(scratch, "target");
    CLEANUP(str_free) char *link = fs_join(scratch, "link");
    write_text(target, "old");
    assert_int_equal(symlink("target", link), 0);
    write_text(link, "new");
    assert_content(target, "old");
    assert_content(link, "new");
    assert_int_equal(fs_type_of(link), FS_FILE);
}

/* Deeper than a path can name and than descriptors or a stack would last. */
TEST(the_deepest_tree_is_removed)
{
    enum { DEPTH = 5000 };
    struct error err = {0};
    CLEANUP(str_free) char *tree = fs_join(scratch, "tree");
    assert_int_equal(mkdir(tree, 0777), 0);
    int at = open(tree, O_RDONLY | O_DIRECTORY);
    assert_true(at >= 0);
    for (int i = 0; i < DEPTH; i++) {
        int file = openat(at, "file", O_CREAT | O_WRONLY, 0666);
        assert_true(file >= 0);
        close(file);
        assert_int_equal(mkdirat(at, "directory", 0777), 0);
        int next = openat(at, "directory", O_RDONLY | O_DIRECTORY);
        assert_true(next >= 0);
        close(at);
        at = next;
    }
    close(at);
    assert_ok(fs_remove_tree(tree, &err));
    assert_int_equal(fs_type_of(tree), FS_ABSENT);
}

TEST(paths_below_a_file_name_nothing)
{
    struct error err = {0};
    CLEANUP(str_free) char *file = fs_join(scratch, "file");
    CLEANUP(str_free) char *below = fs_join(file, "x");
    write_text(file, "x");
    assert_ok(fs_remove_tree(below, &err));
    assert_content(file, "x");
}

TEST(pipes_can_be_read_as_files)
{
    struct error err = {0};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "streamed", 8), 8);
    close(ends[1]);
    CLEANUP(str_free) char *path = str_format("/proc/self/fd/%d", ends[0]);
    assert_content(path, "streamed");
    close(ends[0]);
    uint64_t size;
    assert_false(fs_file_size(scratch, &size, &err));
    assert_non_null(strstr(err.message, "is not a file"));
    error_clear(&err);
}

/* ---- locks between processes ---- */

/* Starts a process that takes the lock, says so, and waits to be killed. */
static pid_t start_holder(const char *path, enum fs_lock_mode mode)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct error err = {0};
        struct fs_lock lock = {0};
        bool locked = fs_lock(path, mode, false, NULL, &lock, &err);
        ssize_t said = write(ends[1], locked ? "y" : "n", 1);
        while (said == 1)
            pause();
        _exit(1);
    }
    char answer = 0;
    assert_int_equal(read(ends[0], &answer, 1), 1);
    assert_int_equal(answer, 'y');
    close(ends[0]);
    close(ends[1]);
    return child;
}

static void end_holder(pid_t child)
{
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

TEST(a_lock_dies_with_its_process)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(scratch, "lock");
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    pid_t holder = start_holder(path, FS_LOCK_EXCLUSIVE);
    assert_fails(fs_lock(path, FS_LOCK_SHARED, false, NULL, &lock, &err), ERR_BUSY,
                 "locked by another process");
    end_holder(holder);
    assert_ok(fs_lock(path, FS_LOCK_EXCLUSIVE, false, NULL, &lock, &err));
}

TEST(readers_share_between_processes)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(scratch, "lock");
    pid_t first = start_holder(path, FS_LOCK_SHARED);
    pid_t second = start_holder(path, FS_LOCK_SHARED);
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    assert_ok(fs_lock(path, FS_LOCK_SHARED, false, NULL, &lock, &err));
    fs_unlock(&lock);
    assert_fails(fs_lock(path, FS_LOCK_EXCLUSIVE, false, NULL, &lock, &err), ERR_BUSY, "locked");
    end_holder(first);
    assert_fails(fs_lock(path, FS_LOCK_EXCLUSIVE, false, NULL, &lock, &err), ERR_BUSY, "locked");
    end_holder(second);
    assert_ok(fs_lock(path, FS_LOCK_EXCLUSIVE, false, NULL, &lock, &err));
}

/* Classic POSIX locks fail here: they end when any descriptor of the file is closed. */
TEST(a_lock_survives_other_descriptors_of_the_file)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(scratch, "lock");
    CLEANUP(fs_unlock) struct fs_lock held = {0};
    CLEANUP(fs_unlock) struct fs_lock wanted = {0};
    assert_ok(fs_lock(path, FS_LOCK_EXCLUSIVE, false, NULL, &held, &err));
    assert_content(path, "");
    assert_fails(fs_lock(path, FS_LOCK_EXCLUSIVE, false, NULL, &wanted, &err), ERR_BUSY, "locked");
}

/* Many processes append to one counter under the lock; a lost update would show. */
TEST(a_lock_keeps_writers_apart)
{
    enum { PROCESSES = 6, ROUNDS = 5 };
    CLEANUP(str_free) char *path = fs_join(scratch, "lock");
    CLEANUP(str_free) char *counter = fs_join(scratch, "counter");
    write_text(counter, "");
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i])
            continue;
        struct error err = {0};
        for (int k = 0; k < ROUNDS; k++) {
            CLEANUP(fs_unlock) struct fs_lock lock = {0};
            CLEANUP(buf_clear) struct buf content = {0};
            bool counted = fs_lock(path, FS_LOCK_EXCLUSIVE, true, NULL, &lock, &err)
                && fs_read_file(counter, 1000, &content, &err) && buf_append(&content, "x", 1, &err)
                && fs_write_file(counter, content.data, content.length, &err);
            if (!counted)
                _exit(1);
        }
        _exit(0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    struct error err = {0};
    uint64_t size;
    assert_ok(fs_file_size(counter, &size, &err));
    assert_true(size == PROCESSES * ROUNDS);
}

#define WITH_SCRATCH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joining_knows_the_separator),
        WITH_SCRATCH(links_are_other_and_never_followed_by_removal),
        WITH_SCRATCH(a_link_in_the_place_of_a_tree_is_removed_itself),
        WITH_SCRATCH(a_written_file_replaces_a_link_and_not_its_target),
        WITH_SCRATCH(the_deepest_tree_is_removed),
        WITH_SCRATCH(paths_below_a_file_name_nothing),
        WITH_SCRATCH(pipes_can_be_read_as_files),
        WITH_SCRATCH(a_lock_dies_with_its_process),
        WITH_SCRATCH(readers_share_between_processes),
        WITH_SCRATCH(a_lock_survives_other_descriptors_of_the_file),
        WITH_SCRATCH(a_lock_keeps_writers_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
