/* SPDX-License-Identifier: MIT */
#include "layers/win_meta.h"

#include "base/base64.h"
#include "base/text.h"
#include "check.h"
#include "layers/backup_stream.h"
#include "layers/reparse.h"

#define MAXIMUM_RECORDS 6

/* Owner and group S-1-5-32-544 and S-1-5-18, a DACL of two entries: as Windows' own layers have it.
 */
#define RAWSD                                                                                      \
    "AQAEgBQAAAAkAAAAAAAAADAAAAABAgAAAAAABSAAAAAgAgAAAQEAAAAAAAUSAAAAAgA0AAIAAAAAAxQA/wEfAAEBAAAA" \
    "AAAFEgAAAAADGAD/AR8AAQIAAAAAAAUgAAAAIAIAAA=="

struct example {
    enum tar_type type;
    const char *target;
    int64_t mtime;
    const char *records[MAXIMUM_RECORDS][2];
};

static bool parse(const struct example *example, struct win_meta *ret, struct error *err)
{
    struct tar_record records[MAXIMUM_RECORDS];
    struct tar_entry entry = {
        .name = "Files/x",
        .target = example->target ? example->target : "",
        .type = example->type,
        .mtime = example->mtime,
        .records = records,
    };
    for (size_t i = 0; i < MAXIMUM_RECORDS && example->records[i][0]; i++) {
        records[i] = (struct tar_record){
            .key = example->records[i][0],
            .value = example->records[i][1],
            .value_length = strlen(example->records[i][1]),
        };
        entry.record_count++;
    }
    return win_meta_parse(&entry, ret, err);
}

static void check_bytes(const struct buf *buf, const char *expected, size_t length)
{
    assert_int_equal(buf->length, length);
    assert_memory_equal(buf->data, expected, length);
}

#define CHECK_BYTES(buf, literal) check_bytes((buf), (literal), sizeof(literal) - 1)

/* ---- times ---- */

TEST(times_become_filetimes)
{
    static const struct {
        const char *text;
        int64_t time;
    } rows[] = {
        {"1700000000.1234567", INT64_C(133444736001234567)},
        {"1700000000", INT64_C(133444736000000000)},
        {"1700000000.", INT64_C(133444736000000000)},
        {"1700000000.1", INT64_C(133444736001000000)},
        {"1700000000.123456789", INT64_C(133444736001234567)},
        {"1700000000.12345678912345", INT64_C(133444736001234567)},
        {"0", INT64_C(116444736000000000)},
        {"-1.5", INT64_C(116444735985000000)},
        {"-0.5", INT64_C(116444735995000000)},
        {"-11644473599", 10000000},
        {"-11644473600", 0},
        {"-11644473601", 0},
        {"-62135596800", 0}, /* year 1: Go's zero time */
        {"910692730085.4775807", INT64_MAX},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        int64_t time = -1;
        assert_ok(win_time_parse(rows[i].text, strlen(rows[i].text), &time, &err));
        if (time != rows[i].time)
            fail_msg("%s: %lld", rows[i].text, (long long)time);
    }
}

TEST(what_is_no_time_is_refused)
{
    static const char *const rows[] = {
        "",
        "-",
        ".",
        ".5",
        "-.5",
        "1.5.",
        "1,5",
        "+1",
        " 1",
        "1 ",
        "1e3",
        "0x1",
        "1.-5",
        "--1",
        "910692730085.4775808",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "99999999999999999999",
        "NaN",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        int64_t time = -1;
        assert_fails(win_time_parse(rows[i], strlen(rows[i]), &time, &err), ERR_INTEGRITY,
                     "not a time");
        assert_int_equal(time, -1);
    }
}

