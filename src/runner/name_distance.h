/* SPDX-License-Identifier: MIT */
/* name_distance: how far a mistyped name is from one that exists. */
#pragma once

#include <stddef.h>

/* What is farther is another word. */
#define NAME_DISTANCE_TYPO 2

/* Letters added, left out and changed (Levenshtein); a large number for long names. */
size_t name_distance(const char *a, const char *b);
