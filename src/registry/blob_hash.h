/* SPDX-License-Identifier: MIT */
/* blob_hash: a thread that hashes a part file while it grows.
 *
 * It reads the file behind those who write it (never through a mapping, which would count as this
 * process's memory), so hashing costs the network no time and what came in another order, or in an
 * earlier process, is hashed all the same. */
#pragma once

#include "base/digest.h"
#include "base/monitor.h"
#include "base/os.h"

struct blob_hash_task {
    const char *path; /* of the part file */
    uint64_t size;    /* of the whole */
    /* Called on the thread when the whole was hashed; the file is not open any more. */
    void (*settle)(void *user, const struct digest *found);
    /* Likewise, when the file could not be read; the reason may be taken. */
    void (*fail)(void *user, struct error *reason);
    void *user;
};

struct blob_hash {
    struct blob_hash_task task;
    struct monitor monitor; /* of the next three; none = closed */
    uint64_t reached;
    uint64_t wanted; /* what the thread waits for */
    bool stopped;
    struct os_thread thread;
};

/* The struct must stay where it is until it is closed. */
bool blob_hash_start(struct blob_hash *hash, const struct blob_hash_task *task, struct error *err)
    MUST_USE;
/* The first 'reached' bytes are in the file. When these are all of them, the task is settled. */
void blob_hash_advance(struct blob_hash *hash, uint64_t reached);
/* Ends the thread, which is then done or has given up. */
void blob_hash_close(struct blob_hash *hash);
