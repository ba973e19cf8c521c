/* SPDX-License-Identifier: MIT */
/* root: where the store is. */
#pragma once

#include "base/error.h"

/* --root, else WRUN_ROOT, else the system's place for data of all users (%ProgramData%\wrun;
 * natively $XDG_DATA_HOME/wrun or ~/.local/share/wrun). Absolute; the directory is not made here.
 */
bool root_find(const char *option, char **ret, struct error *err) MUST_USE;

/* An owned copy of the variable, or NULL when it is unset or empty. */
char *root_getenv(const char *name);
