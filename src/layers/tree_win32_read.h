/* SPDX-License-Identifier: MIT */
/* tree_win32_read: what there is to know of an object below a directory. Private to tree_win32.
 *
 * Like the writing side it goes through handles that follow no reparse point, and asks for each
 * part by its own call. */
#pragma once

#include "layers/win_meta.h"
#include "win32/safe_root.h"

/* As the operations of the same names in layer_tree.h. */
bool tree_win32_read_directory(const struct safe_root *root, const char *path, struct win_meta *ret,
                               struct error *err) MUST_USE;
bool tree_win32_read_object(const struct safe_root *root, const char *path, struct win_meta *ret,
                            struct error *err) MUST_USE;

struct tree_win32_consumer {
    bool (*consume)(void *user, const void *data, size_t length, struct error *err);
    void *user;
};
bool tree_win32_read_content(const struct safe_root *root, const char *path,
                             const struct tree_win32_consumer *to, struct error *err) MUST_USE;
