/* SPDX-License-Identifier: MIT */
/* archive_save: images of a store as one archive ('docker save', 'ctr images export').
 *
 * The archive is an OCI layout (image-spec image-layout.md) that has a manifest.json as well, whose
 * paths lead among the blobs: docker of any age, containerd, skopeo and podman read it. Manifests
 * and layers are the store's bytes, so digests stay what they are; an image that was chosen from an
 * index comes without it. */
#pragma once

#include "base/event.h"
#include "registry/archive_sink.h"
#include "registry/blob_store.h"
#include "registry/reference.h"

/* Writes everything, sorted by name. All content is hashed on its way: what is not what its name
 * says is ERR_INTEGRITY, and what was written until then is worthless. ERR_NOT_FOUND when an image
 * is not in the store; nothing has been written then. */
bool archive_save(const struct blob_store *store, const struct reference *references, size_t count,
                  const struct archive_sink *sink, const struct context *context, struct error *err)
    MUST_USE;
