/* SPDX-License-Identifier: MIT */
/* tree_posix: a layer_tree of real files below one directory of a POSIX system.
 *
 * Every object is reached by names relative to open directories, one component at a time and never
 * through a link, and is created only where nothing is: whatever lies in the tree, nothing outside
 * of it can be touched. Links become symbolic links with the target as the layer gives it ('/' for
 * '\'), which nobody here follows.
 *
 * Files and directories have the times of the layer and modes for everybody to read. What else a
 * layer says about them is left out and counted. Different objects may be made and written by
 * different threads at the same time. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "layers/layer_tree.h"

struct tree_posix; /* opaque: one allocation */

/* What is in the tree now; nothing is counted twice. */
struct tree_posix_content {
    uint64_t directories;
    uint64_t files; /* names of files; those that are hard links included */
    uint64_t hard_links;
    uint64_t links; /* symbolic links */
    uint64_t bytes; /* of files */
};

/* What was given and not kept, also of objects that were replaced later. */
struct tree_posix_omissions {
    uint64_t security_descriptors;
    uint64_t extended_attributes; /* objects that had some */
    uint64_t streams;
    uint64_t attributes; /* objects that were more than files to be archived, or directories */
    uint64_t creation_times;
};

/* 'path' is an empty directory that nobody else changes. */
bool tree_posix_open(const char *path, struct tree_posix **ret, struct error *err) MUST_USE;
void tree_posix_close(struct tree_posix **tree);

/* A view, good until the tree is closed. */
struct layer_tree tree_posix_interface(struct tree_posix *tree);

struct tree_posix_content tree_posix_content(const struct tree_posix *tree);
struct tree_posix_omissions tree_posix_omissions(const struct tree_posix *tree);
