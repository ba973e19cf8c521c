/* SPDX-License-Identifier: MIT */
/* scan: a cursor over (pointer, length) for parsing text from outside without strtol and sscanf. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scan {
    const char *at;
    const char *end;
};

struct scan scan_text(const char *text);
struct scan scan_bytes(const char *data, size_t length);
bool scan_at_end(const struct scan *s);
/* The next character, or NUL at the end. */
char scan_peek(const struct scan *s);
/* Each consumes and returns true, or leaves the cursor alone and returns false. */
bool scan_char(struct scan *s, char c);
bool scan_literal(struct scan *s, const char *text);
/* Decimal digits; false when there is none or the value overflows. */
bool scan_uint64(struct scan *s, uint64_t *ret);
/* Everything up to (not including) the first 'stop' or the end; the slice points into the input. */
struct scan scan_until(struct scan *s, char stop);
/* An owned copy of what is left. */
char *scan_rest(const struct scan *s);
size_t scan_length(const struct scan *s);
bool scan_equals(const struct scan *s, const char *text);

/* A whole text that must be one decimal number. */
bool parse_uint64(const char *text, uint64_t *ret);
