/* SPDX-License-Identifier: MIT */
/* layer_origin: the layer that an export, a commit or a comparison reads: one with a name, or the
 * writable layer of a run that was kept. Nobody else works on it meanwhile. */
#pragma once

#include "runner/layer_transfer.h"
#include "runner/run_record.h"

struct layer_origin {
    char *path;             /* of its directory */
    struct strlist parents; /* directories, topmost first */
    bool is_scratch;
    struct named_layer_claim claim; /* open for a layer with a name */
    struct run_claim run_claim;     /* open for a run */
    struct run_record run;
};

/* ERR_NOT_FOUND, or ERR_BUSY while somebody works on it. */
bool layer_origin_open(const struct invocation *invocation, const char *name,
                       struct layer_origin *ret, struct error *err) MUST_USE;
/* The same, also by the name or id of a kept run; layers come first. */
bool layer_origin_open_any(const struct invocation *invocation, const char *name,
                           struct layer_origin *ret, struct error *err) MUST_USE;
void layer_origin_close(struct layer_origin *origin);

/* host_layer_copy(), of a named layer or of a run's. */
bool layer_origin_copy(const struct invocation *invocation, struct layer_origin *origin,
                       const struct layer_copying *copying, struct error *err) MUST_USE;

/* host_layer_read(), written down while the scratch is attached. */
bool layer_origin_read(const struct invocation *invocation, struct layer_origin *origin,
                       struct layer_reading *ret, struct error *err) MUST_USE;
