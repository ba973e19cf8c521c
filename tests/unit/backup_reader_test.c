/* SPDX-License-Identifier: MIT */
#include "layers/backup_reader.h"

#include "check.h"
#include "layers/little_endian.h"

struct bytes {
    const unsigned char *data;
    size_t length;
    size_t calls;
};

static bool read_bytes(void *user, uint64_t offset, void *data, size_t length, size_t *ret,
                       struct error *err)
{
    struct bytes *bytes = user;
    (void)err;
    size_t left = offset < bytes->length ? bytes->length - (size_t)offset : 0;
    *ret = left < length ? left : length;
    if (*ret > 0)
        memcpy(data, bytes->data + offset, *ret);
    bytes->calls++;
    return true;
}

/* Everything that the reader says, up to its end or failure. */
static bool read_all(const void *data, size_t length, struct buf *said, struct error *err)
{
    struct bytes bytes = {.data = data, .length = length};
    const struct backup_source source = {.read_at = read_bytes, .user = &bytes, .size = length};
    struct backup_reader reader;
    buf_init(said, BUF_UNBOUNDED);
    backup_reader_init(&reader, &source, 0);
    for (;;) {
        CLEANUP(backup_record_clear) struct backup_record record = {0};
        bool end = false;
        if (!backup_reader_next(&reader, &record, &end, err))
            return false;
        if (end)
            return true;
        buf_addf(said, "%u/%u %llu@%llu", (unsigned)record.id, (unsigned)record.attributes,
                 (unsigned long long)record.size, (unsigned long long)record.offset);
        if (record.id == BACKUP_STREAM_SPARSE)
            buf_addf(said, " +%llu", (unsigned long long)record.position);
        buf_addf(said, "%s%s\n", record.name ? " " : "", record.name ? record.name : "");
    }
}

/* ---- records ---- */

/* The vectors that are known from Microsoft's client. */
static const char security[] = "\x03\0\0\0\0\0\0\0\x14\0\0\0\0\0\0\0\0\0\0\0"
                               "....................";
static const char alternate[] =
    "\x04\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x10\0\0\0:\0s\0:\0$\0D\0A\0T\0"
    "A\0abc";

TEST(known_records_are_read)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf both;
    CLEANUP(buf_clear) struct buf said = {0};
    buf_init(&both, BUF_UNBOUNDED);
    buf_add(&both, security, sizeof(security) - 1);
    buf_add(&both, alternate, sizeof(alternate) - 1);
    assert_ok(read_all(both.data, both.length, &said, &err));
    assert_string_equal(buf_str(&said), "3/0 20@20\n4/0 3@76 s\n");
}

TEST(what_is_written_is_read)
{
    static const char *const streams[] = {"Zone.Identifier", "\xF0\x9F\x98\x80", "a b"};
    struct error err = {0};
    CLEANUP(buf_clear) struct buf records;
    CLEANUP(buf_clear) struct buf said = {0};
    CLEANUP(buf_clear) struct buf expected;
    buf_init(&records, BUF_UNBOUNDED);
    buf_init(&expected, BUF_UNBOUNDED);
    backup_stream_add(&records, BACKUP_STREAM_EA, "1234", 4);
    buf_add_str(&expected, "2/0 4@20\n");
    backup_stream_add(&records, BACKUP_STREAM_DATA, NULL, 0);
    buf_add_str(&expected, "1/0 0@44\n");
    for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
        assert_ok(backup_stream_add_alternate(&records, streams[i], 2, &err));
        buf_addf(&expected, "4/0 2@%zu %s\n", records.length, streams[i]);
        buf_add_str(&records, "xy");
    }
    assert_ok(read_all(records.data, records.length, &said, &err));
    assert_string_equal(buf_str(&said), buf_str(&expected));
}

TEST(content_is_not_read_on_the_way)
{
    struct error err = {0};
    unsigned char header[BACKUP_STREAM_HEADER_SIZE] = {BACKUP_STREAM_DATA};
    struct bytes bytes = {.data = header, .length = sizeof(header)};
    struct backup_source source = {.read_at = read_bytes, .user = &bytes};
    struct backup_reader reader;
    struct backup_record record = {0};
    bool end = false;
    put_le64(header + 8, UINT64_C(1) << 62);
    source.size = sizeof(header) + (UINT64_C(1) << 62);
    backup_reader_init(&reader, &source, 0);
    assert_ok(backup_reader_next(&reader, &record, &end, &err));
    assert_false(end);
    assert_int_equal(record.size, UINT64_C(1) << 62);
    assert_int_equal(bytes.calls, 1 + 1); /* the header, and a name of no length */
    assert_ok(backup_reader_next(&reader, &record, &end, &err));
    assert_true(end);
}

