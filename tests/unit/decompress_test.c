/* SPDX-License-Identifier: MIT */
#include "layers/decompress.h"

#include <archive.h>
#include <zlib.h>
#include <zstd.h>

#include "base/digest.h"
#include "check.h"

/* ---- making blobs ---- */

/* Bytes that compress somewhat, the same for the same seed. */
static void fill(struct buf *out, size_t length, uint32_t seed)
{
    for (size_t i = 0; i < length; i++) {
        seed = seed * 1664525 + 1013904223;
        unsigned char byte = (unsigned char)(seed >> 24);
        byte = byte < 200 ? (unsigned char)('a' + byte % 7) : byte;
        buf_add(out, &byte, 1);
    }
}

/* window_bits as for deflateInit2: 31 = gzip. */
static void add_gzip(struct buf *out, const void *data, size_t length, int level)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t bound = deflateBound(&z, (uLong)length) + 100;
    CLEANUP(mem_free) unsigned char *to = xmalloc(bound);
    CLEANUP(mem_free) unsigned char *from = xmemdup(data, length);
    z.next_in = from;
    z.avail_in = (uInt)length;
    z.next_out = to;
    z.avail_out = (uInt)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    buf_add(out, to, bound - z.avail_out);
    deflateEnd(&z);
}

static void add_zstd(struct buf *out, const void *data, size_t length)
{
    size_t bound = ZSTD_compressBound(length);
    CLEANUP(mem_free) unsigned char *to = xmalloc(bound);
    size_t used = ZSTD_compress(to, bound, data, length, 3);
    assert_false(ZSTD_isError(used));
    buf_add(out, to, used);
}

/* ---- reading them ---- */

struct result {
    struct buf data;
    uint64_t last_done;
    uint64_t total;
    size_t slices;
    size_t refuse_at;
};

static bool collect(void *user, const struct decompress_slice *slice, struct error *err)
{
    struct result *result = user;
    assert_true(slice->length > 0);
    assert_true(slice->compressed_done >= result->last_done);
    assert_true(slice->compressed_done <= slice->compressed_total);
    result->last_done = slice->compressed_done;
    result->total = slice->compressed_total;
    if (++result->slices == result->refuse_at)
        return error_set(err, ERR_BUG, "refused by the test");
    buf_add(&result->data, slice->data, slice->length);
    return true;
}

static void check_equal(const struct buf *a, const struct buf *b)
{
    assert_int_equal(a->length, b->length);
    if (a->length > 0)
        assert_memory_equal(a->data, b->data, a->length);
}

/* A blob in memory that comes in pieces of 'step' bytes, again and again if it is to repeat. */
struct pieces {
    const struct buf *blob;
    size_t step;
    size_t repeats;
    size_t at;
};

static bool read_piece(void *user, void *data, size_t length, size_t *ret, struct error *err)
{
    struct pieces *pieces = user;
    (void)err;
    assert_true(length > 0);
    if (pieces->at == pieces->blob->length && pieces->repeats > 0) {
        pieces->at = 0;
        pieces->repeats--;
    }
    size_t left = pieces->blob->length - pieces->at;
    size_t part = left < length ? left : length;
    *ret = part < pieces->step ? part : pieces->step;
    if (*ret > 0)
        memcpy(data, pieces->blob->data + pieces->at, *ret);
    pieces->at += *ret;
    return true;
}

static struct byte_source source_of(struct pieces *pieces)
{
    return (struct byte_source){
        .read = read_piece, .user = pieces, .size = pieces->blob->length * (pieces->repeats + 1)};
}

typedef bool (*decoder_fn)(const struct byte_source *source,
                           const struct decompress_options *options, decompress_consumer consume,
                           void *user, const struct context *context, struct error *err);

static bool decompress_by(decoder_fn decoder, size_t step, const struct buf *blob,
                          const struct decompress_options *options, struct result *result,
                          struct error *err)
{
    struct pieces pieces = {.blob = blob, .step = step};
    const struct byte_source source = source_of(&pieces);
    buf_init(&result->data, BUF_UNBOUNDED);
    return decoder(&source, options, collect, result, NULL, err);
}

