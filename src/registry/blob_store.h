/* SPDX-License-Identifier: MIT */
/* blob_store: a directory of verified content, shared by any number of processes without a daemon.
 *
 *     <root>/blobs/sha256/<hex>   content; it appears whole and verified, or not at all
 *     <root>/ingest/<hex>.part    content on its way in (registry/blob_ingest.h)
 *     <root>/ingest/<hex>.map     which bytes of it are there (registry/ingest_map.h)
 *     <root>/locks/<hex>          who brings it in; the lock dies with its process
 *     <root>/locks/store          who counts on what is there (registry/store_lock.h)
 *     <root>/refs/<hex>.json      what a reference stands for (registry/image_record.h)
 *     <root>/trash/               what nobody needs, on its way out (registry/store_garbage.h)
 *     <root>/oci-layout, VERSION  what the store is (registry/store_format.h)
 *
 * No name from outside becomes a file name: files are named by hash. */
#pragma once

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/fs.h"

struct blob_store {
    char *root; /* absolute */
};

/* Makes what is missing of the directories above. ERR_UNSUPPORTED when a newer wrun made it. */
bool blob_store_open(const char *root, struct blob_store *ret, struct error *err) MUST_USE;
/* The same without writing anything, for who only looks: the store may be read-only, and one that
 * is absent is empty. */
bool blob_store_open_to_read(const char *root, struct blob_store *ret, struct error *err) MUST_USE;
/* The hint for who may not write to it; none when 'err' says something else. Returns false. */
bool blob_store_hint_denied(const char *root, struct error *err);
void blob_store_close(struct blob_store *store);

/* Where the content is or would be; the caller owns the result. */
char *blob_store_path(const struct blob_store *store, const struct digest *digest);

/* A file of one of the store's folders, such as "locks"; the caller owns the result. */
char *blob_store_file(const struct blob_store *store, const char *folder, const char *name);

/* The right to bring this content in or to take it out. With wait false, ERR_BUSY when another
 * process has it; 'cancel' (may be NULL) ends the wait. */
bool blob_store_lock(const struct blob_store *store, const struct digest *digest, bool wait,
                     const struct cancel *cancel, struct fs_lock *ret, struct error *err) MUST_USE;

/* Moves a verified file to the place of its content. What has that name with another size is not
 * the content and makes way; content that is there already is success, and 'from' then stays. */
bool blob_store_publish(const struct blob_store *store, const struct digest *digest, uint64_t size,
                        const char *from, struct error *err) MUST_USE;

/* True when the content is there with this size. Its bytes were verified when it came in; whoever
 * reads them all should hash them again (blob_store_read() does), for disks lose data. */
bool blob_store_has(const struct blob_store *store, const struct digest *digest, uint64_t size);

/* Reads and verifies content of at most 'maximum' bytes. 'ret' must be empty. ERR_NOT_FOUND when it
 * is not there, ERR_INTEGRITY when it is not what its name says. */
bool blob_store_read(const struct blob_store *store, const struct digest *digest, size_t maximum,
                     struct buf *ret, struct error *err) MUST_USE;

/* Takes out content that proved damaged, so that the next pull fetches it again. */
bool blob_store_evict(const struct blob_store *store, const struct digest *digest,
                      struct error *err) MUST_USE;
