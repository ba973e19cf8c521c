/* SPDX-License-Identifier: MIT */
/* blob_check: is a stored blob still what its name says?
 *
 * Blobs are not flushed before they are published, so that a power cut can leave one with the right
 * size and the wrong content. Who finds that a blob makes no sense asks here whose fault it is. */
#pragma once

#include "base/cancel.h"
#include "registry/blob_store.h"

/* Reads the whole blob. ERR_NOT_FOUND when it is not there. */
bool blob_check(const struct blob_store *store, const struct digest *digest,
                const struct cancel *cancel, bool *ret_sound, struct error *err) MUST_USE;

/* Checks the blob while nobody else brings it in, and takes it out of the store when it is damaged
 * (*ret_evicted). */
bool blob_check_and_evict(const struct blob_store *store, const struct digest *digest,
                          const struct cancel *cancel, bool *ret_evicted, struct error *err)
    MUST_USE;
