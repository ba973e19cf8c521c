/* SPDX-License-Identifier: MIT */
/* reparse: the REPARSE_DATA_BUFFER of a symbolic link or junction ([MS-FSCC] 2.1.2). */
#pragma once

#include "base/buf.h"
#include "base/error.h"

enum reparse_kind { REPARSE_SYMLINK, REPARSE_JUNCTION };

/* Appends the buffer for a target as a tar has it ('/' counts as '\'). The target is stored, never
 * followed. Fails (ERR_INTEGRITY) when it is empty, not UTF-8, or makes more than 16 KiB. */
bool reparse_compose(const char *target, enum reparse_kind kind, struct buf *ret, struct error *err)
    MUST_USE;

/* The target of a link as a tar has it: the name that is shown to users, as go-winio takes it, or
 * when there is none the name that is followed, in the form users write. *ret_target is owned by
 * the caller. Tags other than the two above (a file in the cloud, an app's alias, ...) are
 * ERR_UNSUPPORTED, what is malformed is ERR_INTEGRITY. */
bool reparse_decode(const void *data, size_t length, enum reparse_kind *ret_kind, char **ret_target,
                    struct error *err) MUST_USE;
