/* SPDX-License-Identifier: MIT */
/* http_date: points in time as HTTP writes them (RFC 9110 §5.6.7). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* "Sun, 06 Nov 1994 08:49:37 GMT", or one of the two obsolete forms that recipients must accept;
 * *ret = seconds since 1970. The name of the day is not compared with the date. */
bool http_date_parse(const char *text, int64_t *ret);
