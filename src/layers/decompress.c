/* SPDX-License-Identifier: MIT */
#include "layers/decompress.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "layers/decompress_job.h"

static bool decompress_none(struct decompress_job *job, struct error *err)
{
    size_t length = 0;
    do {
        if (!decompress_job_read(job, &length, err)
            || !decompress_job_emit(job, job->input, length, 0, err))
            return false;
    } while (length > 0);
    return true;
}

static const struct {
    const char *name;
    bool (*decode)(struct decompress_job *job, struct error *err);
} formats[] = {
    [DECOMPRESS_NONE] = {"not compressed", decompress_none},
    [DECOMPRESS_GZIP] = {"gzip", decompress_gzip},
    [DECOMPRESS_ZSTD] = {"zstd", decompress_zstd},
};

static const struct {
    const char *suffix;
    enum decompress_format format;
} suffixes[] = {
    {"+gzip", DECOMPRESS_GZIP},
    {".gzip", DECOMPRESS_GZIP},
    {"+zstd", DECOMPRESS_ZSTD},
    {".zstd", DECOMPRESS_ZSTD},
};

enum decompress_format decompress_sniff(const unsigned char *data, size_t length)
{
    static const unsigned char gzip[] = {0x1f, 0x8b};
    static const unsigned char zstd[] = {0x28, 0xb5, 0x2f, 0xfd};
    static const unsigned char skippable[] = {0x2a, 0x4d, 0x18};
    if (length >= sizeof(gzip) && !memcmp(data, gzip, sizeof(gzip)))
        return DECOMPRESS_GZIP;
    if (length < sizeof(zstd))
        return DECOMPRESS_NONE;
    bool is_zstd = !memcmp(data, zstd, sizeof(zstd))
        || ((data[0] & 0xf0) == 0x50 && !memcmp(data + 1, skippable, sizeof(skippable)));
    return is_zstd ? DECOMPRESS_ZSTD : DECOMPRESS_NONE;
}

enum decompress_format decompress_format_of(const char *media_type)
{
    for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
        if (str_ends_with(media_type, suffixes[i].suffix))
            return suffixes[i].format;
    }
    return DECOMPRESS_NONE;
}

bool decompress_job_read(struct decompress_job *job, size_t *ret_length, struct error *err)
{
    size_t length = 0;
    if (!cancel_check(job->context ? job->context->cancel : NULL, err)
        || !fs_read_at(&job->file, job->read, job->input, DECOMPRESS_INPUT_SIZE, &length, err))
        return false;
    job->read += length;
    *ret_length = length;
    return true;
}

bool decompress_job_emit(struct decompress_job *job, const unsigned char *data, size_t length,
                         size_t unused, struct error *err)
{
    if (length == 0)
        return true;
    if (length > job->maximum - job->produced)
        return error_set(err, ERR_INTEGRITY, "the content is larger than %llu bytes",
                         (unsigned long long)job->maximum);
    job->produced += length;
    struct decompress_slice slice = {
        .data = data,
        .length = length,
        .compressed_done = job->read - unused,
        .compressed_total = job->size,
    };
    return job->consume(job->user, &slice, err);
}

static bool choose_format(struct decompress_job *job, const char *media_type,
                          enum decompress_format *ret, struct error *err)
{
    unsigned char magic[4];
    size_t length = 0;
    if (!fs_read_at(&job->file, 0, magic, sizeof(magic), &length, err))
        return false;
    enum decompress_format format = decompress_sniff(magic, length);
    if (media_type && decompress_format_of(media_type) != format)
        return error_set(err, ERR_INTEGRITY, "the blob is %s, but its media type is '%s'",
                         formats[format].name, media_type);
    *ret = format;
    return true;
}

static bool run(struct decompress_job *job, const struct decompress_options *options,
                struct error *err)
{
    enum decompress_format format = DECOMPRESS_NONE;
    return fs_size(&job->file, &job->size, err)
        && choose_format(job, options->media_type, &format, err)
        && formats[format].decode(job, err);
}

bool decompress_file(const char *path, const struct decompress_options *options,
                     decompress_consumer consume, void *user, const struct context *context,
                     struct error *err)
{
    CLEANUP(fs_close) struct fs_file file = {0};
    if (!fs_open(path, FS_READ, &file, err))
        return false;
    CLEANUP(mem_free) unsigned char *input = xmalloc(DECOMPRESS_INPUT_SIZE);
    struct decompress_job job = {
        .file = file,
        .input = input,
        .maximum = options->maximum_bytes ? options->maximum_bytes : UINT64_MAX,
        .consume = consume,
        .user = user,
        .context = context,
    };
    return run(&job, options, err);
}
