/* SPDX-License-Identifier: MIT */
/* text: comparisons and tests on ASCII and UTF-8 text that do not depend on a locale. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

bool str_equal(const char *a, const char *b);        /* NULL equals only NULL */
bool str_equal_nocase(const char *a, const char *b); /* ASCII letters only; NULL as above */
bool str_starts_with(const char *text, const char *prefix);
bool str_ends_with(const char *text, const char *suffix);
bool str_ends_with_nocase(const char *text, const char *suffix);
bool char_is_digit(char c);
bool char_is_alpha(char c);
bool char_is_alnum(char c);
bool char_is_hex(char c);
char char_to_lower(char c);
char char_to_upper(char c);

/* An owned copy of a stranger's text that is fit for a message: the bytes of control characters
 * (C0, DEL, C1) and of malformed UTF-8 become '?', and what exceeds 'maximum' bytes is cut between
 * characters and ends in "...". */
char *str_printable(const char *text, size_t maximum) __attribute__((returns_nonnull));
