/* SPDX-License-Identifier: MIT */
#include "layers/tar_writer.h"

#include "check.h"
#include "layers/tar_header.h"

#define LETTERS_50 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWX"
#define LETTERS_100 LETTERS_50 LETTERS_50

static bool collect(void *user, const void *data, size_t length, struct error *err)
{
    return buf_append(user, data, length, err);
}

static void open_writer(struct tar_writer *writer, struct buf *out)
{
    buf_init(out, BUF_UNBOUNDED);
    tar_writer_init(writer, &(struct byte_sink){.write = collect, .user = out});
}

/* ---- what the reader says of an archive ---- */

static bool note_entry(void *user, const struct tar_entry *entry, struct error *err)
{
    struct buf *said = user;
    (void)err;
    buf_addf(said, "%d %s > %s %llu %lld", (int)entry->type, entry->name, entry->target,
             (unsigned long long)entry->size, (long long)entry->mtime);
    for (size_t i = 0; i < entry->record_count; i++) {
        buf_addf(said, " [%s=", entry->records[i].key);
        buf_add(said, entry->records[i].value, entry->records[i].value_length);
        buf_add_str(said, "]");
    }
    buf_add_str(said, "\n");
    return true;
}

static bool note_data(void *user, const unsigned char *data, size_t length, struct error *err)
{
    struct buf *said = user;
    (void)err;
    buf_add(said, data, length);
    buf_add_str(said, "\n");
    return true;
}

static void read_back(const struct buf *archive, struct buf *said)
{
    struct error err = {0};
    const struct tar_handler handler = {note_entry, note_data, said};
    CLEANUP(tar_reader_close) struct tar_reader *reader = tar_reader_open(&handler);
    buf_init(said, BUF_UNBOUNDED);
    assert_ok(tar_reader_feed(reader, archive->data, archive->length, &err));
    assert_ok(tar_reader_finish(reader, &err));
    assert_int_equal(archive->length % TAR_BLOCK_SIZE, 0);
}

static void write_item(struct buf *out, const struct tar_item *item, const char *data)
{
    struct error err = {0};
    struct tar_writer writer;
    open_writer(&writer, out);
    assert_ok(tar_writer_begin(&writer, item, &err));
    assert_ok(tar_writer_data(&writer, data, strlen(data), &err));
    assert_ok(tar_writer_finish(&writer, &err));
    assert_int_equal(writer.size, out->length);
    assert_int_equal(writer.entries, 1);
}

/* ---- names ---- */

static const struct {
    const char *name;
    const char *target;
    const char *said;
    size_t blocks; /* of the whole archive */
} names[] = {
    {"a", NULL, "1 a >  0 5\n", 3},
    {LETTERS_100, NULL, "1 " LETTERS_100 " >  0 5\n", 3},
    /* Cut in two, as POSIX allows. */
    {"dir/" LETTERS_100, NULL, "1 dir/" LETTERS_100 " >  0 5\n", 3},
    {LETTERS_50 "/" LETTERS_100, NULL, "1 " LETTERS_50 "/" LETTERS_100 " >  0 5\n", 3},
    /* No place to cut: the last part, or the first, is too long. */
    {"dir/x" LETTERS_100, NULL, "1 dir/x" LETTERS_100 " >  0 5 [path=dir/x" LETTERS_100 "]\n", 5},
    {LETTERS_100 LETTERS_50 "123456/x", NULL,
     "1 " LETTERS_100 LETTERS_50 "123456/x >  0 5 [path=" LETTERS_100 LETTERS_50 "123456/x]\n", 5},
    {LETTERS_100 LETTERS_50 "12345/x", NULL, "1 " LETTERS_100 LETTERS_50 "12345/x >  0 5\n", 3},
    {"\xC3\xBC", NULL, "1 \xC3\xBC >  0 5 [path=\xC3\xBC]\n", 5},
    {"dir/\xC3\xBC", NULL, "1 dir/\xC3\xBC >  0 5 [path=dir/\xC3\xBC]\n", 5},
    {"link", "target", "3 link > target 0 5\n", 3},
    {"link", LETTERS_100, "3 link > " LETTERS_100 " 0 5\n", 3},
    {"link", "dir\\" LETTERS_100,
     "3 link > dir\\" LETTERS_100 " 0 5 [linkpath=dir\\" LETTERS_100 "]\n", 5},
    {"\xC3\xA4", "\xC3\xBC", "3 \xC3\xA4 > \xC3\xBC 0 5 [linkpath=\xC3\xBC] [path=\xC3\xA4]\n", 5},
};

