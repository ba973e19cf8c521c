/* SPDX-License-Identifier: MIT */
/* layer_host: what the layer verbs need of the machine they run on. All of it needs an open host
 * (runner/host.h); the native build has no layers and says so. */
#pragma once

#include "layers/named_layer.h"
#include "runner/invocation.h"

/* As named_layer_open(), after what a dead process began with the layer has been ended or taken
 * back. ERR_BUSY names who has it. */
bool host_layer_open(const struct invocation *invocation, const char *name,
                     struct named_layer_claim *ret, struct error *err) MUST_USE;
/* As named_layer_claim(), in the same way: for a name that may be free. */
bool host_layer_claim(const struct invocation *invocation, const char *name,
                      struct named_layer_claim *ret, struct error *err) MUST_USE;

/* As named_layer_prepare() and named_layer_discard(). */
bool host_layer_prepare(const struct invocation *invocation,
                        const struct named_layer_request *request, struct named_layer_claim *claim,
                        struct error *err) MUST_USE;
bool host_layer_discard(const struct invocation *invocation, struct named_layer_claim *claim,
                        struct error *err) MUST_USE;

/* Removes the bytes of a layer after host_layer_retire(); ERR_BUSY when some stay. */
bool host_layer_finish(const struct invocation *invocation, const char *name, struct error *err)
    MUST_USE;
