/* SPDX-License-Identifier: MIT */
/* blob_ingest: content on its way into a blob store.
 *
 *     blob_ingest_open() -> is it there by now? -> blob_ingest_begin() -> blob_ingest_write()... ->
 *     the caller verifies the part file -> blob_ingest_publish()
 *
 * Between open and close this process alone brings the content in. The bytes may come in any order.
 * What has come is written down in a map beside the part file (registry/ingest_map.h), so that
 * another process can go on after this one was interrupted or killed: the map is written after the
 * bytes it speaks of, at the latest when another mebibyte has come. Neither is flushed. A map that
 * claims what a power cut took away is found out when the whole is hashed. */
#pragma once

#include "base/cancel.h"
#include "base/fs.h"
#include "registry/blob_store.h"
#include "registry/byte_ranges.h"
#include "registry/descriptor.h"

struct blob_ingest {
    const struct blob_store *store; /* borrowed */
    struct digest digest;           /* what is promised */
    uint64_t size;
    struct byte_ranges done;
    uint64_t mapped; /* bytes that were done when the map was written */
    char *part;      /* paths; NULL = closed or published */
    char *map;
    struct fs_lock lock;
    struct fs_file file; /* from begin to publish */
    struct fs_file map_file;
};

/* Takes the lock of the descriptor's digest and finds what an earlier process left in 'done'. With
 * wait false it fails with ERR_BUSY when another process has it; never wait while another ingest is
 * open, or two processes can wait for each other. */
bool blob_ingest_open(const struct blob_store *store, const struct descriptor *descriptor,
                      bool wait, const struct cancel *cancel, struct blob_ingest *ret,
                      struct error *err) MUST_USE;

/* Where the content of a digest is while it comes in; the caller owns the result. */
char *blob_ingest_part_path(const struct blob_store *store, const struct digest *digest);

/* Removes the maps that processes left that died between publishing and tidying up. */
bool blob_ingest_sweep(const struct blob_store *store, struct error *err) MUST_USE;

/* Opens the part file; what is done in it stays. */
bool blob_ingest_begin(struct blob_ingest *ingest, struct error *err) MUST_USE;

/* The bytes lie within the promised size. ERR_NO_SPACE on a full volume. */
bool blob_ingest_write(struct blob_ingest *ingest, uint64_t offset, const void *data, size_t length,
                       struct error *err) MUST_USE;

/* Back to nothing, in the same file. */
bool blob_ingest_restart(struct blob_ingest *ingest, struct error *err) MUST_USE;

/* Puts the part file, which was verified, in its place. Content that is already there is success.
 * The data is not flushed: a blob that a power cut damages is found out when it is read, and
 * fetched again. The ingest is closed on success. */
bool blob_ingest_publish(struct blob_ingest *ingest, struct error *err) MUST_USE;

/* Keeps what is done for the next time. */
void blob_ingest_close(struct blob_ingest *ingest);
/* Removes it. */
void blob_ingest_discard(struct blob_ingest *ingest);

/* Puts small content in its place, flushed; does nothing when it is there already. */
bool blob_ingest_put(const struct blob_store *store, const struct buf *content, struct error *err)
    MUST_USE;