TEST(missing_times_are_left_alone)
{
    struct error err = {0};
    CLEANUP(win_meta_clear) struct win_meta plain = {0};
    assert_ok(parse(&(struct example){.type = TAR_FILE, .mtime = 1700000000}, &plain, &err));
    assert_int_equal(plain.basic.write_time, INT64_C(133444736000000000));
    assert_int_equal(plain.basic.creation_time, plain.basic.write_time);
    assert_int_equal(plain.basic.access_time, 0);
    assert_int_equal(plain.basic.change_time, 0);

    CLEANUP(win_meta_clear) struct win_meta full = {0};
    const struct example all = {
        .type = TAR_FILE,
        .mtime = 5,
        .records = {{"mtime", "1700000000.5"},
                    {"atime", "1700000001"},
                    {"ctime", "1700000002"},
                    {"LIBARCHIVE.creationtime", "1700000003"}},
    };
    assert_ok(parse(&all, &full, &err));
    assert_int_equal(full.basic.write_time, INT64_C(133444736005000000));
    assert_int_equal(full.basic.access_time, INT64_C(133444736010000000));
    assert_int_equal(full.basic.change_time, INT64_C(133444736020000000));
    assert_int_equal(full.basic.creation_time, INT64_C(133444736030000000));
}

/* ---- attributes ---- */

TEST(attributes)
{
    static const struct {
        struct example example;
        uint32_t archived;
        uint32_t settable;
        bool is_directory;
    } rows[] = {
        {{.type = TAR_FILE}, 0, 0, false},
        {{.type = TAR_DIRECTORY}, 0x10, 0, true},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.fileattr", "33"}}}, 0x21, 0x21, false},
        {{.type = TAR_DIRECTORY, .records = {{"MSWINDOWS.fileattr", "6"}}}, 0x16, 6, true},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.fileattr", "4294967279"}}},
         0xFFFFBBEF,
         0x1A31A7,
         false},
        /* A link keeps its attribute, nothing else may have it; encryption is never taken over. */
        {{.type = TAR_SYMLINK, .target = "a", .records = {{"MSWINDOWS.fileattr", "1056"}}},
         0x420,
         0x20,
         false},
        {{.type = TAR_SYMLINK, .target = "a", .records = {{"MSWINDOWS.fileattr", "1040"}}},
         0x410,
         0,
         true},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.fileattr", "17440"}}}, 0x20, 0x20, false},
        {{.type = TAR_SYMLINK, .target = "C:\\", .records = {{"MSWINDOWS.mountpoint", "1"}}},
         0x10,
         0,
         true},
        {{.type = TAR_DIRECTORY, .records = {{"MSWINDOWS.mountpoint", "1"}}}, 0x10, 0, true},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(win_meta_clear) struct win_meta meta = {0};
        assert_ok(parse(&rows[i].example, &meta, &err));
        assert_int_equal(meta.attributes, rows[i].archived);
        assert_int_equal(meta.basic.attributes, rows[i].settable);
        assert_int_equal(meta.is_directory, rows[i].is_directory);
    }
}