TEST(names_come_back)
{
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        CLEANUP(buf_clear) struct buf archive = {0};
        CLEANUP(buf_clear) struct buf said = {0};
        const struct tar_item item = {.name = names[i].name,
                                      .target = names[i].target,
                                      .type = names[i].target ? TAR_SYMLINK : TAR_FILE,
                                      .mtime = 5};
        write_item(&archive, &item, "");
        read_back(&archive, &said);
        assert_string_equal(buf_str(&said), names[i].said);
        assert_int_equal(archive.length, names[i].blocks * TAR_BLOCK_SIZE);
    }
}

/* What no reader may take for a directory, or for another name. */
TEST(cut_names_do_not_end_in_a_slash)
{
    CLEANUP(buf_clear) struct buf archive = {0};
    CLEANUP(str_free) char *name = str_format("%.99s/\xC3\xBC", LETTERS_100);
    const struct tar_item item = {.name = name, .type = TAR_FILE};
    write_item(&archive, &item, "");
    assert_int_equal(strnlen((const char *)archive.data, 100), 99);
    assert_int_equal(archive.data[156], 'x');
}

/* ---- records ---- */

TEST(records_are_sorted_and_counted)
{
    static const struct {
        size_t length; /* of the value */
        const char *start;
    } lengths[] = {{3, "8 k=xxx\n"}, {4, "9 k=xxxx\n"}, {5, "11 k=xxxxx\n"},
                   {6, "12 k="},     {93, "99 k="},     {94, "101 k="}};
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        struct error err = {0};
        CLEANUP(tar_records_clear) struct tar_records records = {0};
        CLEANUP(buf_clear) struct buf text;
        CLEANUP(buf_clear) struct buf value;
        buf_init(&text, BUF_UNBOUNDED);
        buf_init(&value, BUF_UNBOUNDED);
        for (size_t x = 0; x < lengths[i].length; x++)
            buf_add_str(&value, "x");
        tar_records_add(&records, "k", value.data, value.length);
        tar_records_add_text(&records, "b", "2");
        tar_records_add_text(&records, "a", "");
        assert_ok(tar_records_compose(&records, &text, &err));
        assert_memory_equal(text.data, "5 a=\n6 b=2\n", 11);
        assert_memory_equal(text.data + 11, lengths[i].start, strlen(lengths[i].start));
    }
}

TEST(values_may_hold_anything)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf archive = {0};
    CLEANUP(buf_clear) struct buf said = {0};
    CLEANUP(tar_records_clear) struct tar_records records = {0};
    tar_records_add(&records, "z", "a\0b\n=c", 6);
    const struct tar_item item = {
        .name = "f", .type = TAR_FILE, .size = 5, .mtime = 7, .records = &records};
    write_item(&archive, &item, "12345");
    read_back(&archive, &said);
    static const char expected[] = "1 f >  5 7 [z=a\0b\n=c]\n12345\n";
    assert_int_equal(said.length, sizeof(expected) - 1);
    assert_memory_equal(said.data, expected, sizeof(expected) - 1);
    assert_false(error_is_set(&err));
}

static const struct {
    const char *keys[2];
    const char *said;
} bad_keys[] = {
    {{"", "a"}, "cannot be the name"},
    {{"a=b", "c"}, "cannot be the name"},
    {{"a", "a"}, "two 'a'"},
};

