/* SPDX-License-Identifier: MIT */
/* verification: every blob of a store, or of some images, hashed again; and mended where a registry
 * still has it. */
#pragma once

#include "registry/blob_verify.h"
#include "runner/image_source.h"
#include "runner/store_view.h"

struct blob_problem {
    struct digest digest;
    enum blob_state state;    /* damaged or missing */
    struct strlist needed_by; /* references; empty: nothing needs it */
    bool mended;
};

struct verification {
    struct blob_problem *problems;
    size_t count;
    size_t blobs;          /* that were looked at */
    uint64_t bytes;        /* that were read */
    struct strlist broken; /* records that cannot be read: 64 hex digits */
};

/* 'selected' says for each image of the view whether it counts; NULL: all do, and so does what no
 * image needs. A layer's blob that is missing is no problem once the layer is unpacked. */
bool verification_run(const struct invocation *invocation, const struct blob_store *store,
                      const struct store_view *view, const bool *selected, struct verification *ret,
                      struct error *err) MUST_USE;

/* Takes out what is damaged and fetches it again from the registries of the references that need
 * it. Registries that fail are told as warnings; what is still wrong is not 'mended'. */
bool verification_repair(const struct invocation *invocation, const struct image_options *options,
                         const struct blob_store *store, const struct store_view *view,
                         struct verification *verification, struct error *err) MUST_USE;

/* Problems that are not mended, and broken records. */
size_t verification_failures(const struct verification *verification);

void verification_clear(struct verification *verification);
