/* SPDX-License-Identifier: MIT */
/* layer_json: named layers described for programs. */
#pragma once

#include "base/json_write.h"
#include "layers/named_layer.h"

/* The members that every answer has: name, state, path, parents (directories, topmost first), from,
 * labels, created, lastUsed, storageBytes. */
void layer_json_put(struct json_writer *w, const char *root, const struct named_layer *layer);

/* An object with these, and a newline. The caller owns it. */
bool layer_json_made(const char *root, const struct named_layer *layer, char **ret,
                     struct error *err) MUST_USE;
