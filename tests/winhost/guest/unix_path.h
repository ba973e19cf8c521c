/* SPDX-License-Identifier: MIT */
/* unix_path: the host's own files, seen from a program under Wine. */
#pragma once

#include <wchar.h>
#include <windows.h>

#define UNIX_PATH_MAX 1024

/* "/a/b" to "\\?\unix\a\b", the form in which Wine opens a path of the host. */
static inline void unix_path_to_wide(const wchar_t *path, wchar_t ret[UNIX_PATH_MAX])
{
    _snwprintf(ret, UNIX_PATH_MAX, L"\\\\?\\unix%ls", path);
    ret[UNIX_PATH_MAX - 1] = 0;
    for (wchar_t *c = ret; *c; c++)
        if (*c == L'/')
            *c = L'\\';
}

static inline HANDLE unix_path_open(const wchar_t *path, DWORD access)
{
    wchar_t wide[UNIX_PATH_MAX];
    unix_path_to_wide(path, wide);
    HANDLE file = CreateFileW(wide, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                              NULL, OPEN_EXISTING, 0, NULL);
    return file == INVALID_HANDLE_VALUE ? NULL : file;
}
