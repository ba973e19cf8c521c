/* SPDX-License-Identifier: MIT */
#include "layers/decompress.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "layers/decompress_job.h"

static bool read_into(struct decompress_job *job, unsigned char *data, size_t size, size_t *ret,
                      struct error *err)
{
    size_t length = 0;
    if (!cancel_check(job->context ? job->context->cancel : NULL, err)
        || !job->source->read(job->source->user, data, size, &length, err))
        return false;
    job->read += length;
    *ret = length;
    return true;
}

static bool decompress_none(struct decompress_job *job, struct error *err)
{
    unsigned char *data = job->input;
    size_t length = 0;
    if (job->ready > 0
        && (!decompress_job_read(job, &length, err)
            || !decompress_job_emit(job, data, length, 0, err)))
        return false;
    do {
        if (!decompress_job_space(job, &data, &length, err)
            || !read_into(job, data, length, &length, err)
            || !decompress_job_emit(job, data, length, 0, err))
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

/* A little blob can become anything: gzip shrinks a thousandfold, zstd far more. Real layers stay
 * well below this, and the first gigabyte may be as hollow as it likes. */
#define RATIO_MAXIMUM 200u
#define RATIO_FREE ((uint64_t)1 << 30)

bool decompress_job_read(struct decompress_job *job, size_t *ret_length, struct error *err)
{
    size_t length = TAKE(job->ready);
    if (length == 0)
        return read_into(job, job->input, DECOMPRESS_INPUT_SIZE, ret_length, err);
    job->read += length;
    *ret_length = length;
    return cancel_check(job->context ? job->context->cancel : NULL, err);
}

bool decompress_job_space(struct decompress_job *job, unsigned char **ret, size_t *ret_length,
                          struct error *err)
{
    if (job->space)
        return job->space(job->user, ret, ret_length, err);
    if (!job->output)
        job->output = xmalloc(DECOMPRESS_OUTPUT_SIZE);
    *ret = job->output;
    *ret_length = DECOMPRESS_OUTPUT_SIZE;
    return true;
}

static bool check_amount(const struct decompress_job *job, uint64_t consumed, struct error *err)
{
    if (job->produced > job->maximum)
        return error_set(err, ERR_INTEGRITY, "the content is larger than %" PRIu64 " bytes",
                         job->maximum);
    if (job->produced > RATIO_FREE && job->produced / RATIO_MAXIMUM > consumed)
        return error_set(err, ERR_INTEGRITY,
                         "the content is more than %u times as large as the blob", RATIO_MAXIMUM);
    return true;
}

bool decompress_job_emit(struct decompress_job *job, const unsigned char *data, size_t length,
                         size_t unused, struct error *err)
{
    if (length == 0)
        return true;
    job->produced += length;
    struct decompress_slice slice = {
        .data = data,
        .length = length,
        .compressed_done = job->read - unused,
        .compressed_total = job->source->size,
    };
    return check_amount(job, slice.compressed_done, err) && job->consume(job->user, &slice, err);
}

/* Reads as much as it takes to recognise a format; it stays in the job. */
static bool choose_format(struct decompress_job *job, const char *media_type,
                          enum decompress_format *ret, struct error *err)
{
    const struct byte_source *source = job->source;
    for (size_t got = 1; got > 0 && job->ready < DECOMPRESS_SNIFF_SIZE; job->ready += got)
        if (!source->read(source->user, job->input + job->ready, DECOMPRESS_INPUT_SIZE - job->ready,
                          &got, err))
            return false;
    enum decompress_format format = decompress_sniff(job->input, job->ready);
    if (media_type && decompress_format_of(media_type) != format)
        return error_set(err, ERR_INTEGRITY, "the blob is %s, but its media type is '%s'",
                         formats[format].name, media_type);
    *ret = format;
    return true;
}

bool decompress_source(const struct byte_source *source, const struct decompress_options *options,
                       decompress_consumer consume, void *user, const struct context *context,
                       struct error *err)
{
    CLEANUP(mem_free) unsigned char *input = xmalloc(DECOMPRESS_INPUT_SIZE);
    struct decompress_job job = {
        .source = source,
        .input = input,
        .maximum = options->maximum_bytes ? options->maximum_bytes : UINT64_MAX,
        .consume = consume,
        .user = user,
        .context = context,
        .space = options->space,
    };
    enum decompress_format format = DECOMPRESS_NONE;
    bool done =
        choose_format(&job, options->media_type, &format, err) && formats[format].decode(&job, err);
    mem_free(&job.output);
    return done;
}
