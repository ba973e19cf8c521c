/* SPDX-License-Identifier: MIT */
/* resolve: from a reference to the manifest of the image that a host takes.
 *
 *     reference -> index -> the entry for this host -> ... -> manifest
 *
 * What is in the store already and is asked for by digest is not fetched; what is fetched goes to
 * the store. */
#pragma once

#include "base/event.h"
#include "registry/blob_store.h"
#include "registry/client.h"
#include "registry/manifest.h"

struct resolve_request {
    const struct reference *reference;
    const struct platform_host *host;
    struct client *client;
    const struct blob_store *store;
    const struct context *context;
};

struct resolution {
    struct digest index_digest; /* of the outermost index; unset when there is none */
    struct index index;
    struct digest digest; /* of the manifest; unset until it is known */
    char *media_type;
    uint64_t size;
    struct manifest manifest;
};

/* Tells the verdict on every entry of an index that has one for the host (EVENT_CANDIDATE; the
 * refusal of another names them itself). Fills *resolution as far as it comes: after ERR_MISMATCH
 * it has the index. */
bool resolve_reference(const struct resolve_request *request, struct resolution *resolution,
                       struct error *err) MUST_USE;
void resolution_clear(struct resolution *resolution);
