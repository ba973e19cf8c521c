/* SPDX-License-Identifier: MIT */
/* toml: the part of TOML 1.0 that configuration files of registries are written in.
 *
 * Tables, dotted and quoted keys, strings on one line, booleans, integers, arrays and inline
 * tables. What is not here (arrays of tables, strings over several lines, floating-point numbers,
 * dates) is refused, as are keys that are given twice. Limits: 1 MiB, 4000 values, 16 levels. */
#pragma once

#include <stdint.h>

#include "base/error.h"

enum toml_type { TOML_STRING, TOML_BOOLEAN, TOML_INTEGER, TOML_ARRAY, TOML_TABLE };

struct toml_value {
    enum toml_type type;
    char *key;  /* of a member of a table; else NULL */
    char *text; /* of a string */
    bool boolean;
    int64_t integer;
    struct toml_value *first; /* element or member, in the order of the file */
    struct toml_value *next;  /* sibling */
    bool defined;             /* a table that has had its header */
    bool closed;              /* a table that must not grow any more */
};

/* *ret is the table at the top, owned by the caller. ERR_USAGE with the line on any violation. */
bool toml_parse(const char *text, size_t length, struct toml_value **ret, struct error *err)
    MUST_USE;
void toml_free(struct toml_value **value);

/* The member of a table, or NULL (also when 'table' is NULL or no table). */
const struct toml_value *toml_member(const struct toml_value *table, const char *key);
