/* SPDX-License-Identifier: MIT */
/* safe_dirs: directories below a safe_root that are kept open, because more is made in them soon.
 *
 * What lies in an open directory is reached by its name alone: the way to the directory, on which
 * there was no reparse point when it was opened, is not walked again. Several threads may use it at
 * once. While a directory is kept open it cannot be removed for good: safe_dirs_forget() comes
 * before. */
#pragma once

#include "win32/safe_root.h"

#define SAFE_DIRS_COUNT 32

struct safe_dir {
    wchar_t *path;  /* relative to the root; NULL = free */
    size_t units;   /* in it */
    HANDLE handle;  /* owned */
    unsigned users; /* who work with the handle at this moment */
    uint64_t turn;  /* of its last use */
};

/* All zero but for the root: nothing is open. */
struct safe_dirs {
    const struct safe_root *root; /* open as long as this is used */
    SRWLOCK lock;                 /* of what follows */
    uint64_t turn;
    struct safe_dir items[SAFE_DIRS_COUNT];
};

/* Closes them; nobody may be working with one. Others are opened when they are needed. */
void safe_dirs_forget(struct safe_dirs *dirs);

/* As safe_root_open_at() and safe_root_open_stream(). */
bool safe_dirs_open_at(struct safe_dirs *dirs, const char *relative, const struct nt_open *how,
                       HANDLE *ret, struct error *err) MUST_USE;
bool safe_dirs_open_stream(struct safe_dirs *dirs, const char *relative, const char *stream,
                           const struct nt_open *how, HANDLE *ret, struct error *err) MUST_USE;
