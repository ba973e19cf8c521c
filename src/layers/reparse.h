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

/* The target that such a buffer shows to users (its print name), as an owned string. ERR_INTEGRITY
 * when it is not a buffer of one of the two kinds. */
bool reparse_parse_target(const void *data, size_t length, char **ret, struct error *err) MUST_USE;
