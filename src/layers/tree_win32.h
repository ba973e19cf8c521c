/* SPDX-License-Identifier: MIT */
/* tree_win32: the layer_tree of the product, on a directory of the host.
 *
 * Takes the privileges of win32/privilege.h: security descriptors are those of other users, and
 * files are opened for backup intent. BackupWrite is not used; each part of a file's metadata goes
 * through the call that is made for it, so a refusal names the part. */
#pragma once

#include "layers/layer_tree.h"
#include "win32/safe_dirs.h"

struct tree_win32 {
    struct safe_root root;
    struct safe_dirs dirs; /* in which things are being made */
};

/* The directory must exist. */
bool tree_win32_open(const char *path, struct tree_win32 *ret, struct error *err) MUST_USE;
void tree_win32_close(struct tree_win32 *tree);

/* The interface; valid while *tree stays open and where it is. */
struct layer_tree tree_win32_interface(struct tree_win32 *tree);
