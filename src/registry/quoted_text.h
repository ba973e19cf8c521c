/* SPDX-License-Identifier: MIT */
/* quoted_text: what the values of HTTP headers have in common (RFC 9110, section 5.6). */
#pragma once

#include "base/buf.h"
#include "base/scan.h"

/* Passes over any of these characters. */
void scan_skip(struct scan *s, const char *characters);

/* What follows the opening quotation mark, up to and including the closing one, without the
 * backslashes. ERR_NETWORK when it does not end; fails when the buffer may not hold it. */
bool quoted_text_scan(struct scan *s, struct buf *ret, struct error *err) MUST_USE;
