/* SPDX-License-Identifier: MIT */
#include "base/strlist.h"
#include "check.h"
#include "registry/blob_ingest.h"
#include "registry/ingest_map.h"

#define SIZE ((uint64_t)3 << 20)
#define MIB ((size_t)1 << 20)

struct fixture {
    char *root;
    struct blob_store store;
    struct descriptor blob; /* of SIZE bytes; nothing here looks at what they are */
    struct blob_ingest ingest;
    unsigned char *data;
};

static void open_fixture(struct fixture *f)
{
    struct error err = {0};
    f->root = make_scratch();
    assert_ok(blob_store_open(f->root, &f->store, &err));
    f->blob = (struct descriptor){.digest = digest_of("any", 3), .size = SIZE};
    f->data = xmalloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        f->data[i] = (unsigned char)(i * 7 + i / 1009);
}

static void close_fixture(struct fixture *f)
{
    blob_ingest_close(&f->ingest);
    blob_store_close(&f->store);
    mem_free(&f->data);
    remove_scratch(&f->root);
}

static void begin(struct fixture *f)
{
    struct error err = {0};
    assert_ok(blob_ingest_open(&f->store, &f->blob, false, NULL, &f->ingest, &err));
    assert_ok(blob_ingest_begin(&f->ingest, &err));
}

static void write_bytes(struct fixture *f, uint64_t first, uint64_t end)
{
    struct error err = {0};
    assert_ok(blob_ingest_write(&f->ingest, first, f->data + first, (size_t)(end - first), &err));
}

/* Gives up the lock and the files as a killed process does. */
static void be_killed(struct fixture *f)
{
    fs_close(&f->ingest.map_file);
    f->ingest.mapped = byte_ranges_total(&f->ingest.done);
    blob_ingest_close(&f->ingest);
}

static size_t count_files(const struct fixture *f, const char *directory)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(f->store.root, directory);
    CLEANUP(strlist_clear) struct strlist names = {0};
    assert_ok(fs_list(path, &names, &err));
    return names.count;
}

static char *ingest_file(const struct fixture *f, const char *kind)
{
    CLEANUP(str_free) char *name = str_format("ingest/%s.%s", digest_hex(&f->blob.digest), kind);
    return fs_join(f->store.root, name);
}

static void write_file(const char *path, const char *text)
{
    struct error err = {0};
    assert_ok(fs_write_file(path, text, strlen(text), &err));
}

static void assert_done(const struct fixture *f, uint64_t first, uint64_t end)
{
    assert_int_equal(f->ingest.done.count, 1);
    assert_int_equal(f->ingest.done.items[0].first, first);
    assert_int_equal(f->ingest.done.items[0].end, end);
}

static void assert_nothing_done(const struct fixture *f)
{
    struct error err = {0};
    uint64_t length = 1;
    assert_int_equal(f->ingest.done.count, 0);
    assert_ok(fs_file_size(f->ingest.part, &length, &err));
    assert_int_equal(length, 0);
}

TEST(bytes_may_come_in_any_order)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    begin(&f);
    write_bytes(&f, 2 * MIB, SIZE);
    write_bytes(&f, 0, MIB + 5);
    assert_int_equal(byte_ranges_prefix(&f.ingest.done), MIB + 5);
    write_bytes(&f, MIB, 2 * MIB);
    assert_done(&f, 0, SIZE);
    assert_ok(blob_ingest_publish(&f.ingest, &err));

    assert_true(blob_store_has(&f.store, &f.blob.digest, SIZE));
    assert_int_equal(count_files(&f, "ingest"), 0);
    assert_int_equal(count_files(&f, "blobs/sha256"), 1);
    CLEANUP(str_free) char *path = blob_store_path(&f.store, &f.blob.digest);
    CLEANUP(buf_clear) struct buf found;
    buf_init(&found, SIZE);
    assert_ok(fs_read_file(path, SIZE, &found, &err));
    assert_memory_equal(found.data, f.data, SIZE);
}

TEST(what_has_come_is_kept)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    begin(&f);
    write_bytes(&f, 0, 100);
    blob_ingest_close(&f.ingest);
    assert_int_equal(count_files(&f, "ingest"), 2);
    begin(&f);
    assert_done(&f, 0, 100);
}

TEST(a_killed_process_loses_less_than_a_mebibyte)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    begin(&f);
    write_bytes(&f, 0, MIB - 1);
    write_bytes(&f, MIB - 1, MIB + 3);
    write_bytes(&f, MIB + 3, 2 * MIB);
    be_killed(&f);
    begin(&f);
    assert_done(&f, 0, MIB + 3);
}

TEST(where_nothing_has_come_nothing_is_left)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    begin(&f);
    blob_ingest_close(&f.ingest);
    assert_int_equal(count_files(&f, "ingest"), 0);
}

TEST(what_is_not_wanted_is_removed)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    begin(&f);
    write_bytes(&f, 0, 2 * MIB);
    blob_ingest_discard(&f.ingest);
    assert_int_equal(count_files(&f, "ingest"), 0);
}

