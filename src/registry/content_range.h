/* SPDX-License-Identifier: MIT */
/* content_range: the header Content-Range of an answer with status 206 (RFC 9110 §14.4):
 * "bytes first-last/total", with '*' for an unknown total. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct http_content_range {
    bool present; /* false when absent or malformed; the rest is then 0 */
    uint64_t first;
    uint64_t last; /* inclusive, at least 'first' */
    bool total_known;
    uint64_t total; /* greater than 'last' */
};

struct http_content_range content_range_parse(const char *text);
