/* SPDX-License-Identifier: MIT */
#include "base/os.h"
#include "check.h"
#include "registry/blob_ingest.h"
#include "registry/blob_reader.h"
#include "registry/pull_consumer.h"

#define CONTENT "what is read behind the download"
#define LENGTH strlen(CONTENT)

struct fixture {
    char *root;
    struct blob_store store;
    struct descriptor blob; /* of CONTENT */
    struct cancel cancel;
    struct blob_feed *feed;
    struct blob_reader reader;
    struct fs_file part;
};

static void open_fixture(struct fixture *f)
{
    struct error err = {0};
    f->root = make_scratch();
    assert_ok(blob_store_open(f->root, &f->store, &err));
    f->blob = (struct descriptor){.digest = digest_of(CONTENT, LENGTH), .size = LENGTH};
    f->feed = blob_feed_open(&f->store, &f->cancel);
    blob_reader_open(f->feed, &f->blob, &f->reader);
    CLEANUP(str_free) char *path = blob_ingest_part_path(&f->store, &f->blob.digest);
    assert_ok(fs_open(path, FS_READ_WRITE, &f->part, &err));
}

static void close_fixture(struct fixture *f)
{
    fs_close(&f->part);
    blob_reader_close(&f->reader);
    blob_feed_close(&f->feed);
    blob_store_close(&f->store);
    remove_scratch(&f->root);
}

/* ---- what a download does ---- */

static void write_part(const struct fixture *f, const char *text)
{
    struct error err = {0};
    assert_ok(fs_write_at(&f->part, 0, text, strlen(text), &err));
}

static void put_in_place(struct fixture *f)
{
    struct error err = {0};
    CLEANUP(str_free) char *from = blob_ingest_part_path(&f->store, &f->blob.digest);
    CLEANUP(str_free) char *to = blob_store_path(&f->store, &f->blob.digest);
    fs_close(&f->part);
    assert_ok(fs_rename(from, to, /* replace= */ false, &err));
}

static void publish(struct fixture *f)
{
    put_in_place(f);
    blob_feed_publish(f->feed, &f->blob.digest);
}

static void advance(const struct fixture *f, uint64_t prefix)
{
    blob_feed_advance(f->feed, &f->blob.digest, prefix);
}

/* Reads once and compares. */
static void assert_reads(struct fixture *f, const char *expected)
{
    struct error err = {0};
    char piece[100];
    size_t got = 0;
    assert_ok(blob_reader_read(&f->reader, piece, sizeof(piece), &got, &err));
    assert_int_equal(got, strlen(expected));
    assert_memory_equal(piece, expected, got);
}

static bool reads(struct fixture *f, struct error *err)
{
    char byte;
    size_t got = 0;
    return blob_reader_read(&f->reader, &byte, 1, &got, err);
}

/* ---- in one thread ---- */

TEST(no_more_is_read_than_has_come)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    write_part(&f, CONTENT);
    advance(&f, 4);
    assert_reads(&f, "what");
    advance(&f, 7);
    assert_reads(&f, " is");
    publish(&f);
    assert_reads(&f, &CONTENT[7]);
    assert_reads(&f, "");
    assert_reads(&f, "");
}

TEST(a_read_takes_what_fits)
{
    struct error err = {0};
    char piece[3];
    size_t got = 0;
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    write_part(&f, CONTENT);
    advance(&f, 5);
    assert_ok(blob_reader_read(&f.reader, piece, sizeof(piece), &got, &err));
    assert_int_equal(got, 3);
    assert_ok(blob_reader_read(&f.reader, piece, sizeof(piece), &got, &err));
    assert_int_equal(got, 2);
    assert_memory_equal(piece, "t ", 2);
}

TEST(a_blob_in_the_store_needs_no_download)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    write_part(&f, CONTENT);
    put_in_place(&f);
    blob_feed_finish(f.feed);
    blob_reader_close(&f.reader);
    blob_reader_open(f.feed, &f.blob, &f.reader);
    assert_reads(&f, CONTENT);
    assert_reads(&f, "");
}

TEST(a_stored_blob_that_lost_bytes_is_told)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    write_part(&f, "what");
    publish(&f);
    assert_reads(&f, "what");
    assert_fails(reads(&f, &err), ERR_INTEGRITY, "shorter");
}

