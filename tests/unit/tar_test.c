/* SPDX-License-Identifier: MIT */
#include "layers/tar.h"

#include "check.h"
#include "tar_build.h"

/* Everything a reader said, as text. */
struct recording {
    struct buf text;
    size_t refuse_at; /* the entry that the handler refuses; 0 = none */
    size_t entries;
};

static bool on_entry(void *user, const struct tar_entry *entry, struct error *err)
{
    static const char *const types[] = {"?", "file", "hard link", "symlink", "directory", "device"};
    struct recording *recording = user;
    buf_addf(&recording->text, "[%s '%s' '%s' %llu %lld", types[entry->type], entry->name,
             entry->target, (unsigned long long)entry->size, (long long)entry->mtime);
    for (size_t i = 0; i < entry->record_count; i++) {
        buf_addf(&recording->text, " %s=", entry->records[i].key);
        buf_add(&recording->text, entry->records[i].value, entry->records[i].value_length);
    }
    buf_add_str(&recording->text, "]");
    if (++recording->entries == recording->refuse_at)
        return error_set(err, ERR_BUG, "refused by the test");
    return true;
}

static bool on_data(void *user, const unsigned char *data, size_t length, struct error *err)
{
    struct recording *recording = user;
    (void)err;
    assert_true(length > 0);
    buf_add(&recording->text, data, length);
    return true;
}

/* Feeds the archive in slices, each an exact copy so that reading past its end is found. */
static bool read_all(const struct buf *archive, size_t slice, struct recording *recording,
                     struct error *err)
{
    const struct tar_handler handler = {on_entry, on_data, recording};
    buf_init(&recording->text, BUF_UNBOUNDED);
    recording->entries = 0;
    CLEANUP(tar_reader_close) struct tar_reader *reader = tar_reader_open(&handler);
    for (size_t at = 0; at < archive->length; at += slice) {
        size_t length = archive->length - at < slice ? archive->length - at : slice;
        CLEANUP(mem_free) unsigned char *copy = xmemdup(archive->data + at, length);
        if (!tar_reader_feed(reader, copy, length, err))
            return false;
    }
    return tar_reader_finish(reader, err);
}

static const size_t slices[] = {1, 7, 511, 512, 513, 1 << 20};

static void check_reads(const struct buf *archive, const char *expected)
{
    for (size_t i = 0; i < ARRAY_SIZE(slices); i++) {
        struct error err = {0};
        struct recording recording = {0};
        assert_ok(read_all(archive, slices[i], &recording, &err));
        assert_string_equal(buf_str(&recording.text), expected);
        buf_clear(&recording.text);
    }
}

static void check_refused(const struct buf *archive, const char *text)
{
    for (size_t i = 0; i < ARRAY_SIZE(slices); i++) {
        struct error err = {0};
        struct recording recording = {0};
        assert_fails(read_all(archive, slices[i], &recording, &err), ERR_INTEGRITY, text);
        buf_clear(&recording.text);
    }
}

TEST(entries_of_every_kind)
{
    static const struct tar_build_entry entries[] = {
        {.type = '5', .name = "Files/"},
        {.type = '0', .name = "Files/a", .data = "hello"},
        {.type = '\0', .name = "Files/old", .data = "x"},
        {.type = '\0', .name = "Files/olddir/"},
        {.type = '7', .name = "Files/contiguous"},
        {.type = '1', .name = "Files/b", .target = "Files/a"},
        {.type = '2', .name = "Files/c", .target = "a"},
        {.type = '3', .name = "Files/d"},
        {.type = '4', .name = "Files/e"},
        {.type = '6', .name = "Files/f"},
        {0},
    };
    CLEANUP(buf_clear) struct buf archive;
    tar_build_all(&archive, entries);
    check_reads(&archive,
                "[directory 'Files/' '' 0 1700000000]"
                "[file 'Files/a' '' 5 1700000000]hello"
                "[file 'Files/old' '' 1 1700000000]x"
                "[directory 'Files/olddir/' '' 0 1700000000]"
                "[file 'Files/contiguous' '' 0 1700000000]"
                "[hard link 'Files/b' 'Files/a' 0 1700000000]"
                "[symlink 'Files/c' 'a' 0 1700000000]"
                "[device 'Files/d' '' 0 1700000000]"
                "[device 'Files/e' '' 0 1700000000]"
                "[device 'Files/f' '' 0 1700000000]");
}

