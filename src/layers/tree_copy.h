/* SPDX-License-Identifier: MIT */
/* tree_copy: objects of one layer_tree in another one, for trees that can be read (read_object). */
#pragma once

#include "layers/layer_tree.h"

struct tree_copy {
    const struct layer_tree *from;
    const struct layer_path *source;
    const struct layer_tree *to;
    const struct layer_path *target; /* its directory exists, it does not */
};

/* Copies a file or link with its descriptor, EAs, times, attributes and content, or a directory
 * without what is in it and without its times, which go to *ret for later (attributes 0 and times 0
 * for everything else). Data streams are not copied. */
bool tree_copy_object(const struct tree_copy *copy, struct win_basic_info *ret, struct error *err)
    MUST_USE;

/* Makes the target another name of the source, a file. A file that has as many names as a file can
 * have (on NTFS 1024) is copied instead. */
bool tree_copy_link(const struct tree_copy *copy, struct error *err) MUST_USE;
