/* SPDX-License-Identifier: MIT */
/* sound_blob: content of a store for somebody who can fetch it again. */
#pragma once

#include "base/event.h"
#include "registry/blob_store.h"

/* Reads content of at most 'maximum' bytes; false when it is not there. Content that proves damaged
 * is taken out, with a warning, and is not there either. 'ret' must be empty. */
bool sound_blob_read(const struct blob_store *store, const struct context *context,
                     const struct digest *digest, size_t maximum, struct buf *ret);
