/* SPDX-License-Identifier: MIT */
#include "layers/compress.h"

#include <isa-l/igzip_lib.h>
#include <string.h>
#include <zstd.h>

#include "base/alloc.h"
#include "base/text.h"

#define OUTPUT_SIZE ((size_t)256 * 1024)
#define GZIP_LEVEL ISAL_DEF_MAX_LEVEL
#define ZSTD_LEVEL 3

struct compressor {
    const struct coder *coder;
    struct byte_sink sink;
    struct isal_zstream gzip;
    unsigned char *gzip_memory; /* of the level */
    ZSTD_CCtx *zstd;
    unsigned char output[OUTPUT_SIZE];
};

struct coder {
    const char *name;
    void (*open)(struct compressor *compressor);
    /* 'last': nothing more comes. */
    bool (*write)(struct compressor *compressor, const void *data, size_t length, bool last,
                  struct error *err);
};

static bool emit(struct compressor *compressor, const void *data, size_t length, struct error *err)
{
    return length == 0 || compressor->sink.write(compressor->sink.user, data, length, err);
}

static void open_none(struct compressor *compressor)
{
    (void)compressor;
}

static bool write_none(struct compressor *compressor, const void *data, size_t length, bool last,
                       struct error *err)
{
    (void)last;
    return emit(compressor, data, length, err);
}

static void open_gzip(struct compressor *compressor)
{
    struct isal_zstream *stream = &compressor->gzip;
    isal_deflate_init(stream);
    compressor->gzip_memory = xmalloc(ISAL_DEF_LVL3_DEFAULT);
    stream->level = GZIP_LEVEL;
    stream->level_buf = compressor->gzip_memory;
    stream->level_buf_size = ISAL_DEF_LVL3_DEFAULT;
    stream->gzip_flag = IGZIP_GZIP;
}

static bool write_gzip(struct compressor *compressor, const void *data, size_t length, bool last,
                       struct error *err)
{
    struct isal_zstream *stream = &compressor->gzip;
    /* The library does not write to it; its field lacks the const. */
    memcpy(&stream->next_in, &data, sizeof(data));
    stream->avail_in = (uint32_t)length;
    stream->end_of_stream = last;
    do {
        stream->next_out = compressor->output;
        stream->avail_out = (uint32_t)OUTPUT_SIZE;
        int code = isal_deflate(stream);
        if (code != COMP_OK)
            return error_set(err, ERR_BUG, "gzip does not work (%d)", code);
        if (!emit(compressor, compressor->output, OUTPUT_SIZE - stream->avail_out, err))
            return false;
    } while (stream->avail_in > 0 || stream->avail_out == 0
             || (last && stream->internal_state.state != ZSTATE_END));
    return true;
}

static void open_zstd(struct compressor *compressor)
{
    compressor->zstd = ZSTD_createCCtx();
    if (!compressor->zstd)
        out_of_memory();
    ZSTD_CCtx_setParameter(compressor->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL);
    ZSTD_CCtx_setParameter(compressor->zstd, ZSTD_c_checksumFlag, 1);
}

static bool write_zstd(struct compressor *compressor, const void *data, size_t length, bool last,
                       struct error *err)
{
    ZSTD_inBuffer input = {.src = data, .size = length};
    size_t left = 0;
    do {
        ZSTD_outBuffer output = {.dst = compressor->output, .size = OUTPUT_SIZE};
        left = ZSTD_compressStream2(compressor->zstd, &output, &input,
                                    last ? ZSTD_e_end : ZSTD_e_continue);
        if (ZSTD_isError(left))
            return error_set(err, ERR_BUG, "zstd does not work: %s", ZSTD_getErrorName(left));
        if (!emit(compressor, compressor->output, output.pos, err))
            return false;
    } while (last ? left > 0 : input.pos < input.size);
    return true;
}

static const struct coder coders[] = {
    [COMPRESS_NONE] = {"none", open_none, write_none},
    [COMPRESS_GZIP] = {"gzip", open_gzip, write_gzip},
    [COMPRESS_ZSTD] = {"zstd", open_zstd, write_zstd},
};

struct compressor *compressor_open(enum compress_format format, const struct byte_sink *sink)
{
    struct compressor *compressor = xcalloc(1, sizeof(*compressor));
    compressor->coder = &coders[format];
    compressor->sink = *sink;
    compressor->coder->open(compressor);
    return compressor;
}

bool compressor_write(struct compressor *compressor, const void *data, size_t length,
                      struct error *err)
{
    const unsigned char *at = data;
    while (length > 0) {
        size_t part = length < OUTPUT_SIZE ? length : OUTPUT_SIZE;
        if (!compressor->coder->write(compressor, at, part, false, err))
            return false;
        at += part;
        length -= part;
    }
    return true;
}

bool compressor_finish(struct compressor *compressor, struct error *err)
{
    return compressor->coder->write(compressor, "", 0, true, err);
}

void compressor_close(struct compressor **compressor)
{
    if (*compressor) {
        mem_free(&(*compressor)->gzip_memory);
        ZSTD_freeCCtx((*compressor)->zstd);
    }
    mem_free(compressor);
}

bool compress_format_parse(const char *text, enum compress_format *ret)
{
    for (size_t i = COMPRESS_NONE; i < ARRAY_SIZE(coders); i++) {
        if (!str_equal(text, coders[i].name))
            continue;
        *ret = (enum compress_format)i;
        return true;
    }
    return false;
}