TEST(bad_records_are_refused)
{
    static const struct {
        struct example example;
        enum err_kind kind;
        const char *text;
    } rows[] = {
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.fileattr", ""}}}, ERR_INTEGRITY, "fileattr"},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.fileattr", "0x20"}}},
         ERR_INTEGRITY,
         "fileattr"},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.fileattr", "-1"}}}, ERR_INTEGRITY, "fileattr"},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.fileattr", "4294967296"}}},
         ERR_INTEGRITY,
         "fileattr"},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.fileattr", "16"}}},
         ERR_INTEGRITY,
         "attribute of a directory"},
        {{.type = TAR_FILE, .records = {{"mtime", "now"}}}, ERR_INTEGRITY, "record mtime"},
        {{.type = TAR_FILE, .records = {{"atime", "x"}}}, ERR_INTEGRITY, "record atime"},
        {{.type = TAR_FILE, .records = {{"LIBARCHIVE.creationtime", "1 "}}},
         ERR_INTEGRITY,
         "creationtime"},
        {{.type = TAR_FILE, .mtime = INT64_MAX}, ERR_INTEGRITY, "modification time"},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.rawsd", "A"}}}, ERR_INTEGRITY, "base64"},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.rawsd", "AAAA"}}},
         ERR_INTEGRITY,
         "security descriptor"},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.sd", "D:(A;;FA;;;SY"}}},
         ERR_INTEGRITY,
         "record MSWINDOWS.sd: not a security descriptor in text form"},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.xattr.", "AAAA"}}},
         ERR_INTEGRITY,
         "impossible name"},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.xattr.a\x01", "AAAA"}}},
         ERR_INTEGRITY,
         "impossible name"},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.xattr.A", "?"}}}, ERR_INTEGRITY, "base64"},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.xattr.A B", "AAAA"}}},
         ERR_INTEGRITY,
         "impossible name"},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.xattr.A:B", "AAAA"}}},
         ERR_INTEGRITY,
         "impossible name"},
        {{.type = TAR_FILE, .records = {{"MSWINDOWS.xattr.\xc3\xa4", "AAAA"}}},
         ERR_INTEGRITY,
         "impossible name"},
        {{.type = TAR_FILE,
          .records = {{"MSWINDOWS.xattr.B", "AAAA"},
                      {"MSWINDOWS.xattr.Name", "AAAA"},
                      {"MSWINDOWS.xattr.nAME", "AAAA"}}},
         ERR_INTEGRITY,
         "is there twice"},
        {{.type = TAR_SYMLINK}, ERR_INTEGRITY, "no target"},
        {{.type = TAR_SYMLINK, .target = "\xff"}, ERR_INTEGRITY, "UTF-8"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        struct win_meta meta = {.attributes = 77};
        assert_fails(parse(&rows[i].example, &meta, &err), rows[i].kind, rows[i].text);
        assert_int_equal(meta.attributes, 77);
    }
}

TEST(sddl_beside_a_descriptor_is_ignored)
{
    struct error err = {0};
    CLEANUP(win_meta_clear) struct win_meta meta = {0};
    const struct example both = {
        .type = TAR_FILE,
        .records = {{"MSWINDOWS.sd", "D:"}, {"MSWINDOWS.rawsd", RAWSD}, {"MSWINDOWS.new", "?"}},
    };
    assert_ok(parse(&both, &meta, &err));
    assert_int_equal(meta.security.length, 100);

    CLEANUP(win_meta_clear) struct win_meta empty = {0};
    assert_ok(parse(&(struct example){.type = TAR_FILE, .records = {{"MSWINDOWS.rawsd", ""}}},
                    &empty, &err));
    assert_int_equal(empty.security.length, 0);
}

TEST(sddl_is_kept_where_there_is_nothing_else)
{
    struct error err = {0};
    CLEANUP(win_meta_clear) struct win_meta meta = {0};
    assert_ok(parse(
        &(struct example){.type = TAR_FILE, .records = {{"MSWINDOWS.sd", "O:BAD:(A;;FA;;;SY)"}}},
        &meta, &err));
    assert_string_equal(meta.sddl, "O:BAD:(A;;FA;;;SY)");
    assert_int_equal(meta.security.length, 0);
    CLEANUP(win_meta_clear) struct win_meta empty = {0};
    assert_ok(parse(&(struct example){.type = TAR_FILE, .records = {{"MSWINDOWS.sd", ""}}}, &empty,
                    &err));
    assert_null(empty.sddl);
}

/* ---- security descriptors ---- */

