/* SPDX-License-Identifier: MIT */
/* blob_slot: one connection that fetches parts of blobs, one after the other; the inside of
 * blob_fetch. */
#pragma once

#include "registry/blob_job.h"

struct blob_slot;

struct blob_crew {
    struct blob_job *jobs; /* in the order of their urgency */
    size_t job_count;
    struct blob_slot *slots;
    size_t slot_count;
};

struct blob_slot {
    struct blob_crew *crew;
    struct http_request request;
    struct blob_job *job;    /* NULL = idle */
    unsigned generation;     /* of the job, when it was assigned */
    unsigned version;        /* of the job's source, when the request was made */
    struct byte_range range; /* what is being fetched */
    uint64_t at;             /* the next byte to come */
    uint64_t known;          /* bytes before this one are here already */
    bool stream;             /* all of the blob, because it comes in no other way */
    bool dropped;            /* the answer is not wanted */
    unsigned attempts;       /* since the last answer */
    unsigned barren;         /* answers in a row that had next to nothing */
    uint64_t begun_at;       /* where the answer began */
};

/* Gives an idle slot the lowest bytes that nobody is fetching; *ret_assigned is false when there
 * are none. Its request is then ready for http_run(). */
bool blob_slot_assign(struct blob_slot *slot, bool *ret_assigned, struct error *err) MUST_USE;
void blob_slot_close(struct blob_slot *slot);
