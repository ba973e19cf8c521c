/* SPDX-License-Identifier: MIT */
/* layer_json: named layers described for programs. */
#pragma once

#include "base/json_write.h"
#include "layers/named_layer.h"
#include "runner/invocation.h"

/* The members that every answer has: name, state, path, parents (directories, topmost first), from,
 * labels, created, lastUsed, storageBytes. */
void layer_json_put(struct json_writer *w, const char *root, const struct named_layer *layer);

/* The answer of commands that make a layer, on stdout: its directory, or an object with these. */
bool layer_made_print(const struct invocation *invocation, const struct named_layer *layer,
                      struct error *err) MUST_USE;
