/* SPDX-License-Identifier: MIT */
/* layer_commit: a writable layer becomes a read-only one.
 *
 * Windows writes what changed into a folder, that becomes a tar, the tar a layer: the cost is that
 * of the change, whatever is below. Which layer it will be is written down before it is made, so a
 * process that dies leaves a layer that is still writable, or one that is committed. */
#pragma once

#include "runner/layer_origin.h"

/* A name for the committed layer. */
struct layer_commit_name {
    const char *text;
    struct named_layer_claim claim; /* on the name, which is free */
};

/* ERR_BUSY when a layer has the name. */
bool layer_claim_new_name(const struct invocation *invocation, const char *name,
                          struct named_layer_claim *ret, struct error *err) MUST_USE;

/* With 'as' the layer gets that name and the old one is free; NULL: it keeps its name. */
bool layer_commit(const struct invocation *invocation, struct layer_origin *origin,
                  struct layer_commit_name *as, struct error *err) MUST_USE;

/* The chain id that a layer on top of these has. */
bool layer_commit_chain(const struct invocation *invocation, const struct strlist *parents,
                        const struct digest *diff_id, struct digest *ret, struct error *err)
    MUST_USE;