TEST(data_of_every_length_around_a_block)
{
    static const size_t lengths[] = {1, 511, 512, 513, 1024, 1500};
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        CLEANUP(str_free) char *data = xcalloc(lengths[i] + 1, 1);
        memset(data, 'd', lengths[i]);
        const struct tar_build_entry entries[] = {
            {.type = '0', .name = "a", .data = data}, {.type = '0', .name = "b"}, {0}};
        CLEANUP(buf_clear) struct buf archive;
        tar_build_all(&archive, entries);
        CLEANUP(str_free)
        char *expected = str_format("[file 'a' '' %zu 1700000000]%s[file 'b' '' 0 1700000000]",
                                    lengths[i], data);
        check_reads(&archive, expected);
    }
}

TEST(header_only_types_have_no_data_whatever_their_size)
{
    CLEANUP(buf_clear) struct buf archive;
    buf_init(&archive, BUF_UNBOUNDED);
    static const char kinds[] = "12345 6";
    for (size_t i = 0; kinds[i]; i++) {
        if (kinds[i] == ' ')
            continue;
        size_t start = archive.length;
        tar_build_raw(&archive, kinds[i], "n", "t", "", 0);
        tar_build_number(archive.data + start + 124, 12, 1000);
        tar_build_checksum(archive.data + start);
    }
    tar_build_end(&archive);
    check_reads(&archive,
                "[hard link 'n' 't' 0 1700000000][symlink 'n' 't' 0 1700000000]"
                "[device 'n' '' 0 1700000000][device 'n' '' 0 1700000000]"
                "[directory 'n' '' 0 1700000000][device 'n' '' 0 1700000000]");
}

TEST(pax_records_are_handed_over)
{
    static const struct tar_build_entry entries[] = {
        {.type = '0',
         .name = "short",
         .data = "abc",
         .records = {{"MSWINDOWS.fileattr", "32"},
                     {"path", "Files/long"},
                     {"mtime", "1.5"},
                     {"empty", ""},
                     {"k", "a=b"},
                     {"MSWINDOWS.xattr.X", "AA=="}}},
        {.type = '2', .name = "l", .records = {{"linkpath", "target"}}},
        {.type = '0', .name = "size", .data = "abcdef", .records = {{"size", "6"}}},
        {.type = '0', .name = "kept", .records = {{"path", ""}}},
        {.type = '0', .name = "last", .records = {{"path", "one"}, {"path", "two"}}},
        {.type = '0', .name = "next"},
        {0},
    };
    CLEANUP(buf_clear) struct buf archive;
    tar_build_all(&archive, entries);
    check_reads(&archive,
                "[file 'Files/long' '' 3 1700000000 MSWINDOWS.fileattr=32 path=Files/long mtime=1.5"
                " empty= k=a=b MSWINDOWS.xattr.X=AA==]abc"
                "[symlink 'l' 'target' 0 1700000000 linkpath=target]"
                "[file 'size' '' 6 1700000000 size=6]abcdef"
                "[file 'kept' '' 0 1700000000 path=]"
                "[file 'two' '' 0 1700000000 path=one path=two]"
                "[file 'next' '' 0 1700000000]");
}

