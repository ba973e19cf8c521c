/* SPDX-License-Identifier: MIT */
/* toml_parser: what the two halves of the TOML reader share. */
#pragma once

#include "base/scan.h"
#include "registry/toml.h"

struct toml_parser {
    struct scan s;
    const char *start; /* of the whole text */
    size_t count;      /* of values so far */
};

/* Reports with the line of the cursor. Returns false. */
bool toml_fail(const struct toml_parser *parser, struct error *err, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Passes over blanks; over line ends and comments as well. */
void toml_skip_blanks(struct toml_parser *parser);
void toml_skip_lines(struct toml_parser *parser);

/* A new value at the end of an array's elements or a table's members; takes the key. NULL, with
 * *err filled, when there are too many. */
struct toml_value *toml_add(struct toml_parser *parser, struct toml_value *owner, char *key,
                            struct error *err) MUST_USE;

struct toml_value *toml_find(struct toml_value *table, const char *key);

/* One part of a key; the caller owns it. */
bool toml_read_key(struct toml_parser *parser, char **ret, struct error *err) MUST_USE;

/* "key.key = value" into the table. */
bool toml_read_member(struct toml_parser *parser, struct toml_value *table, unsigned depth,
                      struct error *err) MUST_USE;

/* The table that a part of a key leads into; made if it is not there. */
bool toml_enter(struct toml_parser *parser, struct toml_value **table, char *key, struct error *err)
    MUST_USE;
