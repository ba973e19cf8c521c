/* SPDX-License-Identifier: MIT */
/* What archive_sink writes, archive_walk reads; and what archive_walk must refuse. */
#include "base/cancel.h"
#include "check.h"
#include "registry/archive_sink.h"
#include "registry/archive_walk.h"

#define BLOCK ((size_t)512)

/* ---- a tar file in memory ---- */

static bool write_memory(void *user, const void *data, size_t length, struct error *err)
{
    return buf_append(user, data, length, err);
}

static void put_member(const struct archive_sink *sink, const char *name, const char *content)
{
    struct error err = {0};
    assert_ok(sink->begin(sink->user, name, strlen(content), &err));
    assert_ok(sink->write(sink->user, content, strlen(content), &err));
    assert_ok(sink->end(sink->user, &err));
}

static void write_sample(struct buf *ret)
{
    struct error err = {0};
    struct archive_tar tar = {write_memory, ret, 0};
    const struct archive_sink sink = archive_tar_sink(&tar);
    buf_init(ret, 1 << 20);
    assert_ok(sink.directory(sink.user, "blobs", &err));
    put_member(&sink, "blobs/a", "first");
    put_member(&sink, "empty", "");
    put_member(&sink, "index.json", "{}");
    assert_ok(sink.finish(sink.user, &err));
}

static void fix_checksum(unsigned char *header)
{
    unsigned sum = 0;
    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += header[i];
    char text[8];
    snprintf(text, sizeof(text), "%06o", sum);
    memcpy(header + 148, text, 7);
}

/* ---- walking through it ---- */

struct memory {
    const unsigned char *data;
    size_t left;
    size_t piece;
    bool broken; /* fails at the end */
};

static bool read_memory(void *user, void *data, size_t capacity, size_t *ret_length,
                        struct error *err)
{
    struct memory *memory = user;
    size_t length = memory->left < memory->piece ? memory->left : memory->piece;
    assert_true(capacity >= length);
    if (memory->broken && length == 0)
        return error_set(err, ERR_OS, "the pipe is broken");
    if (length > 0)
        memcpy(data, memory->data, length);
    memory->data += length;
    memory->left -= length;
    *ret_length = length;
    return true;
}

struct seen {
    struct strlist lines;
    struct buf content;
    const char *wanted; /* NULL = everything */
    bool refuse;
};

static bool on_begin(void *user, const struct archive_member *member, bool *ret_wanted,
                     struct error *err)
{
    struct seen *seen = user;
    assert_false(*ret_wanted);
    strlist_addf(&seen->lines, "%d %s %u %s", (int)member->type, member->name,
                 (unsigned)member->size, member->target);
    *ret_wanted = !seen->wanted || !strcmp(seen->wanted, member->name);
    return !seen->refuse || error_set(err, ERR_UNSUPPORTED, "not this one");
}

static bool on_data(void *user, const void *data, size_t length, struct error *err)
{
    struct seen *seen = user;
    return buf_append(&seen->content, data, length, err);
}

static bool on_end(void *user, struct error *err)
{
    struct seen *seen = user;
    return buf_append(&seen->content, "|", 1, err);
}

static void seen_clear(struct seen *seen)
{
    strlist_clear(&seen->lines);
    buf_clear(&seen->content);
}

static bool walk_memory(struct memory memory, struct seen *seen, const struct cancel *cancel,
                        struct error *err)
{
    const struct archive_source source = {read_memory, &memory};
    const struct archive_visitor visitor = {on_begin, on_data, on_end, seen};
    seen_clear(seen);
    buf_init(&seen->content, 1 << 20);
    bool good = archive_walk(&source, &visitor, cancel, err);
    if (good)
        assert_int_equal(memory.left, 0);
    return good;
}

static bool walk(const struct buf *text, struct seen *seen, struct error *err)
{
    return walk_memory((struct memory){text->data, text->length, 100, false}, seen, NULL, err);
}

TEST(what_is_written_is_read)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf text;
    CLEANUP(seen_clear) struct seen seen = {0};
    write_sample(&text);
    /* Four headers, two blocks of content, two of the end. */
    assert_int_equal(text.length, 8 * BLOCK);
    static const size_t pieces[] = {1, 511, 512, 100000};
    for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
        assert_ok(walk_memory((struct memory){text.data, text.length, pieces[i], false}, &seen,
                              NULL, &err));
        CLEANUP(str_free) char *lines = strlist_join(&seen.lines, ",");
        assert_string_equal(lines, "3 blobs/ 0 ,0 blobs/a 5 ,0 empty 0 ,0 index.json 2 ");
        assert_string_equal(buf_str(&seen.content), "first||{}|");
    }
}

TEST(only_what_is_wanted_is_handed_over)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf text;
    CLEANUP(seen_clear) struct seen seen = {.wanted = "index.json"};
    write_sample(&text);
    assert_ok(walk(&text, &seen, &err));
    assert_int_equal(seen.lines.count, 4);
    assert_string_equal(buf_str(&seen.content), "{}|");
}

TEST(a_header_has_no_time_and_no_owner)
{
    CLEANUP(buf_clear) struct buf text;
    write_sample(&text);
    static const char expected[] = "0000755\0"      /* mode of a directory */
                                   "0000000\0"      /* user */
                                   "0000000\0"      /* group */
                                   "00000000000\0"  /* size */
                                   "00000000000\0"; /* time */
    assert_memory_equal(text.data + 100, expected, sizeof(expected) - 1);
    assert_int_equal(text.data[156], '5');
    assert_memory_equal(text.data + 257,
                        "ustar\0"
                        "00",
                        8);
    assert_memory_equal(text.data + BLOCK + 124, "00000000005\0", 12);
}