TEST(the_size_of_the_pax_header_wins)
{
    CLEANUP(buf_clear) struct buf archive;
    buf_init(&archive, BUF_UNBOUNDED);
    tar_build_raw(&archive, 'x', "p", "", "9 size=3\n", 9);
    tar_build_raw(&archive, '0', "a", "", "", 0);
    buf_add(&archive, "abc", 3);
    tar_build_pad(&archive);
    tar_build_end(&archive);
    check_reads(&archive, "[file 'a' '' 3 1700000000 size=3]abc");
}

/* As git archive writes them; what they say of following entries, Go does not believe either. */
TEST(global_records_are_checked_and_ignored)
{
    CLEANUP(buf_clear) struct buf archive;
    buf_init(&archive, BUF_UNBOUNDED);
    tar_build_raw(&archive, 'g', "pax_global_header", "", "15 comment=abc\n", 15);
    tar_build_raw(&archive, 'g', "g", "", "12 path=evi\n", 12);
    tar_build_raw(&archive, '0', "a", "", "", 0);
    tar_build_raw(&archive, 'g', "g", "", "25 MSWINDOWS.fileattr=16\n", 25);
    tar_build_raw(&archive, 'g', "g", "", "9 size=4\n", 9);
    tar_build_raw(&archive, 'x', "x", "", "6 k=v\n", 6);
    tar_build_raw(&archive, '0', "b", "", "", 0);
    tar_build_raw(&archive, 'g', "g", "", "", 0);
    tar_build_raw(&archive, '5', "c", "", "", 0);
    tar_build_end(&archive);
    check_reads(&archive,
                "[file 'a' '' 0 1700000000][file 'b' '' 0 1700000000 k=v]"
                "[directory 'c' '' 0 1700000000]");
}

TEST(long_names)
{
    char name[301];
    memset(name, 'n', 300);
    name[300] = '\0';
    CLEANUP(buf_clear) struct buf archive;
    buf_init(&archive, BUF_UNBOUNDED);
    tar_build_raw(&archive, 'K', "././@LongLink", "", "target", 7);
    tar_build_raw(&archive, 'L', "././@LongLink", "", name, sizeof(name));
    tar_build_raw(&archive, '2', "cut", "cut", "", 0);
    tar_build_raw(&archive, 'L', "././@LongLink", "", "without NUL", 11);
    tar_build_raw(&archive, '0', "cut", "", "", 0);
    /* ustar: the prefix. */
    size_t start = archive.length;
    tar_build_raw(&archive, '0', "tail", "", "", 0);
    memcpy(archive.data + start + 345, "some/dir", 8);
    tar_build_checksum(archive.data + start);
    /* GNU keeps something else there. */
    start = archive.length;
    tar_build_raw(&archive, '0', "gnu", "", "", 0);
    memcpy(archive.data + start + 257, "ustar  ", 8);
    memcpy(archive.data + start + 345, "14000000000", 11);
    tar_build_checksum(archive.data + start);
    /* star has less room for the prefix. */
    start = archive.length;
    tar_build_raw(&archive, '0', "star", "", "", 0);
    memset(archive.data + start + 345, 'p', 155);
    memcpy(archive.data + start + 508, "tar", 4);
    tar_build_checksum(archive.data + start);
    tar_build_end(&archive);
    char prefix[132];
    memset(prefix, 'p', 131);
    prefix[131] = '\0';
    CLEANUP(str_free)
    char *expected =
        str_format("[symlink '%s' 'target' 0 1700000000][file 'without NUL' '' 0 1700000000]"
                   "[file 'some/dir/tail' '' 0 1700000000][file 'gnu' '' 0 1700000000]"
                   "[file '%s/star' '' 0 1700000000]",
                   name, prefix);
    check_reads(&archive, expected);
}

