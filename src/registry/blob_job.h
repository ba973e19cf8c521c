/* SPDX-License-Identifier: MIT */
/* blob_job: one blob that is being fetched: where it comes from, what is here, whether it is right.
 *
 * Everything but the state belongs to the network's thread; the state is set by the thread that
 * hashes. A job that is 'complete' has all its bytes: the hash decides, and either publishes the
 * blob or sends the job back to its beginning. */
#pragma once

#include "base/event.h"
#include "registry/blob_feed.h"
#include "registry/blob_hash.h"
#include "registry/blob_ingest.h"
#include "registry/blob_source.h"

enum blob_job_state {
    BLOB_JOB_FETCHING,
    BLOB_JOB_DONE,   /* verified and published */
    BLOB_JOB_WRONG,  /* complete, but not what was promised */
    BLOB_JOB_BROKEN, /* it could not be read or published */
};

struct blob_job {
    const struct descriptor *blob;
    const struct context *context;
    struct blob_feed *feed;
    struct blob_source source;
    struct blob_ingest ingest;
    struct blob_hash hash;
    bool begun;          /* the files are open, the hash runs, the observer knows of it */
    bool resumed;        /* part of it is from an earlier process */
    bool unranged;       /* parts cannot be had: it comes as one stream */
    bool complete;       /* nothing is to be fetched */
    bool was_wrong;      /* wrong content came once from the registry */
    bool spoilt;         /* what has come is not worth keeping */
    unsigned rewinds;    /* of the stream, since it last got much further */
    uint64_t rewound_to; /* what was here then */
    unsigned generation; /* counts beginnings: what was asked for before does not count any more */
    unsigned slots;      /* that work on it */
    struct monitor monitor; /* of the next three; none = closed */
    enum blob_job_state state;
    struct digest found;
    struct error failure;
};

/* Takes the blob's lock. With wait false, ERR_BUSY when another process has it. The descriptor, the
 * client and the feed must outlive the job. */
bool blob_job_open(struct blob_feed *feed, const struct client *client,
                   const struct descriptor *blob, bool wait, struct blob_job *ret,
                   struct error *err) MUST_USE;
/* What has come is kept, unless it is spoilt or published. */
void blob_job_close(struct blob_job *job);

/* From here on the struct must stay where it is. Does nothing when it has begun. */
bool blob_job_begin(struct blob_job *job, struct error *err) MUST_USE;
/* Bytes that are to be fetched still, or were when it was complete. */
uint64_t blob_job_missing(const struct blob_job *job);
bool blob_job_write(struct blob_job *job, uint64_t offset, const void *data, size_t length,
                    struct error *err) MUST_USE;
/* When all bytes are there: leaves the rest to the hash. */
void blob_job_check_complete(struct blob_job *job);

/* The stream begins again at the first byte; fails when that leads nowhere. */
bool blob_job_rewind(struct blob_job *job, struct error *err) MUST_USE;
/* What has come, or was about to, is wrong: 'why'. Asks once more, elsewhere if possible; then
 * fails with ERR_INTEGRITY. */
bool blob_job_start_over(struct blob_job *job, const char *why, struct error *err) MUST_USE;
/* Acts on what the hash has found; true unless that ends the fetching. */
bool blob_job_settle(struct blob_job *job, struct error *err) MUST_USE;
/* Waits until the hash of a complete job has decided. */
bool blob_job_wait(struct blob_job *job, struct error *err) MUST_USE;
bool blob_job_is_done(const struct blob_job *job);
