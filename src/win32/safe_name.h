/* SPDX-License-Identifier: MIT */
/* safe_name: the check that every relative path passes on its way into a safe_root. */
#pragma once

#include "base/error.h"
#include "win32/safe_root.h"
#include "win32/windows_lean.h"

/* ERR_INTEGRITY unless the path is as described in win32/safe_root.h. */
bool safe_name_check(const char *relative, struct error *err) MUST_USE;
/* The same and the UTF-16 form; the caller frees with utf16_free(). */
bool safe_name_to_wide(const char *relative, wchar_t **ret, struct error *err) MUST_USE;
/* "relative:stream", for the caller to free; the name of the stream is checked as well. */
bool safe_name_of_stream(const char *relative, const char *stream, char **ret, struct error *err)
    MUST_USE;
/* True when the status is success, else the error of opening 'name' in the root. */
bool safe_root_report(const struct safe_root *root, const char *name, const struct nt_open *how,
                      NTSTATUS status, struct error *err) MUST_USE;
