/* SPDX-License-Identifier: MIT */
/* layer_lookup: what layers that lie on top of each other show at a path.
 *
 * A directory of an imported layer is complete: what the layers below have in it is there as a
 * placeholder, or is deleted. So the topmost layer that has the directory decides. */
#pragma once

#include "base/strlist.h"
#include "win32/safe_root.h"

struct layer_lookup {
    struct safe_root *roots; /* topmost first */
    size_t count;
};

/* 'layers' are directories of layers, topmost first. */
bool layer_lookup_open(const struct strlist *layers, struct layer_lookup *ret, struct error *err)
    MUST_USE;
void layer_lookup_close(struct layer_lookup *lookup);

/* 'path' is below the layers' directories: "Files\app\x.txt". */
bool layer_lookup_has(const struct layer_lookup *lookup, const char *path, bool *ret,
                      struct error *err) MUST_USE;