TEST(sparse_blocks_tell_their_place)
{
    static const char blocks[] = "\x09\0\0\0\x08\0\0\0\x0a\0\0\0\0\0\0\0\0\0\0\0"
                                 "\0\0\x01\0\0\0\0\0xy"
                                 "\x09\0\0\0\x08\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0"
                                 "\x05\0\x01\0\0\0\0\0";
    struct error err = {0};
    CLEANUP(buf_clear) struct buf said = {0};
    assert_ok(read_all(blocks, sizeof(blocks) - 1, &said, &err));
    assert_string_equal(buf_str(&said), "9/8 2@28 +65536\n9/8 0@58 +65541\n");
}

#define HEADER(id, size, name_size) id "\0\0\0\0\0\0\0" size "\0\0\0\0\0\0\0" name_size "\0\0"

static const struct {
    const char *data;
    size_t length;
    const char *said;
} bad_records[] = {
    {"\x01", 1, "cut short"},
    {HEADER("\x01", "\x00", "\0\0"), 19, "cut short"},
    {HEADER("\x01", "\x01", "\0\0"), 20, "cut short"},
    {HEADER("\x01", "\x05", "\0\0") "1234", 24, "cut short"},
    {"\x01\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 20, "cut short"},
    {HEADER("\x04", "\x00", "\x03\0") ":a:", 23, "impossible length"},
    {HEADER("\x04", "\x00", "\x02\x04"), 20, "impossible length"},
    {"\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff", 20, "impossible length"},
    {HEADER("\x04", "\x00", "\x10\0") ":\0s\0", 24, "cut short"},
    {HEADER("\x04", "\x00", "\0\0"), 20, "without a proper name"},
    {HEADER("\x04", "\x00", "\x04\0") ":\0s\0", 24, "without a proper name"},
    {HEADER("\x04", "\x00", "\x10\0") "x\0s\0:\0$\0D\0A\0T\0A\0", 36, "without a proper name"},
    {HEADER("\x04", "\x00", "\x0e\0") ":\0:\0$\0D\0A\0T\0A\0", 34, "cannot be the name"},
    {HEADER("\x04", "\x00", "\x10\0") ":\0/\0:\0$\0D\0A\0T\0A\0", 36, "cannot be the name"},
    {HEADER("\x04", "\x00", "\x10\0") ":\0\0\xd8:\0$\0D\0A\0T\0A\0", 36, "name of a data stream"},
    {HEADER("\x09", "\x07", "\0\0") "1234567", 27, "without a position"},
    {HEADER("\x09", "\x08", "\0\0") "1234567", 27, "cut short"},
    {HEADER("\x09", "\x08", "\0\0") "\0\0\0\0\0\0\0\x80", 28, "impossible position"},
    {HEADER("\x09", "\x09", "\0\0") "\xff\xff\xff\xff\xff\xff\xff\x7fx", 29, "impossible position"},
};

TEST(damaged_records_are_refused)
{
    struct error err = {0};
    for (size_t i = 0; i < ARRAY_SIZE(bad_records); i++) {
        CLEANUP(buf_clear) struct buf said = {0};
        assert_fails(read_all(bad_records[i].data, bad_records[i].length, &said, &err),
                     ERR_INTEGRITY, bad_records[i].said);
    }
}

TEST(metadata_is_limited)
{
    struct error err = {0};
    struct bytes bytes = {.data = (const unsigned char *)"0123456789", .length = 10};
    const struct backup_source source = {.read_at = read_bytes, .user = &bytes, .size = 10};
    struct backup_record record = {.offset = 2, .size = 4};
    CLEANUP(buf_clear) struct buf content;
    buf_init(&content, 4);
    assert_ok(backup_record_read(&record, &source, &content, &err));
    assert_string_equal(buf_str(&content), "2345");
    assert_fails(backup_record_read(&record, &source, &content, &err), ERR_INTEGRITY,
                 "impossible size");
    buf_reset(&content);
    record.offset = 7;
    assert_fails(backup_record_read(&record, &source, &content, &err), ERR_INTEGRITY, "cut short");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_records_are_read),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(content_is_not_read_on_the_way),
        cmocka_unit_test(sparse_blocks_tell_their_place),
        cmocka_unit_test(damaged_records_are_refused),
        cmocka_unit_test(metadata_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
