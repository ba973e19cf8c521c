/* SPDX-License-Identifier: MIT */
/* merge_tree: one tree in which the layers of an image lie on top of each other.
 *
 * A tree over another, for one layer after the other, lowest first, each unpacked as LAYER_PLAIN
 * with this tree both as the tree and as the only parent. What lower layers have gives way: a file,
 * link or directory of a layer replaces what has its name, but a directory keeps the content of a
 * directory. Names are those that Windows takes for the same, however they are spelt: directories
 * keep the spelling of the lowest layer, files have that of the topmost. Hard links to what lower
 * layers have are links in this tree; they last when the target is replaced or deleted.
 *
 * type_of, list and read_directory tell what the lower layers have; for a directory that this layer
 * has touched, read_directory gives the times from before.
 *
 * The tree below must allow list, type_of and remove while other threads make files (tree_posix
 * does); and so does this one. */
#pragma once

#include "layers/layer_tree.h"

struct merge_tree; /* opaque: one allocation */

/* 'below' must stay, and be empty. */
bool merge_tree_open(const struct layer_tree *below, struct merge_tree **ret, struct error *err)
    MUST_USE;
void merge_tree_close(struct merge_tree **tree);

/* The next layer begins: everything that is there belongs to lower layers now. */
void merge_tree_begin_layer(struct merge_tree *tree);

/* A view, good until the tree is closed. */
struct layer_tree merge_tree_interface(struct merge_tree *tree);
