/* SPDX-License-Identifier: MIT */
/* whiteout: entries that delete what the parent layers have (OCI image-spec, layer.md "Whiteouts").
 */
#pragma once

#include "layers/unpack_rules.h"

bool whiteout_is(const char *name);
/* ".wh.NAME" becomes a tombstone at once, ".wh..wh..opq" is kept until the whole layer is known. */
bool whiteout_entry(struct unpack_rules *rules, const struct tar_entry *entry, struct error *err)
    MUST_USE;
/* Makes tombstones of what opaque directories have in the parents and not in this layer. */
bool whiteout_settle_opaque(struct unpack_rules *rules, struct error *err) MUST_USE;

/* The tar has said so, or of a directory above it. */
bool whiteout_is_opaque(const struct unpack_rules *rules, const struct layer_path *directory);

/* Of unpack_rules.c: takes a name that has not been used, and sees to its directory. */
bool unpack_rules_claim(struct unpack_rules *rules, const struct layer_path *path,
                        enum name_use use, struct error *err) MUST_USE;
/* Of unpack_rules.c: the layer deletes 'path', and must not have it itself. */
bool unpack_rules_tombstone(struct unpack_rules *rules, const struct layer_path *path,
                            struct error *err) MUST_USE;