TEST(wrong_content_is_told_and_then_comes_again)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    write_part(&f, "WHAT");
    advance(&f, 4);
    assert_reads(&f, "WHAT");
    assert_false(blob_reader_was_restarted(&f.reader));

    blob_feed_restart(f.feed, &f.blob.digest);
    assert_true(blob_reader_was_restarted(&f.reader));
    assert_fails(reads(&f, &err), ERR_INTEGRITY, "fetched again");
    assert_fails(blob_reader_verify(&f.reader, &err), ERR_INTEGRITY, "fetched again");
    write_part(&f, CONTENT);
    publish(&f);
    assert_fails(reads(&f, &err), ERR_INTEGRITY, "fetched again");

    blob_reader_close(&f.reader);
    blob_reader_open(f.feed, &f.blob, &f.reader);
    assert_reads(&f, CONTENT);
    assert_reads(&f, "");
}

TEST(who_has_read_nothing_does_not_mind_a_restart)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    advance(&f, 4);
    blob_feed_restart(f.feed, &f.blob.digest);
    write_part(&f, CONTENT);
    advance(&f, 4);
    assert_reads(&f, "what");
}

static void stop(const struct fixture *f, enum err_kind kind, const char *message, const char *hint)
{
    CLEANUP(error_clear) struct error reason = {0};
    error_set(&reason, kind, "%s", message);
    error_hint(&reason, "%s", hint);
    blob_feed_stop(f->feed, &reason);
}

TEST(nothing_more_will_come)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    write_part(&f, CONTENT);
    advance(&f, 4);
    stop(&f, ERR_NETWORK, "the cable is cut", "mend it");
    stop(&f, ERR_OS, "later", "never told");
    assert_false(reads(&f, &err));
    assert_string_equal(err.hint, "mend it");
    check_error(&err, ERR_NETWORK, "the cable is cut", "reads");
    /* Nor is the rest of what is there read any more. */
    publish(&f);
    assert_fails(reads(&f, &err), ERR_NETWORK, "the cable is cut");
}

TEST(what_was_not_fetched_is_not_waited_for)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    blob_feed_finish(f.feed);
    assert_fails(reads(&f, &err), ERR_NOT_FOUND, f.blob.digest.text);
}

TEST(a_wait_can_be_cancelled)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    struct cancel outer = {0};
    open_fixture(&f);
    f.cancel.parent = &outer;
    cancel_request(&outer);
    assert_fails(reads(&f, &err), ERR_CANCELLED, "interrupted");
}

/* ---- in two ---- */

#define PIECES 200
#define PIECE 1000

static void fill(unsigned char *data, size_t length)
{
    for (size_t i = 0; i < length; i++)
        data[i] = (unsigned char)(i * 31 + i / 251);
}

static void download(void *argument)
{
    struct fixture *f = argument;
    struct error err = {0};
    unsigned char data[PIECES * PIECE];
    fill(data, sizeof(data));
    for (size_t i = 0; i < PIECES; i++) {
        assert_ok(fs_write_at(&f->part, i * PIECE, data + i * PIECE, PIECE, &err));
        advance(f, (i + 1) * PIECE);
    }
    publish(f);
}

TEST(a_reader_follows_a_download)
{
    struct error err = {0};
    struct os_thread thread = {0};
    unsigned char data[PIECES * PIECE];
    unsigned char found[PIECES * PIECE + 1];
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    fill(data, sizeof(data));
    f.blob = (struct descriptor){.digest = f.blob.digest, .size = sizeof(data)};
    blob_reader_open(f.feed, &f.blob, &f.reader);
    assert_ok(os_thread_start(&thread, download, &f, &err));
    size_t length = 0;
    size_t got = 1;
    while (got > 0) {
        assert_ok(blob_reader_read(&f.reader, found + length, sizeof(found) - length, &got, &err));
        length += got;
    }
    os_thread_join(&thread);
    assert_int_equal(length, sizeof(data));
    assert_memory_equal(found, data, sizeof(data));
    assert_true(blob_store_has(&f.store, &f.blob.digest, sizeof(data)));
}

/* ---- the consumer of a pull ---- */

/* 'user' is the blob to read; its last byte is never there. */
static bool read_it(void *user, const struct image *image, struct blob_feed *feed,
                    struct error *err)
{
    (void)image;
    CLEANUP(blob_reader_close) struct blob_reader reader = {0};
    blob_reader_open(feed, user, &reader);
    return blob_reader_verify(&reader, err) || error_wrap(err, "unpack");
}