TEST(security_descriptors_of_layers_are_accepted)
{
    struct error err = {0};
    CLEANUP(win_meta_clear) struct win_meta meta = {0};
    assert_ok(parse(&(struct example){.type = TAR_FILE, .records = {{"MSWINDOWS.rawsd", RAWSD}}},
                    &meta, &err));
    assert_int_equal(meta.security.length, 100);

    /* No owner, no group, no lists. */
    static const unsigned char least[20] = {1, 0, 0, 0x80};
    assert_ok(security_descriptor_check(least, sizeof(least), &err));
    /* A list that is present and NULL. */
    static const unsigned char null_list[20] = {1, 0, 4, 0x80};
    assert_ok(security_descriptor_check(null_list, sizeof(null_list), &err));
    /* A mandatory label in the SACL: S-1-16-12288. */
    static const unsigned char label[] = {
        1,    0, 0x10, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0,  0, 0,    0, 0, /* header */
        2,    0, 28,   0,    1, 0, 0, 0,                                          /* ACL */
        0x11, 0, 20,   0,    1, 0, 0, 0, 1, 1, 0, 0, 0,  0, 0, 16, 0, 0x30, 0, 0, /* ACE */
    };
    assert_ok(security_descriptor_check(label, sizeof(label), &err));
}

/* A DACL of one entry that may name object types (GUIDs) before its SID. */
static bool check_object_entry(unsigned char type, unsigned char flags, size_t guids)
{
    static const unsigned char sid[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
    unsigned char descriptor[96] = {1, 0, 4, 0x80, [16] = 20, [20] = 4, [24] = 1};
    size_t entry = 12 + guids * 16 + sizeof(sid);
    descriptor[22] = (unsigned char)(8 + entry);
    descriptor[28] = type;
    descriptor[30] = (unsigned char)entry;
    descriptor[36] = flags;
    memcpy(descriptor + 40 + guids * 16, sid, sizeof(sid));
    struct error err = {0};
    CLEANUP(mem_free) unsigned char *copy = xmemdup(descriptor, 28 + entry);
    bool good = security_descriptor_check(copy, 28 + entry, &err);
    error_clear(&err);
    return good;
}

TEST(entries_for_objects)
{
    assert_true(check_object_entry(5, 0, 0));
    assert_true(check_object_entry(5, 1, 1));
    assert_true(check_object_entry(11, 2, 1));
    assert_true(check_object_entry(7, 3, 2));
    assert_false(check_object_entry(5, 1, 0));
    assert_false(check_object_entry(5, 3, 1));
    assert_false(check_object_entry(5, 0, 1));
    /* A type that nobody knows has no structure to check. */
    assert_true(check_object_entry(0x60, 0, 1));
}

/* One byte of a good descriptor changed. */
TEST(malformed_security_descriptors_are_refused)
{
    static const struct {
        size_t at;
        unsigned char value;
        const char *text;
    } rows[] = {
        {0, 2, "not a security descriptor"}, /* revision */
        {3, 0, "self-relative"},             /* control */
        {4, 0x16, "malformed"},              /* owner not aligned */
        {4, 4, "malformed"},                 /* owner inside the header */
        {4, 0x60, "malformed"},              /* owner leaves too little room */
        {5, 1, "malformed"},                 /* owner outside */
        {8, 0x64, "malformed"},              /* group at the very end */
        {16, 0x60, "malformed"},             /* DACL leaves too little room */
        {19, 0xff, "malformed"},             /* DACL far outside */
        {0x14, 2, "malformed"},              /* SID revision */
        {0x15, 16, "malformed"},             /* SID parts */
        {0x30, 1, "malformed"},              /* ACL revision */
        {0x30, 5, "malformed"},
        {0x32, 0x35, "malformed"}, /* ACL longer than the descriptor */
        {0x32, 0x07, "malformed"}, /* ACL shorter than its header */
        {0x32, 0x30, "malformed"}, /* entries longer than the ACL */
        {0x34, 3, "malformed"},    /* one entry too many */
        {0x3a, 0x02, "malformed"}, /* entry shorter than its header */
        {0x3a, 0x15, "malformed"}, /* entry not aligned */
        {0x3a, 0x10, "malformed"}, /* SID longer than the entry */
        {0x41, 15, "malformed"},   /* likewise */
    };
    struct error err = {0};
    struct buf good;
    buf_init(&good, 1000);
    assert_ok(base64_decode(RAWSD, strlen(RAWSD), &good, &err));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(mem_free) unsigned char *copy = xmemdup(good.data, good.length);
        copy[rows[i].at] = rows[i].value;
        if (security_descriptor_check(copy, good.length, &err))
            fail_msg("accepted with %02x at %zx", rows[i].value, rows[i].at);
        if (!strstr(err.message, rows[i].text))
            fail_msg("%zx: %s", rows[i].at, err.message);
        error_clear(&err);
    }
    for (size_t length = 0; length < good.length; length++) {
        CLEANUP(mem_free) unsigned char *copy = xmemdup(good.data, length);
        assert_false(security_descriptor_check(copy, length, &err));
        error_clear(&err);
    }
    buf_clear(&good);
}