/* Decoding comes to the same end in one thread and in three, and whatever the pieces are in which
 * the blob comes. */
static bool decompress(const struct buf *blob, const struct decompress_options *options,
                       struct result *result, struct error *err)
{
    bool good = decompress_by(decompress_source, SIZE_MAX, blob, options, result, err);

    const size_t steps[] = {SIZE_MAX, blob->length < 10000 ? 1 : 4093};
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        struct error err_ahead = {0};
        struct result ahead = {.refuse_at = result->refuse_at};
        struct sha256 hash;
        struct decompress_options hashed = *options;
        hashed.hash = &hash;
        sha256_init(&hash);
        assert_int_equal(
            decompress_by(decompress_source_ahead, steps[i], blob, &hashed, &ahead, &err_ahead),
            good);
        assert_int_equal(err_ahead.kind, err->kind);
        if (good) {
            check_equal(&ahead.data, &result->data);
            struct digest found = sha256_final_digest(&hash);
            assert_string_equal(found.text, digest_of(ahead.data.data, ahead.data.length).text);
        } else {
            assert_string_equal(err_ahead.message, err->message);
        }
        error_clear(&err_ahead);
        buf_clear(&ahead.data);
    }
    return good;
}

/* The same through libarchive's own gzip filter. */
static bool decompress_by_libarchive(const struct buf *blob, struct buf *ret)
{
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    buf_init(ret, BUF_UNBOUNDED);
    archive_read_support_format_raw(archive);
    archive_read_support_filter_gzip(archive);
    int code = archive_read_open_memory(archive, blob->data, blob->length);
    if (code == ARCHIVE_OK)
        code = archive_read_next_header(archive, &entry);
    while (code == ARCHIVE_OK) {
        const void *data;
        size_t length;
        la_int64_t offset;
        code = archive_read_data_block(archive, &data, &length, &offset);
        if (code == ARCHIVE_OK)
            buf_add(ret, data, length);
    }
    archive_read_free(archive);
    return code == ARCHIVE_EOF;
}

static void check_content(const struct buf *blob, const struct buf *expected)
{
    struct error err = {0};
    struct result result = {0};
    const struct decompress_options options = {0};
    assert_ok(decompress(blob, &options, &result, &err));
    check_equal(&result.data, expected);
    if (expected->length > 0)
        assert_true(result.last_done + 64 >= blob->length);
    buf_clear(&result.data);
}

static void check_damaged(const struct buf *blob, const char *text)
{
    struct error err = {0};
    struct result result = {0};
    const struct decompress_options options = {0};
    assert_fails(decompress(blob, &options, &result, &err), ERR_INTEGRITY, text);
    buf_clear(&result.data);
}

/* ---- gzip ---- */

TEST(gzip_of_many_sizes_equals_libarchive)
{
    static const size_t lengths[] = {0, 1, 511, 65536, 262143, 262144, 262145, 1500000};
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        for (int level = 0; level <= 9; level += 3) {
            struct buf data, blob, other;
            buf_init(&data, BUF_UNBOUNDED);
            buf_init(&blob, BUF_UNBOUNDED);
            fill(&data, lengths[i], (uint32_t)i);
            add_gzip(&blob, data.data ? (const void *)data.data : "", data.length, level);
            check_content(&blob, &data);
            /* Its raw format does not know empty content. */
            if (lengths[i] > 0) {
                assert_true(decompress_by_libarchive(&blob, &other));
                check_equal(&other, &data);
                buf_clear(&other);
            }
            buf_clear(&data);
            buf_clear(&blob);
        }
    }
}

/* Members of random sizes, so that their borders lie everywhere in the input buffer. */
TEST(gzip_of_several_members_equals_libarchive)
{
    for (uint32_t round = 0; round < 6; round++) {
        struct buf data, blob, other;
        buf_init(&data, BUF_UNBOUNDED);
        buf_init(&blob, BUF_UNBOUNDED);
        uint32_t seed = round + 1;
        for (int member = 0; member < 40; member++) {
            seed = seed * 1664525 + 1013904223;
            size_t length = member % 5 == 0 ? 0 : (seed >> 8) % 60000;
            size_t start = data.length;
            fill(&data, length, seed);
            add_gzip(&blob, length ? data.data + start : (const unsigned char *)"", length,
                     (int)(seed >> 30) * 3);
        }
        check_content(&blob, &data);
        assert_true(decompress_by_libarchive(&blob, &other));
        check_equal(&other, &data);
        buf_clear(&data);
        buf_clear(&blob);
        buf_clear(&other);
    }
}

