/* SPDX-License-Identifier: MIT */
/* blob_reader: reads a blob from its first byte while it is still being fetched.
 *
 * What is read before the end was seen is not verified: it may turn out to be wrong. The end (0
 * bytes) is only given after the whole blob was verified and published. A blob that the store has
 * already is read from there; one that another process is fetching is waited for. */
#pragma once

#include "base/fs.h"
#include "registry/blob_feed.h"
#include "registry/descriptor.h"

struct blob_reader {
    struct blob_feed *feed; /* NULL = closed */
    struct digest digest;
    uint64_t size;
    uint64_t offset;
    unsigned restarts; /* of the blob, when it was opened */
    struct fs_file file;
};

/* Nothing is waited for. The feed must outlive the reader. */
void blob_reader_open(struct blob_feed *feed, const struct descriptor *blob,
                      struct blob_reader *ret);
void blob_reader_close(struct blob_reader *reader);

/* Waits for at least one byte, then gives what is there, at most 'length' (not 0). *ret_got is 0 at
 * the end only. ERR_INTEGRITY when what was read before proved wrong and is being fetched again:
 * blob_reader_was_restarted() is then true, and the reader may be closed and opened again, which
 * gives the new content. Otherwise fails as blob_feed_wait() does. */
bool blob_reader_read(struct blob_reader *reader, void *data, size_t length, size_t *ret_got,
                      struct error *err) MUST_USE;

/* Waits for the verdict: true when the blob is verified and published, wherever the reader is in
 * it; fails as blob_reader_read() does. For those who cannot make sense of the content, to learn
 * whether it is what the registry promised. */
bool blob_reader_verify(struct blob_reader *reader, struct error *err) MUST_USE;

/* What this reader was opened for proved wrong. */
bool blob_reader_was_restarted(const struct blob_reader *reader);
