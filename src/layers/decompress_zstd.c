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
    return error_set(err, ERR_INTEGRITY, "the zstd data is damaged or empty: %s",
                     text ? text : "unknown");
}

/* libarchive as a decompressor only: its raw format is one entry with all the bytes. Filters bid
 * for the data: what is not zstd would pass through unchanged, what is zstd twice would be taken
 * through two of them. The "empty" format must stay away: it takes damage in the first block for an
 * empty archive. So empty content is an error here, which it would be as a tar too. */
static bool open_raw(struct archive *archive, struct source *source)
{
    struct archive_entry *entry = NULL;
    if (archive_read_support_format_raw(archive) != ARCHIVE_OK
        || archive_read_support_filter_zstd(archive) != ARCHIVE_OK
        || archive_read_open(archive, source, NULL, read_source, NULL) != ARCHIVE_OK)
        return false;
    /* The second one is the file itself. */
    if (archive_filter_count(archive) != 2
        || archive_filter_code(archive, 0) != ARCHIVE_FILTER_ZSTD) {
        archive_set_error(archive, EINVAL, "not zstd once");
        return false;
    }
    return archive_read_next_header(archive, &entry) == ARCHIVE_OK;
}

bool decompress_zstd(struct decompress_job *job, struct error *err)
{
    struct source source = {.job = job, .err = err};
    CLEANUP(archive_close) struct archive *archive = archive_read_new();
    if (!open_raw(archive, &source))
        return archive_error(archive, err);

    int code = ARCHIVE_OK;
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
