/* SPDX-License-Identifier: MIT */
/* hresult: Windows result codes to struct error. */
#pragma once

#include "base/error.h"
#include "win32/windows_lean.h"

/* Each fills *err and returns false. The kind follows from the code (2, 3 -> NOT_FOUND; 5 ->
 * DENIED; 32, 33 -> BUSY; 112 -> NO_SPACE; 0x80370101 -> MISMATCH ...); the English system text is
 * appended to the message together with the code: "open 'x': Access is denied. (5)".
 *
 * err->code, which hints are looked up by, is the Win32 code, the status, or for an HRESULT what
 * hresult_normalize() makes of it. */
#define error_win32(err, code, ...)                                                                \
    error_false(error_raise_win32((err), (code), ERROR_ORIGIN, __VA_ARGS__))
#define error_hresult(err, hr, ...)                                                                \
    error_false(error_raise_hresult((err), (hr), ERROR_ORIGIN, __VA_ARGS__))
#define error_ntstatus(err, status, ...)                                                           \
    error_false(error_raise_ntstatus((err), (status), ERROR_ORIGIN, __VA_ARGS__))

bool error_raise_win32(struct error *err, DWORD code, const char *origin, const char *format, ...)
    PRINTF_LIKE(4, 5);
bool error_raise_hresult(struct error *err, HRESULT hr, const char *origin, const char *format, ...)
    PRINTF_LIKE(4, 5);
bool error_raise_ntstatus(struct error *err, LONG status, const char *origin, const char *format,
                          ...) PRINTF_LIKE(4, 5);

/* The same condition comes as 0x8037xxxx and 0xC037xxxx, even from one DLL; this folds both, and
 * HRESULTs made from Win32 codes, to one comparable number: 0x8037xxxx, the bare Win32 code, or the
 * value itself. */
uint32_t hresult_normalize(HRESULT hr);
