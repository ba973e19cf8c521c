/* SPDX-License-Identifier: MIT */
/* object_win32: what the file system knows about an open file or directory besides its data, part
 * by part; the way back of what tree_win32.h sets.
 *
 * Messages do not name the object. A file system that has no such thing has none. */
#pragma once

#include "base/buf.h"
#include "layers/layer_folder.h"
#include "win32/nt.h"

/* What a handle of layer_tree.h or layer_folder.h stands for. */
struct object_win32 {
    HANDLE handle;
    char *path; /* relative to the root; for messages */
};

/* Takes the handle, copies the path. The value is never 0. */
intptr_t object_win32_wrap(HANDLE handle, const char *path);
struct object_win32 *object_win32_of(intptr_t value);

/* Times, attributes, size, names and number. */
bool object_win32_read_info(HANDLE object, struct folder_info *ret, struct error *err) MUST_USE;
/* The others append, as layer_folder.h says. This one takes READ_CONTROL and
 * ACCESS_SYSTEM_SECURITY. */
bool object_win32_read_security(HANDLE object, struct buf *ret, struct error *err) MUST_USE;
bool object_win32_read_ea(HANDLE object, struct buf *ret, struct error *err) MUST_USE;
bool object_win32_read_reparse(HANDLE object, struct buf *ret, struct error *err) MUST_USE;
bool object_win32_list_streams(HANDLE object, struct folder_streams *ret, struct error *err)
    MUST_USE;