/* Padding in front moves the border between two members over every byte around the end of the first
 * input buffer (512 KiB). */
TEST(a_member_may_end_at_any_byte_of_the_input_buffer)
{
    struct buf noise;
    buf_init(&noise, BUF_UNBOUNDED);
    uint32_t seed = 9;
    for (size_t i = 0; i < 524288; i++) {
        seed = seed * 1664525 + 1013904223;
        unsigned char byte = (unsigned char)(seed >> 24);
        buf_add(&noise, &byte, 1);
    }
    for (size_t back = 30; back < 90; back++) {
        struct buf blob, data;
        buf_init(&blob, BUF_UNBOUNDED);
        buf_init(&data, BUF_UNBOUNDED);
        buf_add(&data, noise.data, noise.length - back);
        add_gzip(&blob, data.data, data.length, 0);
        buf_add_str(&data, "second member");
        add_gzip(&blob, "second member", 13, 6);
        check_content(&blob, &data);
        buf_clear(&blob);
        buf_clear(&data);
    }
    buf_clear(&noise);
}

TEST(gzip_headers_with_every_field)
{
    /* FEXTRA, FNAME, FCOMMENT, FHCRC, as RFC 1952 lays them out. */
    static const unsigned char head[] = {0x1f, 0x8b, 8,   0x1e, 0,   0,   0, 0,   0, 255,
                                         3,    0,    'a', 'b',  'c', 'n', 0, 'c', 0};
    struct buf plain, blob, data;
    buf_init(&plain, BUF_UNBOUNDED);
    buf_init(&blob, BUF_UNBOUNDED);
    buf_init(&data, BUF_UNBOUNDED);
    buf_add_str(&data, "content");
    add_gzip(&plain, "content", 7, 6);
    buf_add(&blob, head, sizeof(head));
    uLong crc = crc32(0, head, sizeof(head));
    unsigned char crc16[] = {(unsigned char)crc, (unsigned char)(crc >> 8)};
    buf_add(&blob, crc16, 2);
    buf_add(&blob, plain.data + 10, plain.length - 10);
    check_content(&blob, &data);
    blob.data[sizeof(head)] ^= 1;
    check_damaged(&blob, "gzip");
    buf_clear(&plain);
    buf_clear(&blob);
    buf_clear(&data);
}

TEST(damaged_gzip_is_refused)
{
    struct buf data, good;
    buf_init(&data, BUF_UNBOUNDED);
    buf_init(&good, BUF_UNBOUNDED);
    fill(&data, 3000, 5);
    add_gzip(&good, data.data, data.length, 6);
    for (size_t length = 2; length < good.length; length++) {
        struct buf part = good;
        part.length = length;
        check_damaged(&part, "gzip data is cut short");
    }
    /* CRC, then length, then something behind. */
    for (size_t back = 1; back <= 8; back++) {
        good.data[good.length - back] ^= 0x40;
        check_damaged(&good, "checksum or length");
        good.data[good.length - back] ^= 0x40;
    }
    check_content(&good, &data);
    static const char *const garbage[] = {"x",        "\n",           "\x1f",
                                          "\x1f\x8b", "\x1f\x8b\x08", "PK\3\4 and much more of it"};
    for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
        struct buf longer;
        buf_init(&longer, BUF_UNBOUNDED);
        buf_add(&longer, good.data, good.length);
        buf_add_str(&longer, garbage[i]);
        check_damaged(&longer, "gzip");
        buf_clear(&longer);
    }
    struct buf zeros;
    buf_init(&zeros, BUF_UNBOUNDED);
    buf_add(&zeros, good.data, good.length);
    buf_add(&zeros, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    check_content(&zeros, &data);
    buf_add(&zeros, "\0x", 2);
    check_damaged(&zeros, "something follows the gzip data");
    zeros.length--;
    add_gzip(&zeros, "x", 1, 6);
    check_damaged(&zeros, "something follows the gzip data");
    buf_clear(&zeros);

    for (int flag = 0x20; flag <= 0x80; flag *= 2) {
        good.data[3] = (unsigned char)flag; /* reserved */
        check_damaged(&good, "header");
    }
    good.data[3] = 1; /* "probably text" */
    check_content(&good, &data);
    good.data[3] = 0;
    good.data[2] = 7; /* method */
    check_damaged(&good, "compression method");
    good.data[2] = 8;
    good.data[10] = 0x07; /* reserved block type */
    check_damaged(&good, "damaged");
    buf_clear(&data);
    buf_clear(&good);
}

