/* SPDX-License-Identifier: MIT */
/* blob_feed: how far the blobs of a pull have come, told by those who fetch them to those who read
 * behind the download (registry/blob_reader.h).
 *
 * All functions may be called from any thread. A blob that nobody has spoken of yet is one that may
 * still come. */
#pragma once

#include "base/cancel.h"
#include "base/digest.h"
#include "registry/blob_store.h"

struct blob_feed;

/* The store and 'cancel' (may be NULL) must outlive the feed. */
struct blob_feed *blob_feed_open(const struct blob_store *store, const struct cancel *cancel);
/* Nobody may be waiting any more. */
void blob_feed_close(struct blob_feed **feed);

const struct blob_store *blob_feed_store(const struct blob_feed *feed);

/* ---- for those who fetch ---- */

/* The first 'prefix' bytes are in the part file. They are not verified yet. */
void blob_feed_advance(struct blob_feed *feed, const struct digest *digest, uint64_t prefix);
/* What had come was wrong; the blob comes once more from its first byte. To be called before the
 * part file is touched. */
void blob_feed_restart(struct blob_feed *feed, const struct digest *digest);
/* The blob is verified and in its place in the store. */
void blob_feed_publish(struct blob_feed *feed, const struct digest *digest);
/* All blobs that were to come are there: waiting for others is in vain (ERR_NOT_FOUND). */
void blob_feed_finish(struct blob_feed *feed);
/* The fetching failed: every reader fails with a copy of the reason, at once. Only the first call
 * counts. */
void blob_feed_stop(struct blob_feed *feed, const struct error *reason);

/* ---- for readers ---- */

struct blob_progress {
    uint64_t prefix;   /* bytes that can be read */
    bool published;    /* all of them can, and they are verified */
    unsigned restarts; /* how often what had come proved wrong */
};

struct blob_progress blob_feed_progress(const struct blob_feed *feed, const struct digest *digest);

/* Waits until more than 'offset' bytes can be read, the blob is published, or it was restarted more
 * than 'restarts' times. Fails with the reason of blob_feed_stop(), with ERR_CANCELLED, or with
 * ERR_NOT_FOUND after blob_feed_finish(). */
bool blob_feed_wait(const struct blob_feed *feed, const struct digest *digest, uint64_t offset,
                    unsigned restarts, struct blob_progress *ret, struct error *err) MUST_USE;
