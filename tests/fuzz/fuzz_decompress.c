/* SPDX-License-Identifier: MIT */
/* Any blob is decoded or refused, and gzip that is decoded has the content that zlib finds in it.
 */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/os.h"
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

/* All members; what zlib calls an error or leaves over counts as damage. */
static bool inflate_all(const uint8_t *data, size_t size, struct buf *ret)
{
    CLEANUP(mem_free) unsigned char *copy = xmemdup(data, size);
    unsigned char out[4096];
    z_stream z = {.next_in = copy, .avail_in = (uInt)size};
    int code = Z_STREAM_END;
    require(inflateInit2(&z, 31) == Z_OK);
    while (z.avail_in > 0 || code == Z_OK) {
        if (code == Z_STREAM_END && inflateReset(&z) != Z_OK)
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

static bool decompress(const char *path, struct buf *ret)
{
    struct error err = {0};
    const struct decompress_options options = {.maximum_bytes = MAXIMUM};
    bool good = decompress_file(path, &options, collect, ret, NULL, &err);
    require(good != error_is_set(&err));
    error_clear(&err);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(str_free) char *path = str_format("fuzz-%u.tmp", (unsigned)os_process_id());
    FILE *file = fopen(path, "wb");
    require(file && (size == 0 || fwrite(data, size, 1, file) == 1) && fclose(file) == 0);
    CLEANUP(buf_clear) struct buf ours;
    CLEANUP(buf_clear) struct buf theirs;
    buf_init(&ours, BUF_UNBOUNDED);
    buf_init(&theirs, BUF_UNBOUNDED);
    bool good = decompress(path, &ours);
    if (good && decompress_sniff(data, size) == DECOMPRESS_GZIP) {
        require(inflate_all(data, size, &theirs) && ours.length == theirs.length);
        require(ours.length == 0 || !memcmp(ours.data, theirs.data, ours.length));
    }
    remove(path);
    return 0;
}