/* Whatever byte is changed, both decoders agree on the content or on its being damaged. Header
 * bytes without a meaning for the content (time, system, flags reserved for later) are left out. */
TEST(flipped_bytes_are_seen_as_libarchive_sees_them)
{
    struct buf data, blob;
    buf_init(&data, BUF_UNBOUNDED);
    buf_init(&blob, BUF_UNBOUNDED);
    fill(&data, 700, 11);
    add_gzip(&blob, data.data, data.length, 6);
    for (size_t i = 10; i < blob.length; i++) {
        struct error err = {0};
        struct result result = {0};
        struct buf other;
        const struct decompress_options options = {0};
        blob.data[i] ^= 0x11;
        bool ours = decompress(&blob, &options, &result, &err);
        bool theirs = decompress_by_libarchive(&blob, &other);
        /* libarchive does not look at the trailer: there we are the stricter. */
        if (ours != theirs && i < blob.length - 8 && !strstr(err.message, "checksum or length"))
            fail_msg("byte %zu: %s", i, ours ? "accepted" : err.message);
        if (ours)
            check_equal(&result.data, &other);
        blob.data[i] ^= 0x11;
        error_clear(&err);
        buf_clear(&result.data);
        buf_clear(&other);
    }
    buf_clear(&data);
    buf_clear(&blob);
}

/* ---- zstd ---- */

TEST(zstd_frames)
{
    static const size_t lengths[] = {1, 131072, 1500000};
    struct buf all_data, all_frames;
    buf_init(&all_data, BUF_UNBOUNDED);
    buf_init(&all_frames, BUF_UNBOUNDED);
    buf_add(&all_frames, "\x5f\x2a\x4d\x18\0\0\0\0", 8);
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        struct buf data, blob;
        buf_init(&data, BUF_UNBOUNDED);
        buf_init(&blob, BUF_UNBOUNDED);
        fill(&data, lengths[i], (uint32_t)i + 3);
        add_zstd(&blob, data.data, data.length);
        check_content(&blob, &data);
        if (data.length > 0)
            buf_add(&all_data, data.data, data.length);
        buf_add(&all_frames, blob.data, blob.length);
        /* Skippable frames may stand anywhere. */
        buf_add(&all_frames, "\x50\x2a\x4d\x18\4\0\0\0abcd", 12);
        buf_clear(&data);
        buf_clear(&blob);
    }
    check_content(&all_frames, &all_data);
    buf_clear(&all_data);
    buf_clear(&all_frames);
}

TEST(zstd_is_decoded_once)
{
    struct buf once, twice;
    buf_init(&once, BUF_UNBOUNDED);
    buf_init(&twice, BUF_UNBOUNDED);
    add_zstd(&once, "content", 7);
    add_zstd(&twice, once.data, once.length);
    check_damaged(&twice, "not zstd once");
    buf_clear(&twice);
    buf_init(&twice, BUF_UNBOUNDED);
    add_zstd(&twice, "", 0);
    check_damaged(&twice, "damaged or empty");
    buf_clear(&once);
    buf_clear(&twice);
}

TEST(damaged_zstd_is_refused)
{
    struct buf data, good;
    buf_init(&data, BUF_UNBOUNDED);
    buf_init(&good, BUF_UNBOUNDED);
    fill(&data, 3000, 5);
    add_zstd(&good, data.data, data.length);
    for (size_t length = 4; length < good.length; length += 7) {
        struct buf part = good;
        part.length = length;
        check_damaged(&part, "zstd");
    }
    struct buf longer;
    buf_init(&longer, BUF_UNBOUNDED);
    buf_add(&longer, good.data, good.length);
    buf_add_str(&longer, "garbage");
    check_damaged(&longer, "zstd");
    buf_clear(&longer);
    good.data[good.length / 2] ^= 0xff;
    good.data[8] ^= 0xff;
    check_damaged(&good, "zstd");
    buf_clear(&data);
    buf_clear(&good);
}