/* Before POSIX there was no magic, and nothing behind the target. */
TEST(headers_of_the_seventh_edition)
{
    CLEANUP(buf_clear) struct buf archive;
    buf_init(&archive, BUF_UNBOUNDED);
    static const struct {
        char type;
        const char *name, *target, *data;
    } rows[] = {{'\0', "dir/", "", ""}, {'\0', "dir/f", "", "abc"}, {'1', "l", "dir/f", ""}};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        size_t start = archive.length;
        tar_build_raw(&archive, rows[i].type, rows[i].name, rows[i].target, rows[i].data,
                      strlen(rows[i].data));
        memset(archive.data + start + 257, 0, 255);
        memcpy(archive.data + start + 345, "not a prefix", 12);
        tar_build_checksum(archive.data + start);
    }
    tar_build_end(&archive);
    check_reads(&archive,
                "[directory 'dir/' '' 0 1700000000][file 'dir/f' '' 3 1700000000]abc"
                "[hard link 'l' 'dir/f' 0 1700000000]");
}

TEST(names_that_fill_their_fields)
{
    char name[101], target[101], prefix[156];
    memset(name, 'n', 100);
    memset(target, 't', 100);
    memset(prefix, 'p', 155);
    name[100] = target[100] = prefix[155] = '\0';
    CLEANUP(buf_clear) struct buf archive;
    buf_init(&archive, BUF_UNBOUNDED);
    tar_build_raw(&archive, '2', name, target, "", 0);
    memcpy(archive.data + 345, prefix, 155);
    tar_build_checksum(archive.data);
    size_t start = archive.length;
    tar_build_raw(&archive, '\0', "olddir/", "", "", 0);
    tar_build_number(archive.data + start + 124, 12, 1000);
    tar_build_checksum(archive.data + start);
    tar_build_end(&archive);
    CLEANUP(str_free)
    char *expected = str_format("[symlink '%s/%s' '%s' 0 1700000000]"
                                "[directory 'olddir/' '' 0 1700000000]",
                                prefix, name, target);
    check_reads(&archive, expected);
}

/* One header, after 'change' bytes at 'at'. */
static void changed_header(struct buf *archive, size_t at, const void *bytes, size_t length)
{
    buf_init(archive, BUF_UNBOUNDED);
    tar_build_raw(archive, '0', "a", "", "", 0);
    memcpy(archive->data + at, bytes, length);
    tar_build_checksum(archive->data);
    tar_build_end(archive);
}