/* ---- extended attributes ---- */

TEST(extended_attributes_become_a_list)
{
    struct error err = {0};
    CLEANUP(win_meta_clear) struct win_meta meta = {0};
    const struct example two = {
        .type = TAR_FILE,
        .records = {{"MSWINDOWS.xattr.A", "AQI="}, {"MSWINDOWS.xattr.BC", "eA=="}},
    };
    assert_ok(parse(&two, &meta, &err));
    CHECK_BYTES(&meta.ea,
                "\x0c\0\0\0\0\x01\x02\0\x41\0\x01\x02"
                "\0\0\0\0\0\x02\x01\0\x42\x43\0\x78");
}

TEST(the_last_extended_attribute_is_padded)
{
    struct error err = {0};
    CLEANUP(win_meta_clear) struct win_meta meta = {0};
    const struct example one = {.type = TAR_FILE,
                                .records = {{"MSWINDOWS.xattr.TEST", "aGVsbG8="}}};
    assert_ok(parse(&one, &meta, &err));
    CHECK_BYTES(&meta.ea, "\0\0\0\0\0\x04\x05\0TEST\0hello\0\0");
}

TEST(extended_attributes_are_limited)
{
    struct error err = {0};
    struct win_meta meta = {0};
    char key[300];
    snprintf(key, sizeof(key), "MSWINDOWS.xattr.%0256d", 7);
    assert_fails(
        parse(&(struct example){.type = TAR_FILE, .records = {{key, "AAAA"}}}, &meta, &err),
        ERR_INTEGRITY, "impossible name");

    CLEANUP(str_free) char *value = xmalloc(87385);
    memset(value, 'A', 87384);
    value[87384] = '\0'; /* 65538 bytes */
    const struct example large = {.type = TAR_FILE, .records = {{"MSWINDOWS.xattr.A", value}}};
    assert_fails(parse(&large, &meta, &err), ERR_INTEGRITY, "limit");
}

/* ---- links ---- */

TEST(links_become_reparse_data)
{
    struct error err = {0};
    CLEANUP(win_meta_clear) struct win_meta junction = {0};
    const struct example to_c = {
        .type = TAR_SYMLINK, .target = "C:/P", .records = {{"MSWINDOWS.mountpoint", "1"}}};
    assert_ok(parse(&to_c, &junction, &err));
    CHECK_BYTES(&junction.reparse,
                "\x03\0\0\xa0\x24\0\0\0\0\0\x10\0\x12\0\x08\0"
                "\x5c\0\x3f\0\x3f\0\x5c\0\x43\0\x3a\0\x5c\0\x50\0\0\0\x43\0\x3a\0\x5c\0\x50\0\0\0");

    CLEANUP(win_meta_clear) struct win_meta symlink = {0};
    assert_ok(parse(&(struct example){.type = TAR_SYMLINK, .target = "../a"}, &symlink, &err));
    CHECK_BYTES(&symlink.reparse,
                "\x0c\0\0\xa0\x20\0\0\0\0\0\x08\0\x0a\0\x08\0\x01\0\0\0"
                "\x2e\0\x2e\0\x5c\0\x61\0\0\0\x2e\0\x2e\0\x5c\0\x61\0\0\0");
}

