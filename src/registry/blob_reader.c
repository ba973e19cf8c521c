/* SPDX-License-Identifier: MIT */
#include "registry/blob_reader.h"

#include "base/alloc.h"
#include "registry/blob_ingest.h"

void blob_reader_open(struct blob_feed *feed, const struct descriptor *blob,
                      struct blob_reader *ret)
{
    if (blob_store_has(blob_feed_store(feed), &blob->digest, blob->size))
        blob_feed_publish(feed, &blob->digest);
    *ret = (struct blob_reader){
        .feed = feed,
        .digest = blob->digest,
        .size = blob->size,
        .restarts = blob_feed_progress(feed, &blob->digest).restarts,
    };
}

void blob_reader_close(struct blob_reader *reader)
{
    fs_close(&reader->file);
    *reader = (struct blob_reader){0};
}

bool blob_reader_was_restarted(const struct blob_reader *reader)
{
    return blob_feed_progress(reader->feed, &reader->digest).restarts > reader->restarts;
}

static bool report_restart(const struct blob_reader *reader, struct error *err)
{
    return error_set(err, ERR_INTEGRITY, "%s came with wrong content and is fetched again",
                     reader->digest.text);
}

/* Waits for more than 'offset' bytes of what the reader was opened for. */
static bool wait_for(struct blob_reader *reader, uint64_t offset, struct blob_progress *ret,
                     struct error *err)
{
    struct blob_progress progress;
    do {
        if (!blob_feed_wait(reader->feed, &reader->digest, offset, reader->restarts, &progress,
                            err))
            return false;
        if (progress.restarts > reader->restarts && reader->offset > 0)
            return report_restart(reader, err);
        /* Nothing was read yet: the new content is as good as the old. */
        reader->restarts = progress.restarts;
    } while (!progress.published && progress.prefix <= offset);
    *ret = progress;
    return true;
}

/* The part file may be renamed at any moment; who has it open goes on reading it. */
static bool open_file(struct blob_reader *reader, bool published, struct error *err)
{
    if (reader->file.handle)
        return true;
    const struct blob_store *store = blob_feed_store(reader->feed);
    CLEANUP(str_free) char *part = blob_ingest_part_path(store, &reader->digest);
    if (!published) {
        if (fs_open(part, FS_READ, &reader->file, err))
            return true;
        if (err->kind != ERR_NOT_FOUND)
            return false;
        error_clear(err);
    }
    CLEANUP(str_free) char *path = blob_store_path(store, &reader->digest);
    return fs_open(path, FS_READ, &reader->file, err);
}

bool blob_reader_read(struct blob_reader *reader, void *data, size_t length, size_t *ret_got,
                      struct error *err)
{
    struct blob_progress progress;
    if (reader->offset == reader->size) {
        *ret_got = 0;
        return blob_reader_verify(reader, err);
    }
    if (!wait_for(reader, reader->offset, &progress, err)
        || !open_file(reader, progress.published, err))
        return false;
    uint64_t end = progress.published ? reader->size : progress.prefix;
    size_t wanted = end - reader->offset < length ? (size_t)(end - reader->offset) : length;
    size_t got = 0;
    if (!fs_read_at(&reader->file, reader->offset, data, wanted, &got, err))
        return error_wrap(err, "read %s", reader->digest.text);
    /* A restart overwrites the part file, perhaps while it was read. */
    if (blob_reader_was_restarted(reader))
        return report_restart(reader, err);
    if (got == 0)
        return error_set(err, ERR_INTEGRITY, "the stored content %s is shorter than it was",
                         reader->digest.text);
    reader->offset += got;
    *ret_got = got;
    return true;
}

bool blob_reader_verify(struct blob_reader *reader, struct error *err)
{
    struct blob_progress progress;
    return wait_for(reader, UINT64_MAX, &progress, err);
}
