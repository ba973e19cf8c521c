/* SPDX-License-Identifier: MIT */
/* image_commit: an image made of a layer and what it stands on ('docker commit'). */
#pragma once

#include "registry/blob_store.h"
#include "registry/reference.h"
#include "runner/layer_origin.h"

struct image_commit_request {
    struct layer_origin *origin; /* a writable layer stays as it is */
    const struct reference *name;
    const struct strlist *changes; /* instructions, registry/image_instruction.h */
    const char *message;           /* NULL = none */
    const char *author;            /* NULL = none */
    const char *created;           /* RFC 3339 */
};

/* The image has the layers of the one it descends from, with the blobs that the store has; a layer
 * whose blob is gone is packed anew. What is on top of them is packed and, if it was writable,
 * unpacked again, so that the image can be run at once. The caller holds the store's shared lock.
 * *ret is the digest of the manifest. */
bool image_commit(const struct invocation *invocation, const struct blob_store *store,
                  const struct image_commit_request *request, struct digest *ret, struct error *err)
    MUST_USE;
