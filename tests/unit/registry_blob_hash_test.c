/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/blob_hash.h"

#define SIZE ((size_t)1 << 20)

struct fixture {
    char *root;
    char *path;
    struct fs_file file;
    unsigned char *data;
    struct blob_hash hash;
    unsigned settled;
    struct digest found;
    struct error failure;
};

static void open_fixture(struct fixture *f)
{
    struct error err = {0};
    f->root = make_scratch();
    f->path = fs_join(f->root, "part");
    f->data = xmalloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        f->data[i] = (unsigned char)(i * 13 + i / 257);
    assert_ok(fs_open(f->path, FS_READ_WRITE, &f->file, &err));
}

static void close_fixture(struct fixture *f)
{
    blob_hash_close(&f->hash);
    fs_close(&f->file);
    error_clear(&f->failure);
    mem_free(&f->data);
    str_free(&f->path);
    remove_scratch(&f->root);
}

static void on_settle(void *user, const struct digest *found)
{
    struct fixture *f = user;
    f->settled++;
    f->found = *found;
}

static void on_fail(void *user, struct error *reason)
{
    struct fixture *f = user;
    f->failure = TAKE(*reason);
}

static void start(struct fixture *f)
{
    struct error err = {0};
    const struct blob_hash_task task = {
        .path = f->path, .size = SIZE, .settle = on_settle, .fail = on_fail, .user = f};
    assert_ok(blob_hash_start(&f->hash, &task, &err));
}

static void write_bytes(const struct fixture *f, size_t first, size_t end)
{
    struct error err = {0};
    assert_ok(fs_write_at(&f->file, first, f->data + first, end - first, &err));
}

/* Until the thread has ended by itself. */
static void finish(struct fixture *f)
{
    os_thread_join(&f->hash.thread);
}

TEST(a_file_is_hashed_while_it_grows)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    start(&f);
    for (size_t at = 0; at < SIZE; at += 1024 * 100) {
        size_t end = at + 1024 * 100 < SIZE ? at + 1024 * 100 : SIZE;
        write_bytes(&f, at, end);
        blob_hash_advance(&f.hash, end);
    }
    finish(&f);
    struct digest expected = digest_of(f.data, SIZE);
    assert_int_equal(f.settled, 1);
    assert_string_equal(f.found.text, expected.text);
}

TEST(what_an_earlier_process_left_is_hashed_as_well)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    write_bytes(&f, 0, SIZE);
    start(&f);
    blob_hash_advance(&f.hash, SIZE);
    finish(&f);
    struct digest expected = digest_of(f.data, SIZE);
    assert_string_equal(f.found.text, expected.text);
}

TEST(nothing_is_settled_before_the_end)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    write_bytes(&f, 0, SIZE);
    start(&f);
    blob_hash_advance(&f.hash, SIZE - 1);
    blob_hash_close(&f.hash);
    assert_int_equal(f.settled, 0);
    assert_false(error_is_set(&f.failure));
}

TEST(a_file_that_lost_bytes_is_told)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    write_bytes(&f, 0, SIZE / 2);
    start(&f);
    blob_hash_advance(&f.hash, SIZE);
    finish(&f);
    assert_int_equal(f.settled, 0);
    check_error(&f.failure, ERR_OS, "became shorter", "hash");
}

TEST(a_file_that_is_gone_is_told)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    str_free(&f.path);
    f.path = fs_join(f.root, "other");
    start(&f);
    finish(&f);
    check_error(&f.failure, ERR_NOT_FOUND, "other", "hash");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_hashed_while_it_grows),
        cmocka_unit_test(what_an_earlier_process_left_is_hashed_as_well),
        cmocka_unit_test(nothing_is_settled_before_the_end),
        cmocka_unit_test(a_file_that_lost_bytes_is_told),
        cmocka_unit_test(a_file_that_is_gone_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