/* ---- everything ---- */

TEST(what_is_not_compressed_passes)
{
    static const size_t lengths[] = {0, 1, 3, 524288, 524289, 1300000};
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        struct buf data;
        buf_init(&data, BUF_UNBOUNDED);
        fill(&data, lengths[i], 77);
        check_content(&data, &data);
        buf_clear(&data);
    }
}

TEST(formats_by_their_first_bytes)
{
    static const struct {
        const char *bytes;
        size_t length;
        enum decompress_format format;
    } rows[] = {
        {"", 0, DECOMPRESS_NONE},
        {"\x1f", 1, DECOMPRESS_NONE},
        {"\x1f\x8b", 2, DECOMPRESS_GZIP},
        {"\x1f\x8b\x08\x00", 4, DECOMPRESS_GZIP},
        {"\x1f\x9d\x08\x00", 4, DECOMPRESS_NONE},
        {"\x28\xb5\x2f\xfd", 4, DECOMPRESS_ZSTD},
        {"\x28\xb5\x2f", 3, DECOMPRESS_NONE},
        {"\x50\x2a\x4d\x18", 4, DECOMPRESS_ZSTD},
        {"\x5f\x2a\x4d\x18", 4, DECOMPRESS_ZSTD},
        {"\x60\x2a\x4d\x18", 4, DECOMPRESS_NONE},
        {"File", 4, DECOMPRESS_NONE},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(decompress_sniff((const unsigned char *)rows[i].bytes, rows[i].length),
                         rows[i].format);
}

TEST(media_types)
{
    static const struct {
        const char *media_type;
        enum decompress_format format;
    } rows[] = {
        {"application/vnd.oci.image.layer.v1.tar", DECOMPRESS_NONE},
        {"application/vnd.oci.image.layer.v1.tar+gzip", DECOMPRESS_GZIP},
        {"application/vnd.oci.image.layer.v1.tar+zstd", DECOMPRESS_ZSTD},
        {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", DECOMPRESS_GZIP},
        {"application/vnd.docker.image.rootfs.diff.tar", DECOMPRESS_NONE},
        {"application/vnd.docker.image.rootfs.diff.tar.gzip", DECOMPRESS_GZIP},
        {"application/vnd.docker.image.rootfs.diff.tar.zstd", DECOMPRESS_ZSTD},
        {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", DECOMPRESS_GZIP},
    };
    static const char *const formats[] = {"", "not compressed", "gzip", "zstd"};
    struct buf blobs[4] = {{0}};
    for (size_t i = 1; i < 4; i++)
        buf_init(&blobs[i], BUF_UNBOUNDED);
    buf_add_str(&blobs[DECOMPRESS_NONE], "abc");
    add_gzip(&blobs[DECOMPRESS_GZIP], "abc", 3, 6);
    add_zstd(&blobs[DECOMPRESS_ZSTD], "abc", 3);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(decompress_format_of(rows[i].media_type), rows[i].format);
        for (size_t format = DECOMPRESS_NONE; format <= DECOMPRESS_ZSTD; format++) {
            struct error err = {0};
            struct result result = {0};
            const struct decompress_options options = {.media_type = rows[i].media_type};
            if (format == rows[i].format)
                assert_ok(decompress(&blobs[format], &options, &result, &err));
            else
                assert_fails(decompress(&blobs[format], &options, &result, &err), ERR_INTEGRITY,
                             formats[format]);
            buf_clear(&result.data);
        }
    }
    for (size_t i = 1; i < 4; i++)
        buf_clear(&blobs[i]);
}

TEST(bombs_are_stopped_at_the_limit)
{
    struct buf data, blobs[3];
    buf_init(&data, BUF_UNBOUNDED);
    CLEANUP(mem_free) unsigned char *zeros = xcalloc(1, 4000000);
    buf_add(&data, zeros, 4000000);
    for (size_t i = 0; i < 3; i++)
        buf_init(&blobs[i], BUF_UNBOUNDED);
    buf_add(&blobs[0], data.data, data.length);
    add_gzip(&blobs[1], data.data, data.length, 9);
    add_zstd(&blobs[2], data.data, data.length);
    for (size_t i = 0; i < 3; i++) {
        struct error err = {0};
        struct result result = {0};
        const struct decompress_options less = {.maximum_bytes = 3999999};
        assert_fails(decompress(&blobs[i], &less, &result, &err), ERR_INTEGRITY,
                     "larger than 3999999 bytes");
        assert_true(result.data.length <= 3999999);
        buf_clear(&result.data);

        result = (struct result){0};
        const struct decompress_options exact = {.maximum_bytes = 4000000};
        assert_ok(decompress(&blobs[i], &exact, &result, &err));
        check_equal(&result.data, &data);
        buf_clear(&result.data);
        buf_clear(&blobs[i]);
    }
    buf_clear(&data);
}

TEST(the_consumer_can_stop_it)
{
    struct buf data, blobs[3];
    buf_init(&data, BUF_UNBOUNDED);
    fill(&data, 12000000, 4);
    for (size_t i = 0; i < 3; i++)
        buf_init(&blobs[i], BUF_UNBOUNDED);
    buf_add(&blobs[0], data.data, data.length);
    add_gzip(&blobs[1], data.data, data.length, 3);
    add_zstd(&blobs[2], data.data, data.length);
    for (size_t i = 0; i < 3; i++) {
        struct error err = {0};
        struct result result = {.refuse_at = 3};
        const struct decompress_options options = {0};
        assert_fails(decompress(&blobs[i], &options, &result, &err), ERR_BUG,
                     "refused by the test");
        assert_int_equal(result.slices, 3);
        buf_clear(&result.data);
        buf_clear(&blobs[i]);
    }
    buf_clear(&data);
}

TEST(cancelling_stops_it)
{
    struct error err = {0};
    struct buf blobs[3];
    for (size_t i = 0; i < 3; i++)
        buf_init(&blobs[i], BUF_UNBOUNDED);
    buf_add_str(&blobs[0], "abc");
    add_gzip(&blobs[1], "abc", 3, 6);
    add_zstd(&blobs[2], "abc", 3);
    struct cancel cancel = {.requested = 1};
    const struct context context = {.cancel = &cancel};
    for (size_t i = 0; i < 3; i++) {
        struct result result = {0};
        const struct decompress_options options = {0};
        struct pieces pieces = {.blob = &blobs[i], .step = SIZE_MAX};
        const struct byte_source source = source_of(&pieces);
        buf_init(&result.data, BUF_UNBOUNDED);
        assert_fails(decompress_source(&source, &options, collect, &result, &context, &err),
                     ERR_CANCELLED, "");
        pieces.at = 0;
        assert_fails(decompress_source_ahead(&source, &options, collect, &result, &context, &err),
                     ERR_CANCELLED, "interrupted");
        assert_int_equal(result.slices, 0);
        buf_clear(&blobs[i]);
        buf_clear(&result.data);
    }
}

static bool read_failing(void *user, void *data, size_t length, size_t *ret, struct error *err)
{
    struct pieces *pieces = user;
    if (pieces->at >= pieces->blob->length / 2)
        return error_set(err, ERR_NETWORK, "the line is dead");
    return read_piece(user, data, length, ret, err);
}

/* Not as damage: what the reading fails with is what is told. */
TEST(a_source_that_fails)
{
    struct buf data, blobs[3];
    buf_init(&data, BUF_UNBOUNDED);
    fill(&data, 6000000, 8);
    for (size_t i = 0; i < 3; i++)
        buf_init(&blobs[i], BUF_UNBOUNDED);
    buf_add(&blobs[0], data.data, data.length);
    add_gzip(&blobs[1], data.data, data.length, 3);
    add_zstd(&blobs[2], data.data, data.length);
    for (size_t i = 0; i < 3; i++) {
        struct error err = {0};
        struct result result = {0};
        const struct decompress_options options = {0};
        struct pieces pieces = {.blob = &blobs[i], .step = 100000};
        struct byte_source source = source_of(&pieces);
        source.read = read_failing;
        buf_init(&result.data, BUF_UNBOUNDED);
        assert_fails(decompress_source_ahead(&source, &options, collect, &result, NULL, &err),
                     ERR_NETWORK, "the line is dead");
        assert_true(result.data.length > 1000000);
        assert_memory_equal(result.data.data, data.data, result.data.length);
        buf_clear(&result.data);
        buf_clear(&blobs[i]);
    }
    buf_clear(&data);
}

static bool count(void *user, const struct decompress_slice *slice, struct error *err)
{
    uint64_t *total = user;
    (void)err;
    *total += slice->length;
    return true;
}

/* 16 MiB of zeros in each member or frame, until there is more than a GiB. */
TEST(hollow_content_is_stopped_by_its_ratio)
{
    CLEANUP(mem_free) unsigned char *zeros = xcalloc(1, (size_t)16 << 20);
    struct buf blobs[2];
    buf_init(&blobs[0], BUF_UNBOUNDED);
    buf_init(&blobs[1], BUF_UNBOUNDED);
    add_gzip(&blobs[0], zeros, (size_t)16 << 20, 9);
    add_zstd(&blobs[1], zeros, (size_t)16 << 20);
    for (size_t i = 0; i < ARRAY_SIZE(blobs); i++) {
        struct error err = {0};
        uint64_t total = 0;
        const struct decompress_options options = {0};
        struct pieces pieces = {.blob = &blobs[i], .step = SIZE_MAX, .repeats = 63};
        struct byte_source source = source_of(&pieces);
        assert_ok(decompress_source(&source, &options, count, &total, NULL, &err));
        assert_int_equal(total, (uint64_t)1 << 30);

        pieces = (struct pieces){.blob = &blobs[i], .step = SIZE_MAX, .repeats = 80};
        source = source_of(&pieces);
        total = 0;
        assert_fails(decompress_source(&source, &options, count, &total, NULL, &err), ERR_INTEGRITY,
                     "more than 200 times as large as the blob");
        assert_true(total <= (uint64_t)1 << 30);
        buf_clear(&blobs[i]);
    }
}

/* RFC 8878, 3.1.1.1.2: the window's logarithm is 10 and what the top five bits say. */
TEST(zstd_windows_have_a_limit)
{
    for (unsigned exponent = 16; exponent <= 21; exponent++) {
        const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0,   (unsigned char)(exponent << 3),
                                       0x19, 0,    0,    'a',  'b', 'c'};
        struct buf blob, data;
        buf_init(&blob, BUF_UNBOUNDED);
        buf_init(&data, BUF_UNBOUNDED);
        buf_add(&blob, frame, sizeof(frame));
        buf_add_str(&data, "abc");
        if (exponent <= 17)
            check_content(&blob, &data);
        else
            check_damaged(&blob, "zstd");
        buf_clear(&blob);
        buf_clear(&data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_of_many_sizes_equals_libarchive),
        cmocka_unit_test(gzip_of_several_members_equals_libarchive),
        cmocka_unit_test(a_member_may_end_at_any_byte_of_the_input_buffer),
        cmocka_unit_test(gzip_headers_with_every_field),
        cmocka_unit_test(damaged_gzip_is_refused),
        cmocka_unit_test(flipped_bytes_are_seen_as_libarchive_sees_them),
        cmocka_unit_test(zstd_frames),
        cmocka_unit_test(zstd_is_decoded_once),
        cmocka_unit_test(damaged_zstd_is_refused),
        cmocka_unit_test(what_is_not_compressed_passes),
        cmocka_unit_test(formats_by_their_first_bytes),
        cmocka_unit_test(media_types),
        cmocka_unit_test(bombs_are_stopped_at_the_limit),
        cmocka_unit_test(the_consumer_can_stop_it),
        cmocka_unit_test(cancelling_stops_it),
        cmocka_unit_test(a_source_that_fails),
        cmocka_unit_test(hollow_content_is_stopped_by_its_ratio),
        cmocka_unit_test(zstd_windows_have_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
