/* SPDX-License-Identifier: MIT */
/* layer_import: the two ways in which a blob becomes a layer. Private to layer_store.
 *
 * The caller has made the empty directory, holds the layer's lock, and removes the directory after
 * a failure. */
#pragma once

#include "layers/layer_record.h"
#include "layers/layer_store.h"

struct layer_import {
    const struct layer_store *store;
    const struct layer_import_request *request;
    const struct context *context;
    const char *path; /* of the layer's directory, plain */
};

/* Both say what became of the utility VM: it is kept when the request wants it, or when files of
 * the container are links into it. */

/* The real files, then ProcessBaseImage. */
bool layer_import_base(const struct layer_import *import, enum layer_utility_vm *ret,
                       struct error *err) MUST_USE;
/* The import format in a staging folder, ImportLayer, then what the format cannot say. */
bool layer_import_diff(const struct layer_import *import, enum layer_utility_vm *ret,
                       struct error *err) MUST_USE;
