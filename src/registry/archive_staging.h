/* SPDX-License-Identifier: MIT */
/* archive_staging: content of an archive before it is known whether it will be kept.
 *
 * An archive says only at its end what its images are made of. Until then everything lies in a
 * folder of its own, <root>/ingest/load-<guid>, hashed as it was written; what proves to be needed
 * is then moved among the blobs and the rest goes. A folder that a killed wrun left is removed by
 * the next one that stages something or sweeps the store, or by 'wrun prune'.
 *
 * Who makes an image that cannot be had again promises it before anything is moved. A promise that
 * was not kept outlives its process: pending_images_open() finds it, and with it what is to be
 * taken back. */
#pragma once

#include "base/event.h"
#include "base/fs.h"
#include "registry/image_record.h"

struct archive_staging {
    const struct blob_store *store;
    const struct context *context;
    struct fs_lock lock; /* shared: somebody stages */
    char *folder;        /* NULL = closed */
    unsigned count;      /* of files made so far; they are named by number */
    bool promised;       /* and the image is not recorded yet */
};

/* *store must outlive it. 'context' may be NULL. */
bool archive_staging_open(const struct blob_store *store, const struct context *context,
                          struct archive_staging *ret, struct error *err) MUST_USE;
/* Removes what was not published, and nothing as long as an image is promised. */
void archive_staging_close(struct archive_staging *staging);

/* Writes down, in the folder, which image there will be. */
bool archive_staging_promise(struct archive_staging *staging, const struct reference *name,
                             const struct image_record *record, struct error *err) MUST_USE;

/* Images that were promised by processes that are gone, or have given up. */
struct pending_images {
    const struct blob_store *store; /* borrowed */
    struct fs_lock alone;           /* nobody stages as long as it is held */
    struct strlist folders;         /* names below "ingest" */
};

/* None while anybody stages. */
bool pending_images_open(const struct blob_store *store, struct pending_images *ret,
                         struct error *err) MUST_USE;
bool pending_images_read(const struct pending_images *pending, size_t index,
                         struct image_record *ret, struct error *err) MUST_USE;
/* Forgets the promises: nothing is left of them. */
bool pending_images_remove(struct pending_images *pending, struct error *err) MUST_USE;
void pending_images_close(struct pending_images *pending);

/* Adds the folders of killed processes, as names below "ingest"; none while anybody stages. */
void archive_staging_leftovers(const struct blob_store *store, struct strlist *ret);

/* Removes the folders of killed processes without a promise; nothing while anybody stages. */
bool archive_staging_sweep(const struct blob_store *store, struct error *err) MUST_USE;

/* One file on its way in. */
struct staged_writer {
    struct fs_file file;
    char *path; /* NULL when the content is only hashed */
    struct sha256 hash;
    uint64_t written; /* bytes */
};

/* 'size' is what will come (0 = not known): ERR_NO_SPACE when there is no room for it. With a
 * digest that the store has in this size the content is hashed, but not written again. */
bool staged_writer_open(struct archive_staging *staging, const struct digest *digest, uint64_t size,
                        struct staged_writer *ret, struct error *err) MUST_USE;
bool staged_writer_write(struct staged_writer *writer, const void *data, size_t length,
                         struct error *err) MUST_USE;
void staged_writer_close(struct staged_writer *writer);

struct staged_blob {
    char *path; /* NULL: it is in the store */
    struct digest digest;
    uint64_t size; /* bytes */
};

/* Closes the writer. */
struct staged_blob staged_writer_finish(struct staged_writer *writer);
void staged_blob_clear(struct staged_blob *blob);

/* Moves it among the blobs; content that is there already is success. */
bool archive_staging_publish(const struct archive_staging *staging, struct staged_blob *blob,
                             struct error *err) MUST_USE;
