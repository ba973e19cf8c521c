/* SPDX-License-Identifier: MIT */
#include "registry/blob_ingest.h"

#include <inttypes.h>

#include "base/alloc.h"

static char *path_in(const struct blob_store *store, const char *directory, const char *name)
{
    CLEANUP(str_free) char *folder = fs_join(store->root, directory);
    return fs_join(folder, name);
}

char *blob_ingest_part_path(const struct blob_store *store, const struct digest *digest)
{
    CLEANUP(str_free) char *name = str_format("%s.part", digest_hex(digest));
    return path_in(store, "ingest", name);
}

static bool take_lock(const struct blob_store *store, struct blob_ingest *ingest, bool wait,
                      const struct cancel *cancel, struct error *err)
{
    CLEANUP(str_free) char *path = path_in(store, "locks", digest_hex(&ingest->digest));
    return fs_lock(path, FS_LOCK_EXCLUSIVE, wait, cancel, &ingest->lock, err);
}

/* The part file of a process that was killed is overwritten. */
static bool open_part(const struct blob_store *store, struct blob_ingest *ingest, struct error *err)
{
    CLEANUP(str_free) char *part = blob_ingest_part_path(store, &ingest->digest);
    if (!fs_open(part, FS_READ_WRITE, &ingest->file, err))
        return false;
    ingest->part = TAKE(part);
    return blob_ingest_restart(ingest, err);
}

bool blob_ingest_open(const struct blob_store *store, const struct descriptor *descriptor,
                      bool wait, const struct cancel *cancel, struct blob_ingest *ret,
                      struct error *err)
{
    CLEANUP(blob_ingest_close)
    struct blob_ingest ingest = {
        .digest = descriptor->digest,
        .size = descriptor->size,
        .path = blob_store_path(store, &descriptor->digest),
    };
    if (!take_lock(store, &ingest, wait, cancel, err) || !open_part(store, &ingest, err))
        return error_wrap(err, "store %s", ingest.digest.text);
    *ret = TAKE(ingest);
    return true;
}

bool blob_ingest_restart(struct blob_ingest *ingest, struct error *err)
{
    if (!fs_truncate(&ingest->file, 0, err))
        return error_wrap(err, "store %s", ingest->digest.text);
    ingest->written = 0;
    sha256_init(&ingest->hash);
    return true;
}

bool blob_ingest_write(struct blob_ingest *ingest, const void *data, size_t length,
                       struct error *err)
{
    if (length > ingest->size - ingest->written)
        return error_set(err, ERR_INTEGRITY, "%s is longer than the %" PRIu64 " bytes promised",
                         ingest->digest.text, ingest->size);
    if (!fs_write_at(&ingest->file, ingest->written, data, length, err))
        return error_wrap(err, "store %s (%" PRIu64 " bytes)", ingest->digest.text, ingest->size);
    sha256_update(&ingest->hash, data, length);
    ingest->written += length;
    return true;
}

static bool verify(const struct blob_ingest *ingest, struct error *err)
{
    if (ingest->written != ingest->size)
        return error_set(err, ERR_INTEGRITY,
                         "%s has %" PRIu64 " bytes where %" PRIu64 " were promised",
                         ingest->digest.text, ingest->written, ingest->size);
    struct sha256 hash = ingest->hash;
    struct digest found = sha256_final_digest(&hash);
    if (!digest_equal(&found, &ingest->digest))
        return error_set(err, ERR_INTEGRITY, "wrong content: expected %s, got %s",
                         ingest->digest.text, found.text);
    return true;
}

/* A file of this name that is not the content (its size is wrong) makes way. */
static bool publish(struct blob_ingest *ingest, struct error *err)
{
    uint64_t found = 0;
    if (fs_type_of(ingest->path) == FS_FILE
        && (!fs_file_size(ingest->path, &found, err)
            || (found != ingest->size && !fs_remove_file(ingest->path, err))))
        return false;
    if (fs_rename(ingest->part, ingest->path, /* replace= */ false, err)) {
        str_free(&ingest->part);
        return true;
    }
    if (err->kind != ERR_BUSY)
        return false;
    error_clear(err);
    return true;
}

bool blob_ingest_finish(struct blob_ingest *ingest, struct error *err)
{
    if (!verify(ingest, err))
        return false;
    bool flushed = fs_flush(&ingest->file, err);
    fs_close(&ingest->file);
    if (!flushed || !publish(ingest, err))
        return error_wrap(err, "store %s", ingest->digest.text);
    blob_ingest_close(ingest);
    return true;
}

void blob_ingest_close(struct blob_ingest *ingest)
{
    fs_close(&ingest->file);
    if (ingest->part) {
        CLEANUP(error_clear) struct error ignored = {0};
        (void)!fs_remove_file(ingest->part, &ignored);
    }
    fs_unlock(&ingest->lock);
    str_free(&ingest->part);
    str_free(&ingest->path);
    *ingest = (struct blob_ingest){0};
}

bool blob_ingest_put(const struct blob_store *store, const struct buf *content,
                     const struct cancel *cancel, struct error *err)
{
    struct descriptor descriptor = {
        .digest = digest_of(content->data, content->length),
        .size = content->length,
    };
    if (blob_store_has(store, &descriptor.digest, descriptor.size))
        return true;
    CLEANUP(blob_ingest_close) struct blob_ingest ingest = {0};
    return blob_ingest_open(store, &descriptor, /* wait= */ true, cancel, &ingest, err)
        && blob_ingest_write(&ingest, content->data, content->length, err)
        && blob_ingest_finish(&ingest, err);
}