TEST(impossible_records_are_refused)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    for (size_t i = 0; i < ARRAY_SIZE(bad_keys); i++) {
        CLEANUP(tar_records_clear) struct tar_records records = {0};
        tar_records_add_text(&records, bad_keys[i].keys[0], "x");
        tar_records_add_text(&records, bad_keys[i].keys[1], "x");
        assert_fails(tar_records_compose(&records, &text, &err), ERR_INTEGRITY, bad_keys[i].said);
    }
    CLEANUP(tar_records_clear) struct tar_records large = {0};
    CLEANUP(mem_free) char *value = xcalloc(TAR_MAXIMUM_HEADER, 1);
    tar_records_add(&large, "k", value, TAR_MAXIMUM_HEADER);
    assert_fails(tar_records_compose(&large, &text, &err), ERR_INTEGRITY, "limit");
    assert_int_equal(text.length, 0);
}

/* ---- sizes and times ---- */

/* 'length' bytes are promised and none comes: only the headers are looked at. */
static void header_of(uint64_t size, int64_t mtime, struct buf *ret)
{
    struct error err = {0};
    struct tar_writer writer;
    open_writer(&writer, ret);
    const struct tar_item item = {.name = "f", .type = TAR_FILE, .size = size, .mtime = mtime};
    assert_ok(tar_writer_begin(&writer, &item, &err));
    assert_fails(tar_writer_finish(&writer, &err), ERR_INTEGRITY, "missing");
    assert_fails(tar_writer_begin(&writer, &item, &err), ERR_INTEGRITY, "missing");
}

static struct tar_header parse_block(const struct buf *archive, size_t block)
{
    struct error err = {0};
    struct tar_header header;
    assert_ok(tar_header_parse(archive->data + block * TAR_BLOCK_SIZE, &header, &err));
    return header;
}

TEST(sizes_beyond_eight_gigabytes_are_in_a_record)
{
    CLEANUP(buf_clear) struct buf small = {0};
    CLEANUP(buf_clear) struct buf large = {0};
    header_of((UINT64_C(8) << 30) - 1, (INT64_C(1) << 33) - 1, &small);
    assert_int_equal(parse_block(&small, 0).size, (UINT64_C(8) << 30) - 1);
    assert_int_equal(parse_block(&small, 0).mtime, (INT64_C(1) << 33) - 1);
    header_of(UINT64_C(8) << 30, -1, &large);
    assert_int_equal(parse_block(&large, 0).raw_type, 'x');
    assert_string_equal((const char *)large.data + TAR_BLOCK_SIZE, "19 size=8589934592\n");
    assert_int_equal(parse_block(&large, 2).size, 0);
    assert_int_equal(parse_block(&large, 2).mtime, 0);
}

/* ---- bad items ---- */

TEST(what_no_tar_can_hold_is_refused)
{
    static const struct tar_item items[] = {
        {.name = "", .type = TAR_FILE},
        {.name = "/absolute", .type = TAR_FILE},
        {.name = "dir/", .type = TAR_DIRECTORY},
        {.name = "\xFF", .type = TAR_FILE},
        {.name = "link", .target = "", .type = TAR_SYMLINK},
        {.name = "link", .target = "\xC0\x80", .type = TAR_HARD_LINK},
        {.name = "large", .type = TAR_FILE, .size = UINT64_MAX},
    };
    struct error err = {0};
    struct tar_writer writer;
    CLEANUP(buf_clear) struct buf out = {0};
    open_writer(&writer, &out);
    for (size_t i = 0; i < ARRAY_SIZE(items); i++)
        assert_fails(tar_writer_begin(&writer, &items[i], &err), ERR_INTEGRITY, "'");
    assert_int_equal(out.length, 0);
    const struct tar_item file = {.name = "f", .type = TAR_FILE, .size = 1};
    assert_ok(tar_writer_begin(&writer, &file, &err));
    assert_fails(tar_writer_data(&writer, "ab", 2, &err), ERR_INTEGRITY, "more data");
}

