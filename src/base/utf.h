/* SPDX-License-Identifier: MIT */
/* utf: strict conversion between UTF-8 and UTF-16; nothing is ever replaced or dropped silently. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* True when the bytes are well-formed UTF-8 (no overlong forms, no surrogates, <= U+10FFFF). */
bool utf8_is_valid(const char *text, size_t length);

/* UTF-8 to UTF-16 code units. *ret_units is owned by the caller and followed by a 0 unit that
 * *ret_count does not count. Fails (ERR_INTEGRITY) on malformed input or an embedded NUL. */
bool utf16_units_from_utf8(const char *text, size_t length, uint16_t **ret_units, size_t *ret_count,
                           struct error *err) MUST_USE;

/* UTF-16 code units to an owned UTF-8 string. Fails on unpaired surrogates and embedded NULs. */
bool utf8_from_utf16_units(const uint16_t *units, size_t count, char **ret, struct error *err)
    MUST_USE;