TEST(a_restart_forgets_everything_at_once)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    begin(&f);
    write_bytes(&f, 0, 2 * MIB);
    assert_ok(blob_ingest_restart(&f.ingest, &err));
    assert_nothing_done(&f);
    be_killed(&f);
    begin(&f);
    assert_nothing_done(&f);
}

TEST(a_map_that_cannot_be_trusted_is_none)
{
    static const char *const maps[] = {
        "",
        "wrun part 1\n",
        "done 0 100\n",
        ("wrun part 1\nsize 3145728\ndone 0 100\nhash "
         "sha256:0000000000000000000000000000000000000000000000000000000000000000\n"),
    };
    for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
        CLEANUP(close_fixture) struct fixture f = {0};
        open_fixture(&f);
        begin(&f);
        write_bytes(&f, 0, 2 * MIB);
        blob_ingest_close(&f.ingest);
        CLEANUP(str_free) char *map = ingest_file(&f, "map");
        write_file(map, maps[i]);
        begin(&f);
        assert_nothing_done(&f);
    }
}

TEST(a_part_file_shorter_than_its_map_begins_from_nothing)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    begin(&f);
    write_bytes(&f, 0, 2 * MIB);
    blob_ingest_close(&f.ingest);
    CLEANUP(str_free) char *part = ingest_file(&f, "part");
    write_file(part, "lost");
    begin(&f);
    assert_nothing_done(&f);
}

TEST(a_part_file_without_a_map_begins_from_nothing)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    CLEANUP(str_free) char *part = ingest_file(&f, "part");
    write_file(part, "left over");
    begin(&f);
    assert_nothing_done(&f);
}

TEST(one_at_a_time_brings_content_in)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    begin(&f);
    write_bytes(&f, 0, MIB);
    struct blob_ingest second = {0};
    assert_fails(blob_ingest_open(&f.store, &f.blob, false, NULL, &second, &err), ERR_BUSY,
                 f.blob.digest.text);
    /* The one that was turned away took nothing from the other. */
    write_bytes(&f, MIB, SIZE);
    assert_ok(blob_ingest_publish(&f.ingest, &err));
    assert_ok(blob_ingest_open(&f.store, &f.blob, false, NULL, &second, &err));
    blob_ingest_close(&second);
    assert_true(blob_store_has(&f.store, &f.blob.digest, SIZE));
}

TEST(content_that_is_there_is_left_alone_unless_its_size_is_wrong)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    CLEANUP(str_free) char *path = blob_store_path(&f.store, &f.blob.digest);
    write_file(path, "short");
    for (unsigned i = 0; i < 2; i++) {
        begin(&f);
        write_bytes(&f, 0, SIZE);
        assert_ok(blob_ingest_publish(&f.ingest, &err));
        assert_true(blob_store_has(&f.store, &f.blob.digest, SIZE));
        assert_int_equal(count_files(&f, "ingest"), 0);
    }
}

/* As a process leaves it that dies between publishing and tidying up. */
TEST(a_map_without_its_content_is_swept)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    CLEANUP(str_free) char *map = ingest_file(&f, "map");
    CLEANUP(str_free) char *part = ingest_file(&f, "part");
    write_file(map, "left over");
    assert_ok(blob_ingest_sweep(&f.store, &err));
    assert_int_equal(count_files(&f, "ingest"), 0);
    /* What can be gone on with stays, and so does what somebody works on. */
    write_file(map, "kept");
    write_file(part, "kept");
    assert_ok(blob_ingest_sweep(&f.store, &err));
    assert_int_equal(count_files(&f, "ingest"), 2);
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    assert_ok(fs_remove_file(part, &err));
    assert_ok(blob_store_lock(&f.store, &f.blob.digest, false, NULL, &lock, &err));
    assert_ok(blob_ingest_sweep(&f.store, &err));
    assert_int_equal(count_files(&f, "ingest"), 1);
    fs_unlock(&lock);
    assert_ok(blob_ingest_sweep(&f.store, &err));
    assert_int_equal(count_files(&f, "ingest"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_may_come_in_any_order),
        cmocka_unit_test(what_has_come_is_kept),
        cmocka_unit_test(a_killed_process_loses_less_than_a_mebibyte),
        cmocka_unit_test(where_nothing_has_come_nothing_is_left),
        cmocka_unit_test(what_is_not_wanted_is_removed),
        cmocka_unit_test(a_restart_forgets_everything_at_once),
        cmocka_unit_test(a_map_that_cannot_be_trusted_is_none),
        cmocka_unit_test(a_part_file_shorter_than_its_map_begins_from_nothing),
        cmocka_unit_test(a_part_file_without_a_map_begins_from_nothing),
        cmocka_unit_test(one_at_a_time_brings_content_in),
        cmocka_unit_test(content_that_is_there_is_left_alone_unless_its_size_is_wrong),
        cmocka_unit_test(a_map_without_its_content_is_swept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