/* ---- generated archives ---- */

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Pieces of names, put together by chance. */
static char *random_name(uint32_t *state)
{
    static const char *const pieces[] = {
        "a",  "dir/",         ".wh.", "\xC3\xBC", "\xF0\x9F\x98\x80",
        ":s", LETTERS_50 "/", " ",    LETTERS_50, "x/y"};
    CLEANUP(buf_clear) struct buf name;
    buf_init(&name, BUF_UNBOUNDED);
    for (uint32_t count = next(state) % 8; count > 0; count--)
        buf_add_str(&name, pieces[next(state) % ARRAY_SIZE(pieces)]);
    buf_add_str(&name, "e");
    return buf_take_str(&name);
}

static void write_random(struct tar_writer *writer, uint32_t *state, struct buf *said)
{
    static const enum tar_type types[] = {TAR_FILE, TAR_HARD_LINK, TAR_SYMLINK, TAR_DIRECTORY};
    struct error err = {0};
    CLEANUP(tar_records_clear) struct tar_records records = {0};
    CLEANUP(str_free) char *name = random_name(state);
    CLEANUP(str_free) char *target = random_name(state);
    unsigned char data[1500];
    enum tar_type type = types[next(state) % ARRAY_SIZE(types)];
    bool link = type == TAR_HARD_LINK || type == TAR_SYMLINK;
    size_t size = type == TAR_FILE ? next(state) % sizeof(data) : 0;
    if (next(state) % 2)
        tar_records_add_text(&records, "MSWINDOWS.fileattr", target);
    for (size_t i = 0; i < size; i++)
        data[i] = (unsigned char)next(state);
    const struct tar_item item = {
        .name = name,
        .target = link ? target : NULL,
        .type = type,
        .mode = next(state) & 07777,
        .size = size,
        .mtime = next(state),
        .records = &records,
    };
    assert_ok(tar_writer_begin(writer, &item, &err));
    assert_ok(tar_writer_data(writer, data, size / 2, &err));
    assert_ok(tar_writer_data(writer, data + size / 2, size - size / 2, &err));
    /* The records now hold those of the names as well, sorted. */
    struct tar_entry entry = {.name = name,
                              .target = link ? target : "",
                              .type = type,
                              .size = size,
                              .mtime = item.mtime,
                              .records = records.items,
                              .record_count = records.count};
    note_entry(said, &entry, &err);
    if (size > 0)
        note_data(said, data, size, &err);
}

TEST(generated_archives_are_read_back)
{
    uint32_t seed = 4711;
    for (size_t round = 0; round < 50; round++) {
        struct error err = {0};
        struct tar_writer writer;
        CLEANUP(buf_clear) struct buf archive = {0};
        CLEANUP(buf_clear) struct buf expected;
        CLEANUP(buf_clear) struct buf said = {0};
        buf_init(&expected, BUF_UNBOUNDED);
        open_writer(&writer, &archive);
        for (size_t i = 0; i < 20; i++)
            write_random(&writer, &seed, &expected);
        assert_ok(tar_writer_finish(&writer, &err));
        read_back(&archive, &said);
        assert_int_equal(said.length, expected.length);
        assert_memory_equal(said.data, expected.data, said.length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_come_back),
        cmocka_unit_test(cut_names_do_not_end_in_a_slash),
        cmocka_unit_test(records_are_sorted_and_counted),
        cmocka_unit_test(values_may_hold_anything),
        cmocka_unit_test(impossible_records_are_refused),
        cmocka_unit_test(sizes_beyond_eight_gigabytes_are_in_a_record),
        cmocka_unit_test(what_no_tar_can_hold_is_refused),
        cmocka_unit_test(generated_archives_are_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
