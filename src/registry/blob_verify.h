/* SPDX-License-Identifier: MIT */
/* blob_verify: is stored content still what its name says?
 *
 * Blobs are not flushed before they are published, so that a power cut can leave one with the right
 * size and the wrong content. */
#pragma once

#include "base/cancel.h"
#include "registry/blob_store.h"

enum blob_state { BLOB_SOUND, BLOB_DAMAGED, BLOB_MISSING };

/* Reads and hashes all of it. *ret_size is how many bytes were read. A file that cannot be read to
 * its end because of the disk is damaged; other failures, such as missing rights, are errors. */
bool blob_verify(const struct blob_store *store, const struct digest *digest,
                 const struct cancel *cancel, enum blob_state *ret, uint64_t *ret_size,
                 struct error *err) MUST_USE;

/* Verifies the blob while nobody else brings it in, and takes it out of the store when it is
 * damaged (*ret_evicted). */
bool blob_evict_damaged(const struct blob_store *store, const struct digest *digest,
                        const struct cancel *cancel, bool *ret_evicted, struct error *err) MUST_USE;
