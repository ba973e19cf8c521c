/* SPDX-License-Identifier: MIT */
/* path: host paths on their way to Windows. */
#pragma once

#include "base/error.h"
#include "win32/windows_lean.h"

/* Absolute \\?\ form of a UTF-8 path ('/' accepted, relative paths resolved), so that neither
 * MAX_PATH nor Win32 name rewriting applies. The caller frees with utf16_free(). */
bool path_to_wide(const char *path, wchar_t **ret, struct error *err) MUST_USE;

/* Absolute plain form (C:\dir\file, no \\?\ prefix), as the layer and HCS calls are given. */
bool path_to_plain(const char *path, char **ret, struct error *err) MUST_USE;

/* The final path of an existing file or directory with links resolved, as a volume GUID path
 * (\\?\Volume{...}\dir), which is what HCS must be told for a bind mount; UNC sources keep their
 * UNC form. ERR_NOT_FOUND when it does not exist. */
bool path_resolve(const char *path, char **ret, struct error *err) MUST_USE;
