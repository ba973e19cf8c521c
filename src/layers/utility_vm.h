/* SPDX-License-Identifier: MIT */
/* utility_vm: the files of the virtual machine for Hyper-V isolation, in a diff layer.
 *
 * Windows does not layer them: each layer that changes UtilityVM\Files has all of it, as real files
 * beside what ImportLayer makes. So what such a layer's tar has is written as in a base layer, and
 * what it does not mention is taken over from the nearest parent that has a utility VM: directories
 * and links are copied, files are linked.
 *
 * hcsshim does it the other way round: it clones the parent's, then deletes and overwrites what the
 * tar has. Done this way nothing is ever deleted or opened again, so nothing can be written through
 * a link to a parent's file. */
#pragma once

#include "layers/unpack_rules.h"

#define UTILITY_VM_FILES "UtilityVM\\Files"

/* A stage writer for everything but UtilityVM, which goes to the layer's own directory. */
struct layer_writer utility_vm_writer_open(const struct layer_tree *staging,
                                           const struct layer_tree *layer);

/* The nearest parent that has a utility VM; NULL when none has. */
bool utility_vm_find_parent(const struct layer_unpack_request *request,
                            const struct layer_tree **ret, struct error *err) MUST_USE;

/* The writer has finished: takes over what it does not mention. What it deletes must be there, as
 * for hcsshim. */
bool utility_vm_inherit(struct unpack_rules *rules, struct error *err) MUST_USE;
