/* SPDX-License-Identifier: MIT */
/* table: rows of text in aligned columns. */
#pragma once

#include "base/strlist.h"

struct table {
    size_t columns;
    struct strlist cells; /* row by row */
};

/* Control characters become '?': cells quote strangers. */
void table_add(struct table *table, const char *cell);
void table_add_owned(struct table *table, char *cell);
/* A last row that is not full is a bug. Owned by the caller. */
char *table_format(const struct table *table) __attribute__((returns_nonnull));
void table_clear(struct table *table);
