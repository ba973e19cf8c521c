/* SPDX-License-Identifier: MIT */
#include "layers/decompress_job.h"

#include <archive.h>
#include <errno.h>

/* libarchive calls back for input; what goes wrong there is kept for the caller. */
struct source {
    struct decompress_job *job;
    struct error *err;
};

static la_ssize_t read_source(struct archive *archive, void *user, const void **ret)
{
    struct source *source = user;
    size_t length = 0;
    if (!decompress_job_read(source->job, &length, source->err)) {
        archive_set_error(archive, EIO, "read");
        return ARCHIVE_FATAL;
    }
    *ret = source->job->input;
    return (la_ssize_t)length;
}

static void archive_close(struct archive **archive)
{
    archive_read_free(*archive);
    *archive = NULL;
}

static bool archive_error(struct archive *archive, struct error *err)
{
    if (error_is_set(err))
        return false;
    const char *text = archive_error_string(archive);
    return error_set(err, ERR_INTEGRITY, "the zstd data is damaged: %s", text ? text : "unknown");
}

/* libarchive as a decompressor only: its raw format is one entry with all the bytes. Filters bid for
 * the data, and what is not zstd would pass through unchanged. */
static bool open_raw(struct archive *archive, struct source *source, int *ret_code)
{
    struct archive_entry *entry = NULL;
    if (archive_read_support_format_raw(archive) != ARCHIVE_OK
        || archive_read_support_format_empty(archive) != ARCHIVE_OK
        || archive_read_support_filter_zstd(archive) != ARCHIVE_OK
        || archive_read_open(archive, source, NULL, read_source, NULL) != ARCHIVE_OK)
        return false;
    if (archive_filter_code(archive, 0) != ARCHIVE_FILTER_ZSTD) {
        archive_set_error(archive, EINVAL, "not zstd");
        return false;
    }
    *ret_code = archive_read_next_header(archive, &entry);
    return *ret_code == ARCHIVE_OK || *ret_code == ARCHIVE_EOF;
}

bool decompress_zstd(struct decompress_job *job, struct error *err)
{
    struct source source = {.job = job, .err = err};
    CLEANUP(archive_close) struct archive *archive = archive_read_new();
    int code = ARCHIVE_OK;
    if (!open_raw(archive, &source, &code))
        return archive_error(archive, err);

    while (code != ARCHIVE_EOF) {
        const void *data = NULL;
        size_t length = 0;
        la_int64_t offset = 0;
        code = archive_read_data_block(archive, &data, &length, &offset);
        if (code != ARCHIVE_OK && code != ARCHIVE_EOF)
            return archive_error(archive, err);
        if (code == ARCHIVE_OK && !decompress_job_emit(job, data, length, 0, err))
            return false;
    }
    return true;
}
