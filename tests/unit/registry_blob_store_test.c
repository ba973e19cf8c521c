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

/* Opens an ingest of the fixture's blob and writes 'text' into it. */
static bool ingest_text(const struct fixture *fixture, const char *text, struct blob_ingest *ret,
                        struct error *err)
{
    return blob_ingest_open(&fixture->store, &fixture->blob, false, NULL, ret, err)
        && blob_ingest_write(ret, text, strlen(text), err);
}

TEST(content_is_published_whole)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    assert_false(blob_store_has(&f.store, &f.blob.digest, f.blob.size));

    CLEANUP(blob_ingest_close) struct blob_ingest ingest = {0};
    assert_ok(blob_ingest_open(&f.store, &f.blob, false, NULL, &ingest, &err));
    assert_ok(blob_ingest_write(&ingest, "what ", 5, &err));
    assert_ok(blob_ingest_write(&ingest, "", 0, &err));
    assert_ok(blob_ingest_write(&ingest, "is stored", 9, &err));
    assert_false(blob_store_has(&f.store, &f.blob.digest, f.blob.size));
    assert_ok(blob_ingest_finish(&ingest, &err));

    assert_true(blob_store_has(&f.store, &f.blob.digest, f.blob.size));
    assert_false(blob_store_has(&f.store, &f.blob.digest, f.blob.size + 1));
    assert_int_equal(count_files(&f, "ingest"), 0);
    assert_int_equal(count_files(&f, "blobs/sha256"), 1);

    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, 100);
    assert_ok(blob_store_read(&f.store, &f.blob.digest, 100, &text, &err));
    assert_string_equal(buf_str(&text), CONTENT);
}

TEST(anything_but_the_promised_content_is_refused)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"", "has 0 bytes where 14 were promised"},
        {"what is store", "has 13 bytes where 14 were promised"},
        {"What is stored", "wrong content: expected sha256:"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(close_fixture) struct fixture f = {0};
        open_fixture(&f);
        struct blob_ingest ingest = {0};
        assert_ok(ingest_text(&f, rows[i].text, &ingest, &err));
        assert_fails(blob_ingest_finish(&ingest, &err), ERR_INTEGRITY, rows[i].message);
        blob_ingest_close(&ingest);
        assert_int_equal(count_files(&f, "ingest"), 0);
        assert_int_equal(count_files(&f, "blobs/sha256"), 0);
    }
}

TEST(content_that_is_too_long_is_stopped_at_once)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    struct blob_ingest ingest = {0};
    assert_ok(ingest_text(&f, CONTENT, &ingest, &err));
    assert_fails(blob_ingest_write(&ingest, "!", 1, &err), ERR_INTEGRITY,
                 "longer than the 14 bytes");
    blob_ingest_close(&ingest);
    assert_fails(ingest_text(&f, CONTENT CONTENT, &ingest, &err), ERR_INTEGRITY, "longer than");
    blob_ingest_close(&ingest);
    assert_int_equal(count_files(&f, "ingest"), 0);
}

TEST(wrong_content_can_be_replaced)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    CLEANUP(blob_ingest_close) struct blob_ingest ingest = {0};
    assert_ok(ingest_text(&f, "xxxxxxxxxxxxxx", &ingest, &err));
    assert_fails(blob_ingest_finish(&ingest, &err), ERR_INTEGRITY, "got sha256:");
    assert_ok(blob_ingest_restart(&ingest, &err));
    assert_ok(blob_ingest_write(&ingest, CONTENT, strlen(CONTENT), &err));
    assert_ok(blob_ingest_finish(&ingest, &err));
    assert_true(blob_store_has(&f.store, &f.blob.digest, f.blob.size));
}

TEST(one_at_a_time_brings_content_in)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    struct blob_ingest first = {0};
    struct blob_ingest second = {0};
    assert_ok(ingest_text(&f, "what", &first, &err));
    assert_fails(blob_ingest_open(&f.store, &f.blob, false, NULL, &second, &err), ERR_BUSY,
                 f.blob.digest.text);
    /* The one that was turned away took nothing from the other. */
    assert_ok(blob_ingest_write(&first, " is stored", 10, &err));
    assert_ok(blob_ingest_finish(&first, &err));
    assert_ok(blob_ingest_open(&f.store, &f.blob, false, NULL, &second, &err));
    blob_ingest_close(&second);
    assert_true(blob_store_has(&f.store, &f.blob.digest, f.blob.size));
}

TEST(leftovers_of_a_killed_process_are_overwritten)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    CLEANUP(str_free) char *name = str_format("ingest/%s.part", digest_hex(&f.blob.digest));
    CLEANUP(str_free) char *part = fs_join(f.store.root, name);
    write_file(part, "half of something much longer than the content");
    /* ... and so is a file of the right name but another size. */
    CLEANUP(str_free) char *path = blob_store_path(&f.store, &f.blob.digest);
    write_file(path, "");

    struct blob_ingest ingest = {0};
    assert_ok(ingest_text(&f, CONTENT, &ingest, &err));
    assert_ok(blob_ingest_finish(&ingest, &err));
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, 100);
    assert_ok(blob_store_read(&f.store, &f.blob.digest, 100, &text, &err));
    assert_string_equal(buf_str(&text), CONTENT);
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
    struct blob_ingest ingest = {0};
    assert_ok(ingest_text(&f, CONTENT, &ingest, &err));
    assert_ok(blob_ingest_finish(&ingest, &err));
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
    assert_ok(blob_ingest_put(&f.store, &text, NULL, &err));
    assert_ok(blob_ingest_put(&f.store, &text, NULL, &err));
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
        cmocka_unit_test(content_is_published_whole),
        cmocka_unit_test(anything_but_the_promised_content_is_refused),
        cmocka_unit_test(content_that_is_too_long_is_stopped_at_once),
        cmocka_unit_test(wrong_content_can_be_replaced),
        cmocka_unit_test(one_at_a_time_brings_content_in),
        cmocka_unit_test(leftovers_of_a_killed_process_are_overwritten),
        cmocka_unit_test(damage_is_seen_when_reading),
        cmocka_unit_test(reading_is_limited),
        cmocka_unit_test(content_in_memory_is_put_in_once),
        cmocka_unit_test(a_file_in_the_way_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
