/* SPDX-License-Identifier: MIT */
/* layer_retire: how directories that vmcompute.dll has worked on are removed.
 *
 * The directory is renamed to rm-<name>-<8 hex> first: from then on it is nobody's layer or
 * scratch, whatever becomes of the removal. */
#pragma once

#include "base/event.h"
#include "layers/layer_retired.h"
#include "layers/vmcompute_api.h"

/* Renames <directory>\<name> and removes it. When only the removal fails, that is told as a step
 * and layer_retired_sweep() tries again. Absent is success. */
bool layer_retire(const struct layer_api *api, const char *directory, const char *name,
                  const struct context *context, struct error *err) MUST_USE;
/* The same, but ERR_BUSY, with a hint, when bytes of it stay behind; tries for a while. */
bool layer_retire_fully(const struct layer_api *api, const char *directory, const char *name,
                        const struct context *context, struct error *err) MUST_USE;
/* Goes on with what was set aside as <name>, however often; ERR_BUSY when bytes stay. */
bool layer_retired_finish(const struct layer_api *api, const char *directory, const char *name,
                          const struct context *context, struct error *err) MUST_USE;
/* The first half alone: from then on <directory>\<name> is absent. */
bool layer_retire_aside(const char *directory, const char *name, struct error *err) MUST_USE;
/* Removes all rm-* in the directory; what cannot be removed is told as a step. */
bool layer_retired_sweep(const struct layer_api *api, const char *directory,
                         const struct context *context, struct error *err) MUST_USE;
