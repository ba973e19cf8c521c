/* SPDX-License-Identifier: MIT */
/* blob_ingest: content on its way into a blob store.
 *
 *     blob_ingest_open() -> is it there by now? -> blob_ingest_write()... -> blob_ingest_finish()
 *
 * Between open and close this process alone brings the content in. Everything is hashed as it is
 * written; only what has the promised size and digest is published. Closing before that removes the
 * part file, so a failure leaves nothing behind. */
#pragma once

#include "base/cancel.h"
#include "base/fs.h"
#include "registry/blob_store.h"
#include "registry/descriptor.h"

struct blob_ingest {
    struct digest digest; /* what is promised */
    uint64_t size;
    uint64_t written;
    struct sha256 hash;
    char *part; /* path of the part file; NULL = closed or published */
    char *path; /* where it will be published */
    struct fs_lock lock;
    struct fs_file file;
};

/* Takes the lock of the descriptor's digest. With wait false it fails with ERR_BUSY when another
 * process has it; never wait while another ingest is open, or two processes can wait for each
 * other. */
bool blob_ingest_open(const struct blob_store *store, const struct descriptor *descriptor,
                      bool wait, const struct cancel *cancel, struct blob_ingest *ret,
                      struct error *err) MUST_USE;

/* Where the content of a digest is while it comes in; the caller owns the result. */
char *blob_ingest_part_path(const struct blob_store *store, const struct digest *digest);

/* ERR_INTEGRITY as soon as the content is longer than promised, ERR_NO_SPACE on a full volume. */
bool blob_ingest_write(struct blob_ingest *ingest, const void *data, size_t length,
                       struct error *err) MUST_USE;

/* Back to the first byte. */
bool blob_ingest_restart(struct blob_ingest *ingest, struct error *err) MUST_USE;

/* Verifies, flushes and publishes. ERR_INTEGRITY (with what was expected and what came) leaves the
 * ingest open for a restart. Content that is already there is success. */
bool blob_ingest_finish(struct blob_ingest *ingest, struct error *err) MUST_USE;

void blob_ingest_close(struct blob_ingest *ingest);

/* All of the above for content in memory; does nothing when it is there already. */
bool blob_ingest_put(const struct blob_store *store, const struct buf *content,
                     const struct cancel *cancel, struct error *err) MUST_USE;
