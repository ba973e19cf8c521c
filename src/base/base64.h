/* SPDX-License-Identifier: MIT */
/* base64: the standard alphabet with padding (RFC 4648 section 4). */
#pragma once

#include "base/buf.h"

/* Strict: padded, no white space, zero pad bits. Appends to *ret, which keeps its maximum.
 * ERR_INTEGRITY otherwise. */
bool base64_decode(const char *text, size_t length, struct buf *ret, struct error *err) MUST_USE;
/* The caller owns the result. */
char *base64_encode(const void *data, size_t length);
