/* SPDX-License-Identifier: MIT */
/* utf16: strict conversion between UTF-8 char * and the wchar_t * that Windows wants. */
#pragma once

#include "base/error.h"
#include "win32/windows_lean.h"

bool utf16_from_utf8(const char *text, wchar_t **ret, struct error *err) MUST_USE;
bool utf16_to_utf8(const wchar_t *text, char **ret, struct error *err) MUST_USE;
void utf16_free(wchar_t **text);
