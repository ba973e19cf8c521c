/* SPDX-License-Identifier: MIT */
#include "base/strlist.h"
#include "check.h"
#include "registry/blob_ingest.h"
#include "registry/blob_store.h"

#define CONTENT "what is stored"

struct fixture {
    char *root;
    struct blob_store store;
    struct descriptor blob; /* of CONTENT */
};

static void open_fixture(struct fixture *fixture)
{
    struct error err = {0};
    fixture->root = make_scratch();
    assert_ok(blob_store_open(fixture->root, &fixture->store, &err));
    fixture->blob =
        (struct descriptor){.digest = digest_of(CONTENT, strlen(CONTENT)), .size = strlen(CONTENT)};
}

static void close_fixture(struct fixture *fixture)
{
    blob_store_close(&fixture->store);
    remove_scratch(&fixture->root);
}

static size_t count_files(const struct fixture *fixture, const char *directory)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(fixture->store.root, directory);
    CLEANUP(strlist_clear) struct strlist names = {0};
    assert_ok(fs_list(path, &names, &err));
    return names.count;
}

static void write_file(const char *path, const char *text)
{
    struct error err = {0};
    assert_ok(fs_write_file(path, text, strlen(text), &err));
}

TEST(damage_is_seen_when_reading)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, 100);
    assert_fails(blob_store_read(&f.store, &f.blob.digest, 100, &text, &err), ERR_NOT_FOUND, "");

    CLEANUP(str_free) char *path = blob_store_path(&f.store, &f.blob.digest);
    write_file(path, "What is stored");
    assert_fails(blob_store_read(&f.store, &f.blob.digest, 100, &text, &err), ERR_INTEGRITY,
                 "damaged");
    assert_ok(blob_store_evict(&f.store, &f.blob.digest, &err));
    assert_false(blob_store_has(&f.store, &f.blob.digest, f.blob.size));
    assert_ok(blob_store_evict(&f.store, &f.blob.digest, &err));
}

TEST(reading_is_limited)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    CLEANUP(str_free) char *path = blob_store_path(&f.store, &f.blob.digest);
    write_file(path, CONTENT);
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, 13);
    assert_fails(blob_store_read(&f.store, &f.blob.digest, 13, &text, &err), ERR_INTEGRITY, "13");
}

TEST(content_in_memory_is_put_in_once)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    buf_add_str(&text, CONTENT);
    assert_ok(blob_ingest_put(&f.store, &text, &err));
    assert_ok(blob_ingest_put(&f.store, &text, &err));
    assert_true(blob_store_has(&f.store, &f.blob.digest, f.blob.size));
    assert_int_equal(count_files(&f, "blobs/sha256"), 1);
}

TEST(a_file_in_the_way_is_reported)
{
    struct error err = {0};
    CLEANUP(str_free) char *root = make_scratch();
    CLEANUP(str_free) char *inner = fs_join(root, "blobs");
    write_file(inner, "not a directory");
    struct blob_store store = {0};
    assert_false(blob_store_open(root, &store, &err));
    assert_non_null(strstr(err.message, "open the store"));
    assert_null(store.root);
    error_clear(&err);
    remove_scratch(&root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_is_seen_when_reading),
        cmocka_unit_test(reading_is_limited),
        cmocka_unit_test(content_in_memory_is_put_in_once),
        cmocka_unit_test(a_file_in_the_way_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
