/* SPDX-License-Identifier: MIT */
/* folder_win32: the layer_folder of the product, on a directory of the host.
 *
 * Takes the backup privilege of win32/privilege.h: what is read belongs to other users. BackupRead
 * is not used; each part of a file's metadata comes from the call that is made for it. */
#pragma once

#include "layers/layer_folder.h"
#include "win32/safe_root.h"

struct folder_win32 {
    struct safe_root root;
};

/* The directory must exist. */
bool folder_win32_open(const char *path, struct folder_win32 *ret, struct error *err) MUST_USE;
void folder_win32_close(struct folder_win32 *folder);

/* The interface; valid while *folder stays open and where it is. */
struct layer_folder folder_win32_interface(struct folder_win32 *folder);