TEST(numbers_of_headers)
{
    static const struct {
        size_t at;
        const char *bytes;
        size_t length;
        const char *expected; /* NULL = refused */
    } rows[] = {
        {124, "            ", 12, "[file 'a' '' 0 1700000000]"},
        {124, "\0\0\0\0\0\0\0\0\0\0\0\0", 12, "[file 'a' '' 0 1700000000]"},
        {124, "  0         ", 12, "[file 'a' '' 0 1700000000]"},
        {124, "0 0         ", 12, NULL},
        {124, "8           ", 12, NULL},
        {124, "-1          ", 12, NULL},
        {124, "\x80\0\0\0\0\0\0\0\0\0\0\0", 12, "[file 'a' '' 0 1700000000]"},
        {124, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12, NULL}, /* -1 */
        {124, "\x80\0\0\1\0\0\0\0\0\0\0\0", 12, NULL},                       /* 2^64 */
        {124, "\x80\0\0\0\x80\0\0\0\0\0\0\0", 12, NULL},                     /* 2^63 */
        {136, "            ", 12, "[file 'a' '' 0 0]"},
        {136, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfb", 12, "[file 'a' '' 0 -5]"},
        {136, "\x80\0\0\0\0\0\0\0\0\0\1\2", 12, "[file 'a' '' 0 258]"},
        {136, "z", 1, NULL},
        {136, "\x80\0\0\1\0\0\0\0\0\0\0\0", 12, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(buf_clear) struct buf archive;
        changed_header(&archive, rows[i].at, rows[i].bytes, rows[i].length);
        if (rows[i].expected)
            check_reads(&archive, rows[i].expected);
        else
            check_refused(&archive, "impossible");
    }
}

TEST(sizes_in_base_256)
{
    CLEANUP(buf_clear) struct buf archive;
    buf_init(&archive, BUF_UNBOUNDED);
    tar_build_raw(&archive, '0', "a", "", "abc", 3);
    memcpy(archive.data + 124, "\x80\0\0\0\0\0\0\0\0\0\0\3", 12);
    tar_build_checksum(archive.data);
    tar_build_end(&archive);
    check_reads(&archive, "[file 'a' '' 3 1700000000]abc");

    /* 9 GiB, which eleven octal digits cannot say; they never come. */
    struct error err = {0};
    struct recording recording = {0};
    CLEANUP(buf_clear) struct buf large;
    changed_header(&large, 124, "\x80\0\0\0\0\0\0\2\x40\0\0\0", 12);
    assert_fails(read_all(&large, 512, &recording, &err), ERR_INTEGRITY, "cut short");
    assert_int_equal(strncmp(buf_str(&recording.text), "[file 'a' '' 9663676416 ", 24), 0);
    buf_clear(&recording.text);
}

TEST(checksums)
{
    CLEANUP(buf_clear) struct buf archive;
    buf_init(&archive, BUF_UNBOUNDED);
    tar_build_raw(&archive, '0', "\xc3\xa4", "", "", 0);
    tar_build_end(&archive);
    check_reads(&archive, "[file '\xc3\xa4' '' 0 1700000000]");

    /* The sum of signed bytes, as old tars made it. */
    int sum = 0;
    for (size_t i = 0; i < 512; i++)
        sum += i >= 148 && i < 156 ? ' ' : (signed char)archive.data[i];
    tar_build_number(archive.data + 148, 7, (uint64_t)sum);
    check_reads(&archive, "[file '\xc3\xa4' '' 0 1700000000]");

    archive.data[0]++;
    check_refused(&archive, "not a tar archive");
    archive.data[0]--;
    archive.data[148] = 'x';
    check_refused(&archive, "not a tar archive");
}

TEST(ends)
{
    struct buf archive;
    buf_init(&archive, BUF_UNBOUNDED);
    check_refused(&archive, "cut short"); /* nothing at all */
    static const unsigned char zeros[1024];
    buf_add(&archive, zeros, 512);
    check_reads(&archive, "");
    buf_add(&archive, zeros, 512);
    check_reads(&archive, "");
    buf_add_str(&archive, "anything may follow");
    check_reads(&archive, "");
    buf_clear(&archive);

    buf_init(&archive, BUF_UNBOUNDED);
    tar_build_raw(&archive, '0', "a", "", "data", 4);
    check_refused(&archive, "cut short"); /* no end */
    buf_add(&archive, zeros, 512);
    tar_build_raw(&archive, '0', "b", "", "", 0);
    check_refused(&archive, "after a block of zeros");
    buf_clear(&archive);
}

TEST(every_truncation_is_noticed)
{
    static const struct tar_build_entry entries[] = {
        {.type = '0', .name = "a", .data = "data", .records = {{"path", "b"}}},
        {0},
    };
    CLEANUP(buf_clear) struct buf archive;
    tar_build_all(&archive, entries);
    size_t whole = archive.length - 512; /* the last block may be missing */
    for (size_t length = 0; length < whole; length += length % 512 == 511 ? 1 : 73) {
        struct buf part = archive;
        part.length = length;
        check_refused(&part, "cut short");
    }
}

static const char *const bad_records[] = {
    "x",
    "5 a=",
    "6 a=b",     /* no newline */
    "6 a=b\n\n", /* something behind */
    "5 a=b\n",   /* too short */
    "7 a=b\n",   /* too long */
    "6  a=b\n",
    "0 a=b\n",
    "1\n",
    "4 a\n",  /* no '=' */
    "5 =b\n", /* no key */
    " 6 a=b\n",
    "-6 a=b\n",
    "+6 a=b\n",
    "99999999999999999999 a=b\n",
    "18446744073709551615 a=b\n",
    "6\ta=b\n",
};

TEST(malformed_pax_records_are_refused)
{
    for (size_t i = 0; i < ARRAY_SIZE(bad_records); i++) {
        for (size_t global = 0; global < 2; global++) {
            CLEANUP(buf_clear) struct buf archive;
            buf_init(&archive, BUF_UNBOUNDED);
            tar_build_raw(&archive, global ? 'g' : 'x', "p", "", bad_records[i],
                          strlen(bad_records[i]));
            tar_build_raw(&archive, '0', "a", "", "", 0);
            tar_build_end(&archive);
            check_refused(&archive, "malformed PAX record");
        }
    }
}

struct raw_part {
    char type;
    const char *name;
    const char *data;
    size_t length;
};

TEST(doubtful_archives_are_refused)
{
    static const struct {
        struct raw_part parts[4];
        const char *text;
    } rows[] = {
        {{{'x', "p", "9 path=a\n", 9}, {'x', "p", "9 path=b\n", 9}, {'0', "a", "", 0}},
         "two extended headers"},
        {{{'L', "l", "n", 2}, {'L', "l", "m", 2}, {'0', "a", "", 0}}, "two extended headers"},
        {{{'x', "p", "9 path=a\n", 9}, {'g', "g", "6 a=b\n", 6}, {'0', "a", "", 0}},
         "global header between"},
        {{{'x', "p", "9 path=a\n", 9}, {'L', "l", "n", 2}, {'0', "a", "", 0}}, "GNU and a PAX"},
        {{{'K', "l", "n", 2}, {'x', "p", "13 linkpath=a\n", 14}}, "malformed PAX"},
        {{{'K', "l", "n", 2}, {'x', "p", "14 linkpath=a\n", 14}, {'2', "a", "", 0}},
         "GNU and a PAX"},
        {{{'x', "p", "9 path=a\n", 9}}, "has no entry"},
        {{{'L', "l", "n", 2}}, "has no entry"},
        {{{'L', "l", "", 0}, {'0', "a", "", 0}}, "malformed GNU long name"},
        {{{'L', "l", "\0n", 3}, {'0', "a", "", 0}}, "malformed GNU long name"},
        {{{'L', "l", "n\0m", 4}, {'0', "a", "", 0}}, "malformed GNU long name"},
        {{{'x', "p", "11 path=a\0b\n", 12}}, "malformed PAX"},
        {{{'x', "p", "12 path=a\0bc\n", 13}}, "malformed PAX"},
        {{{'x', "p", "12 path=a\0b\n", 12}, {'0', "a", "", 0}}, "has a NUL"},
        {{{'x', "p", "14 size=1\0002345\n", 14}}, "malformed PAX"},
        {{{'x', "p", "11 size=-1\n", 11}, {'0', "a", "", 0}}, "impossible size"},
        {{{'x', "p", "10 size=-1\n", 11}, {'0', "a", "", 0}}, "malformed PAX"},
        {{{'x', "p", "11 size= 1\n", 11}, {'0', "a", "", 0}}, "impossible size"},
        {{{'x', "p", "28 size=9223372036854775808\n", 28}, {'0', "a", "", 0}}, "impossible size"},
        {{{'x', "p", "11 size=0x\n", 11}, {'0', "a", "", 0}}, "impossible size"},
        {{{'x', "p", "22 GNU.sparse.major=1\n", 22}, {'0', "a", "", 0}}, "sparse"},
        {{{'S', "a", "", 0}}, "type that no"},
        {{{'V', "a", "", 0}}, "type that no"},
        {{{'M', "a", "", 0}}, "type that no"},
        {{{'A', "a", "", 0}}, "type that no"},
        {{{'0', "", "", 0}}, "no name"},
        {{{'0', "a/", "", 0}}, "name of a directory"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(buf_clear) struct buf archive;
        buf_init(&archive, BUF_UNBOUNDED);
        for (size_t p = 0; p < 4 && rows[i].parts[p].name; p++) {
            const struct raw_part *part = &rows[i].parts[p];
            tar_build_raw(&archive, part->type, part->name, "", part->data, part->length);
        }
        tar_build_end(&archive);
        check_refused(&archive, rows[i].text);
    }
}

TEST(extended_headers_are_limited)
{
    for (const char *type = "xgLK"; *type; type++) {
        CLEANUP(buf_clear) struct buf archive;
        changed_header(&archive, 124, "00004000001 ", 12); /* 1 MiB + 1 */
        archive.data[156] = (unsigned char)*type;
        tar_build_checksum(archive.data);
        check_refused(&archive, "larger than 1048576");
    }

    /* Exactly 1 MiB is read. */
    CLEANUP(buf_clear) struct buf pax;
    buf_init(&pax, BUF_UNBOUNDED);
    buf_add_str(&pax, "1048576 comment=");
    while (pax.length < 1048575)
        buf_add_str(&pax, "c");
    buf_add_str(&pax, "\n");
    CLEANUP(buf_clear) struct buf whole;
    buf_init(&whole, BUF_UNBOUNDED);
    tar_build_raw(&whole, 'x', "p", "", pax.data, pax.length);
    tar_build_raw(&whole, '0', "a", "", "", 0);
    tar_build_end(&whole);
    struct error err = {0};
    struct recording recording = {0};
    assert_ok(read_all(&whole, 4096, &recording, &err));
    assert_int_equal(recording.entries, 1);
    buf_clear(&recording.text);
}

TEST(an_error_of_the_handler_ends_the_reading)
{
    static const struct tar_build_entry entries[] = {
        {.type = '0', .name = "a"}, {.type = '0', .name = "b"}, {.type = '0', .name = "c"}, {0}};
    CLEANUP(buf_clear) struct buf archive;
    tar_build_all(&archive, entries);
    struct error err = {0};
    struct recording recording = {.refuse_at = 2};
    assert_fails(read_all(&archive, 1 << 20, &recording, &err), ERR_BUG, "refused by the test");
    assert_int_equal(recording.entries, 2);
    buf_clear(&recording.text);
}

TEST(the_last_record_of_a_name_counts)
{
    const struct tar_record records[] = {{"a", "1", 1}, {"b", "2", 1}, {"a", "3", 1}};
    const struct tar_entry entry = {.records = records, .record_count = ARRAY_SIZE(records)};
    assert_string_equal(tar_entry_record(&entry, "a")->value, "3");
    assert_string_equal(tar_entry_record(&entry, "b")->value, "2");
    assert_null(tar_entry_record(&entry, "A"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_of_every_kind),
        cmocka_unit_test(data_of_every_length_around_a_block),
        cmocka_unit_test(header_only_types_have_no_data_whatever_their_size),
        cmocka_unit_test(pax_records_are_handed_over),
        cmocka_unit_test(the_size_of_the_pax_header_wins),
        cmocka_unit_test(global_records_are_checked_and_ignored),
        cmocka_unit_test(long_names),
        cmocka_unit_test(headers_of_the_seventh_edition),
        cmocka_unit_test(names_that_fill_their_fields),
        cmocka_unit_test(numbers_of_headers),
        cmocka_unit_test(sizes_in_base_256),
        cmocka_unit_test(checksums),
        cmocka_unit_test(ends),
        cmocka_unit_test(every_truncation_is_noticed),
        cmocka_unit_test(malformed_pax_records_are_refused),
        cmocka_unit_test(doubtful_archives_are_refused),
        cmocka_unit_test(extended_headers_are_limited),
        cmocka_unit_test(an_error_of_the_handler_ends_the_reading),
        cmocka_unit_test(the_last_record_of_a_name_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
