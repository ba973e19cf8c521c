/* SPDX-License-Identifier: MIT */
/* strlist: an owned list of strings. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct strlist {
    char **items; /* count strings, followed by a NULL; NULL while empty */
    size_t count;
    size_t capacity;
};

void strlist_add(struct strlist *list, const char *text);
void strlist_add_owned(struct strlist *list, char *text);
void strlist_addf(struct strlist *list, const char *format, ...) PRINTF_LIKE(2, 3);
void strlist_add_all(struct strlist *list, const struct strlist *other);
/* Puts an owned string before the item at 'index' (at most count). */
void strlist_insert_owned(struct strlist *list, size_t index, char *text);
bool strlist_contains(const struct strlist *list, const char *text);
/* Sorts by byte value. */
void strlist_sort(struct strlist *list);
/* Joins with the separator; the caller owns the result. */
char *strlist_join(const struct strlist *list, const char *separator);
void strlist_clear(struct strlist *list);