TEST(kinds_of_targets)
{
    static const struct {
        const char *target;
        const char *substitute;
        bool relative;
    } rows[] = {
        {"C:\\x", "\\??\\C:\\x", false},
        {"\\\\?\\Volume{1}\\", "\\??\\Volume{1}\\", false},
        {"\\\\server\\share", "\\??\\UNC\\server\\share", false},
        {"//server/share", "\\??\\UNC\\server\\share", false},
        {"\\rooted", "\\rooted", true},
        {"a:", "\\??\\a:", false},
        {"1:", "1:", true},
        {"x", "x", true},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(buf_clear) struct buf out;
        buf_init(&out, 1000);
        assert_ok(reparse_compose(rows[i].target, REPARSE_SYMLINK, &out, &err));
        assert_int_equal(out.data[16], rows[i].relative);
        size_t length = strlen(rows[i].substitute);
        assert_int_equal(out.data[10], length * 2);
        for (size_t at = 0; at < length; at++)
            assert_int_equal(out.data[20 + at * 2], rows[i].substitute[at]);
    }
}

TEST(long_targets_are_refused)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf out;
    buf_init(&out, 20000);
    char target[4092];
    memset(target, 'a', sizeof(target));
    target[4091] = '\0';
    assert_fails(reparse_compose(target, REPARSE_SYMLINK, &out, &err), ERR_INTEGRITY, "too long");
    target[4090] = '\0';
    assert_ok(reparse_compose(target, REPARSE_SYMLINK, &out, &err));
    assert_int_equal(out.length, 16384);
}

/* ---- backup streams ---- */

TEST(stream_headers)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf out;
    buf_init(&out, BUF_UNBOUNDED);
    backup_stream_add_header(&out, BACKUP_STREAM_SECURITY, 0x14);
    CHECK_BYTES(&out, "\x03\0\0\0\0\0\0\0\x14\0\0\0\0\0\0\0\0\0\0\0");
    buf_reset(&out);
    assert_ok(backup_stream_add_alternate(&out, "s", 3, &err));
    CHECK_BYTES(&out,
                "\x04\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x10\0\0\0"
                "\x3a\0\x73\0\x3a\0\x24\0\x44\0\x41\0\x54\0\x41\0");
    buf_reset(&out);
    backup_stream_add_header(&out, BACKUP_STREAM_DATA, UINT64_C(0x123456789a));
    CHECK_BYTES(&out, "\x01\0\0\0\0\0\0\0\x9a\x78\x56\x34\x12\0\0\0\0\0\0\0");
    buf_reset(&out);
    backup_stream_add(&out, BACKUP_STREAM_EA, "abc", 3);
    CHECK_BYTES(&out,
                "\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0"
                "abc");
    assert_fails(backup_stream_add_alternate(&out, "\xff", 3, &err), ERR_INTEGRITY, "stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_become_filetimes),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(missing_times_are_left_alone),
        cmocka_unit_test(attributes),
        cmocka_unit_test(bad_records_are_refused),
        cmocka_unit_test(sddl_beside_a_descriptor_is_ignored),
        cmocka_unit_test(sddl_is_kept_where_there_is_nothing_else),
        cmocka_unit_test(security_descriptors_of_layers_are_accepted),
        cmocka_unit_test(entries_for_objects),
        cmocka_unit_test(malformed_security_descriptors_are_refused),
        cmocka_unit_test(extended_attributes_become_a_list),
        cmocka_unit_test(the_last_extended_attribute_is_padded),
        cmocka_unit_test(extended_attributes_are_limited),
        cmocka_unit_test(links_become_reparse_data),
        cmocka_unit_test(kinds_of_targets),
        cmocka_unit_test(long_targets_are_refused),
        cmocka_unit_test(stream_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
