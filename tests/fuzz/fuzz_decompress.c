/* SPDX-License-Identifier: MIT */
/* Any blob is decoded or refused, and gzip that is decoded has the content that zlib finds in it.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "layers/decompress.h"

#define MAXIMUM ((size_t)1 << 20)

static void require(bool condition)
{
    if (!condition)
        abort();
}

static bool collect(void *user, const struct decompress_slice *slice, struct error *err)
{
    require(slice->length > 0 && slice->compressed_done <= slice->compressed_total);
    return buf_append(user, slice->data, slice->length, err);
}

static bool is_padding(const unsigned char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] != 0)
            return false;
    return true;
}

/* All members; what zlib calls an error or leaves over counts as damage, unless it is zeros. */
static bool inflate_all(const uint8_t *data, size_t size, struct buf *ret)
{
    CLEANUP(mem_free) unsigned char *copy = xmemdup(data, size);
    unsigned char out[4096];
    z_stream z = {.next_in = copy, .avail_in = (uInt)size};
    int code = Z_STREAM_END;
    require(inflateInit2(&z, 31) == Z_OK);
    while (z.avail_in > 0 || code == Z_OK) {
        if (code == Z_STREAM_END && (is_padding(z.next_in, z.avail_in) || inflateReset(&z) != Z_OK))
            break;
        z.next_out = out;
        z.avail_out = sizeof(out);
        code = inflate(&z, Z_NO_FLUSH);
        buf_add(ret, out, sizeof(out) - z.avail_out);
        if ((code != Z_OK && code != Z_STREAM_END) || ret->length > MAXIMUM)
            break;
    }
    inflateEnd(&z);
    return code == Z_STREAM_END && ret->length <= MAXIMUM;
}

struct pieces {
    const uint8_t *data;
    size_t size;
    size_t step;
};

static bool read_piece(void *user, void *data, size_t length, size_t *ret, struct error *err)
{
    struct pieces *pieces = user;
    (void)err;
    size_t part = length < pieces->step ? length : pieces->step;
    *ret = part < pieces->size ? part : pieces->size;
    memcpy(data, pieces->data, *ret);
    pieces->data += *ret;
    pieces->size -= *ret;
    return true;
}

static bool decompress(const uint8_t *data, size_t size, size_t step, struct buf *ret)
{
    struct error err = {0};
    const struct decompress_options options = {.maximum_bytes = MAXIMUM};
    struct pieces pieces = {data, size, step};
    const struct byte_source source = {.read = read_piece, .user = &pieces, .size = size};
    bool good = decompress_source(&source, &options, collect, ret, NULL, &err);
    require(good != error_is_set(&err));
    error_clear(&err);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(buf_clear) struct buf ours;
    CLEANUP(buf_clear) struct buf again;
    CLEANUP(buf_clear) struct buf theirs;
    buf_init(&ours, BUF_UNBOUNDED);
    buf_init(&again, BUF_UNBOUNDED);
    buf_init(&theirs, BUF_UNBOUNDED);
    bool good = decompress(data, size, SIZE_MAX, &ours);
    /* The pieces in which it comes make no difference. */
    require(decompress(data, size, 1, &again) == good);
    require(!good || ours.length == again.length);
    if (good && decompress_sniff(data, size) == DECOMPRESS_GZIP) {
        require(inflate_all(data, size, &theirs) && ours.length == theirs.length);
        require(ours.length == 0 || !memcmp(ours.data, theirs.data, ours.length));
    }
    return 0;
}
