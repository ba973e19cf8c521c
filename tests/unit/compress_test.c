/* SPDX-License-Identifier: MIT */
#include "layers/compress.h"

#include "base/byte_source.h"
#include "check.h"
#include "layers/decompress.h"
#include "scratch_fixture.h"
#include "write_plainly.h"

static const enum compress_format formats[] = {COMPRESS_NONE, COMPRESS_GZIP, COMPRESS_ZSTD};

static bool collect(void *user, const void *data, size_t length, struct error *err)
{
    return buf_append(user, data, length, err);
}

static bool collect_slice(void *user, const struct decompress_slice *slice, struct error *err)
{
    return buf_append(user, slice->data, slice->length, err);
}

/* In pieces of 'step' bytes. */
static void compress_all(enum compress_format format, const struct buf *data, size_t step,
                         struct buf *ret)
{
    struct error err = {0};
    const struct byte_sink sink = {.write = collect, .user = ret};
    CLEANUP(compressor_close) struct compressor *compressor = compressor_open(format, &sink);
    buf_init(ret, BUF_UNBOUNDED);
    for (size_t at = 0; at < data->length; at += step) {
        size_t length = data->length - at < step ? data->length - at : step;
        assert_ok(compressor_write(compressor, data->data + at, length, &err));
    }
    assert_ok(compressor_finish(compressor, &err));
}

static void decompress_all(const struct buf *blob, struct buf *ret)
{
    struct error err = {0};
    const struct decompress_options options = {0};
    CLEANUP(str_free) char *path = fs_join(scratch, "blob");
    CLEANUP(file_source_close) struct file_source file = {0};
    write_plainly(path, blob->data, blob->length);
    assert_ok(file_source_open(path, &file, &err));
    const struct byte_source source = file_source_interface(&file);
    buf_init(ret, BUF_UNBOUNDED);
    assert_ok(decompress_source(&source, &options, collect_slice, ret, NULL, &err));
}

static void fill(struct buf *ret, size_t length, uint32_t distinct)
{
    uint32_t state = 1;
    buf_init(ret, BUF_UNBOUNDED);
    for (size_t i = 0; i < length; i++) {
        state = state * 1664525u + 1013904223u;
        unsigned char byte = (unsigned char)((state >> 16) % distinct);
        buf_add(ret, &byte, 1);
    }
}

TEST(content_comes_back)
{
    static const struct {
        size_t length;
        uint32_t distinct; /* bytes: 256 cannot be compressed */
        size_t step;
    } rows[] = {{1, 1, 1}, {512, 2, 512}, {700000, 256, 65536}, {700000, 3, 700000}, {2000, 7, 1}};
    for (size_t i = 0; i < ARRAY_SIZE(rows) * ARRAY_SIZE(formats); i++) {
        CLEANUP(buf_clear) struct buf data = {0};
        CLEANUP(buf_clear) struct buf blob = {0};
        CLEANUP(buf_clear) struct buf back = {0};
        enum compress_format format = formats[i / ARRAY_SIZE(rows)];
        size_t row = i % ARRAY_SIZE(rows);
        fill(&data, rows[row].length, rows[row].distinct);
        compress_all(format, &data, rows[row].step, &blob);
        decompress_all(&blob, &back);
        assert_int_equal(back.length, data.length);
        assert_memory_equal(back.data, data.data, data.length);
    }
}

/* The readers know what it is, and find damage. */
TEST(formats_are_what_they_are_called)
{
    static const enum decompress_format expected[] = {DECOMPRESS_NONE, DECOMPRESS_GZIP,
                                                      DECOMPRESS_ZSTD};
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        CLEANUP(buf_clear) struct buf data = {0};
        CLEANUP(buf_clear) struct buf blob = {0};
        fill(&data, 100000, 5);
        compress_all(formats[i], &data, 1000, &blob);
        assert_int_equal(decompress_sniff(blob.data, blob.length), expected[i]);
        assert_true(formats[i] == COMPRESS_NONE || blob.length < data.length / 2);
    }
}

TEST(the_same_content_makes_the_same_blob)
{
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        CLEANUP(buf_clear) struct buf data = {0};
        CLEANUP(buf_clear) struct buf first = {0};
        CLEANUP(buf_clear) struct buf second = {0};
        fill(&data, 300000, 20);
        compress_all(formats[i], &data, 512, &first);
        compress_all(formats[i], &data, 512, &second);
        assert_int_equal(first.length, second.length);
        assert_memory_equal(first.data, second.data, first.length);
    }
}

TEST(names_of_formats)
{
    static const char *const others[] = {"", "GZIP", "xz", "gzip "};
    enum compress_format format = COMPRESS_NONE;
    assert_true(compress_format_parse("none", &format));
    assert_int_equal(format, COMPRESS_NONE);
    assert_true(compress_format_parse("gzip", &format));
    assert_int_equal(format, COMPRESS_GZIP);
    assert_true(compress_format_parse("zstd", &format));
    assert_int_equal(format, COMPRESS_ZSTD);
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        assert_false(compress_format_parse(others[i], &format));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_comes_back),
        cmocka_unit_test(formats_are_what_they_are_called),
        cmocka_unit_test(the_same_content_makes_the_same_blob),
        cmocka_unit_test(names_of_formats),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
