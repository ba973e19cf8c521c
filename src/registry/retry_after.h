/* SPDX-License-Identifier: MIT */
/* retry_after: the header Retry-After (RFC 9110 §10.2.3): a number of seconds or a date. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* *ret = seconds from 'now' (seconds since 1970) on; 0 for a date that is past. False when the text
 * is neither. */
bool retry_after_parse(const char *text, int64_t now, uint64_t *ret);