TEST(sizes_of_eight_gigabytes_and_more)
{
    static const struct {
        uint64_t size;
        const char *field;
    } rows[] = {
        {077777777777, "77777777777\0"},
        {0100000000000, "\x80\0\0\0\0\0\0\x02\0\0\0\0"},
        {((uint64_t)1 << 53) + 1, "\x80\0\0\0\0\x20\0\0\0\0\0\x01"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(buf_clear) struct buf text;
        CLEANUP(seen_clear) struct seen seen = {.refuse = true};
        buf_init(&text, 1 << 20);
        struct archive_tar tar = {write_memory, &text, 0};
        const struct archive_sink sink = archive_tar_sink(&tar);
        assert_ok(sink.begin(sink.user, "big", rows[i].size, &err));
        assert_memory_equal(text.data + 124, rows[i].field, 12);
        assert_fails(walk(&text, &seen, &err), ERR_UNSUPPORTED, "not this one");
        assert_int_equal(seen.lines.count, 1);
    }
}

TEST(what_is_cut_short_or_no_archive_is_refused)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf text;
    CLEANUP(seen_clear) struct seen seen = {0};
    write_sample(&text);
    /* In the middle of a header, of content, and of the bytes that fill up a block. */
    static const size_t lengths[] = {100, BLOCK + 100, 2 * BLOCK + 2, 2 * BLOCK + 100};
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++)
        assert_fails(
            walk_memory((struct memory){text.data, lengths[i], 64, false}, &seen, NULL, &err),
            ERR_INTEGRITY, "the archive");
    text.data[BLOCK] ^= 1; /* the checksum tells */
    assert_fails(walk(&text, &seen, &err), ERR_INTEGRITY, "the archive");
    static const char noise[] = "this is no archive, but it is longer than one block would be. ";
    buf_reset(&text);
    for (unsigned i = 0; i < 20; i++)
        assert_ok(buf_append(&text, noise, sizeof(noise), &err));
    assert_fails(walk(&text, &seen, &err), ERR_INTEGRITY, "cannot be read");
}

TEST(a_file_with_holes_is_refused)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf text;
    CLEANUP(seen_clear) struct seen seen = {0};
    write_sample(&text);
    unsigned char *header = text.data + BLOCK;
    /* GNU's sparse format: 5 bytes of content at offset 1 MiB of a file of 1 MiB and 5 bytes. */
    header[156] = 'S';
    memcpy(header + 257, "ustar  \0", 8);
    memcpy(header + 386,
           "00004000000\0"
           "00000000005\0",
           24);
    memcpy(header + 483, "00004000005\0", 12);
    fix_checksum(header);
    assert_fails(walk(&text, &seen, &err), ERR_INTEGRITY, "holes");
    assert_string_equal(buf_str(&seen.content), "");
}

TEST(links_and_devices_are_told_apart)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf text;
    CLEANUP(seen_clear) struct seen seen = {.wanted = ""};
    static const struct {
        char type;
        const char *line;
    } rows[] = {
        {'1', "2 empty 0 target"},
        {'2', "1 empty 0 target"},
        {'3', "3 empty 0 "},
        {'6', "3 empty 0 "},
    };
    write_sample(&text);
    unsigned char *header = text.data + 3 * BLOCK;
    memcpy(header + 157, "target", 6);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        header[156] = (unsigned char)rows[i].type;
        fix_checksum(header);
        assert_ok(walk(&text, &seen, &err));
        assert_string_equal(seen.lines.items[2], rows[i].line);
    }
}

TEST(failures_of_source_and_visitor_come_through)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf text;
    CLEANUP(seen_clear) struct seen seen = {0};
    CLEANUP(cancel_close) struct cancel cancel = {0};
    write_sample(&text);
    assert_fails(walk_memory((struct memory){text.data, 700, 50, true}, &seen, NULL, &err), ERR_OS,
                 "the pipe is broken");
    assert_fails(walk_memory((struct memory){text.data, text.length, 50, true}, &seen, NULL, &err),
                 ERR_OS, "the pipe is broken");
    seen.refuse = true;
    assert_fails(walk(&text, &seen, &err), ERR_UNSUPPORTED, "not this one");
    assert_ok(cancel_open(&cancel, &err));
    cancel_request(&cancel);
    assert_fails(
        walk_memory((struct memory){text.data, text.length, 50, false}, &seen, &cancel, &err),
        ERR_CANCELLED, "");
}

TEST(a_directory_takes_the_same_members)
{
    struct error err = {0};
    CLEANUP(remove_scratch) char *root = make_scratch();
    CLEANUP(archive_folder_close) struct archive_folder folder = {.path = root};
    CLEANUP(buf_clear) struct buf text;
    CLEANUP(str_free) char *path = fs_join(root, "blobs/a");
    const struct archive_sink sink = archive_folder_sink(&folder);
    assert_ok(sink.directory(sink.user, "blobs", &err));
    put_member(&sink, "blobs/a", "first");
    assert_ok(sink.finish(sink.user, &err));
    buf_init(&text, 100);
    assert_ok(fs_read_file(path, 100, &text, &err));
    assert_string_equal(buf_str(&text), "first");
    assert_fails(sink.begin(sink.user, "blobs/a", 5, &err), ERR_BUSY, "blobs/a");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(only_what_is_wanted_is_handed_over),
        cmocka_unit_test(a_header_has_no_time_and_no_owner),
        cmocka_unit_test(sizes_of_eight_gigabytes_and_more),
        cmocka_unit_test(what_is_cut_short_or_no_archive_is_refused),
        cmocka_unit_test(a_file_with_holes_is_refused),
        cmocka_unit_test(links_and_devices_are_told_apart),
        cmocka_unit_test(failures_of_source_and_visitor_come_through),
        cmocka_unit_test(a_directory_takes_the_same_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