static bool fail_at_once(void *user, const struct image *image, struct blob_feed *feed,
                         struct error *err)
{
    (void)user;
    (void)image;
    (void)feed;
    return error_set(err, ERR_DENIED, "not elevated");
}

static const struct image no_image;

TEST(a_consumer_that_ends_well_changes_nothing)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    const struct pull_request request = {.consume = read_it, .consumer = &f.blob};
    struct pull_consumer consumer = {
        .request = &request, .image = &no_image, .feed = f.feed, .stop = &f.cancel};
    assert_ok(pull_consumer_start(&consumer, &err));
    publish(&f);
    assert_ok(pull_consumer_join(&consumer, true, &err));
    assert_false(cancel_is_requested(&f.cancel));
}

TEST(an_error_of_the_network_is_not_masked_by_the_consumer)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    const struct pull_request request = {.consume = read_it, .consumer = &f.blob};
    struct pull_consumer consumer = {
        .request = &request, .image = &no_image, .feed = f.feed, .stop = &f.cancel};
    assert_ok(pull_consumer_start(&consumer, &err));
    error_set(&err, ERR_NETWORK, "the cable is cut");
    assert_false(pull_consumer_join(&consumer, false, &err));
    assert_string_equal(err.message, "the cable is cut");
    error_clear(&err);
}

TEST(a_failing_consumer_stops_the_fetching)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    const struct pull_request request = {.consume = fail_at_once};
    struct pull_consumer consumer = {
        .request = &request, .image = &no_image, .feed = f.feed, .stop = &f.cancel};
    assert_ok(pull_consumer_start(&consumer, &err));
    while (cancel_check(&f.cancel, &err))
        os_sleep_ms(1);
    assert_fails(pull_consumer_join(&consumer, false, &err), ERR_DENIED, "not elevated");
}

TEST(a_consumer_that_fails_after_the_fetching_fails_the_pull)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    const struct pull_request request = {.consume = fail_at_once};
    struct pull_consumer consumer = {
        .request = &request, .image = &no_image, .feed = f.feed, .stop = &f.cancel};
    assert_ok(pull_consumer_start(&consumer, &err));
    assert_fails(pull_consumer_join(&consumer, true, &err), ERR_DENIED, "not elevated");
}

TEST(an_interruption_from_outside_is_told_as_such)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    struct cancel outer = {0};
    open_fixture(&f);
    f.cancel.parent = &outer;
    const struct pull_request request = {.consume = read_it, .consumer = &f.blob};
    struct pull_consumer consumer = {
        .request = &request, .image = &no_image, .feed = f.feed, .stop = &f.cancel};
    assert_ok(pull_consumer_start(&consumer, &err));
    cancel_request(&outer);
    assert_false(cancel_check(&f.cancel, &err));
    assert_fails(pull_consumer_join(&consumer, false, &err), ERR_CANCELLED, "interrupted");
}

TEST(no_consumer_is_fine)
{
    struct error err = {0};
    const struct pull_request request = {0};
    struct pull_consumer consumer = {.request = &request};
    assert_ok(pull_consumer_start(&consumer, &err));
    assert_ok(pull_consumer_join(&consumer, true, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_is_read_than_has_come),
        cmocka_unit_test(a_read_takes_what_fits),
        cmocka_unit_test(a_blob_in_the_store_needs_no_download),
        cmocka_unit_test(a_stored_blob_that_lost_bytes_is_told),
        cmocka_unit_test(wrong_content_is_told_and_then_comes_again),
        cmocka_unit_test(who_has_read_nothing_does_not_mind_a_restart),
        cmocka_unit_test(nothing_more_will_come),
        cmocka_unit_test(what_was_not_fetched_is_not_waited_for),
        cmocka_unit_test(a_wait_can_be_cancelled),
        cmocka_unit_test(a_reader_follows_a_download),
        cmocka_unit_test(a_consumer_that_ends_well_changes_nothing),
        cmocka_unit_test(an_error_of_the_network_is_not_masked_by_the_consumer),
        cmocka_unit_test(a_failing_consumer_stops_the_fetching),
        cmocka_unit_test(a_consumer_that_fails_after_the_fetching_fails_the_pull),
        cmocka_unit_test(an_interruption_from_outside_is_told_as_such),
        cmocka_unit_test(no_consumer_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
