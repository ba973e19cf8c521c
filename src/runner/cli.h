/* SPDX-License-Identifier: MIT */
/* cli: one table per verb that parses, prints the help and documents the options.
 *
 * Grammar: GNU long options with '=' or a space, short options that can be clustered, '--' ends the
 * options; for verbs that carry a foreign command (run) options end at the first positional
 * argument, so that the command's own flags are safe. Long names of two or more letters are also
 * understood after a single dash, as ctr users write them (-mount, -rm). A flag takes =true or
 * =false. Nothing is accepted and ignored: what wrun cannot do is in the table with the reason. */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/strlist.h"

struct cli_option;

/* Stores the value into the member at option->offset of 'target'. 'value' is "true" or "false" for
 * flags. */
typedef bool (*cli_setter)(const struct cli_option *option, const char *value, void *target,
                           struct error *err);

struct cli_option {
    const char *name;    /* long name, without dashes */
    char letter;         /* short name, or 0 */
    const char *metavar; /* what the value is called; NULL = a flag */
    const char *help;    /* one sentence without full stop */
    cli_setter set; /* NULL = known from docker or ctr, and refused with 'help' as the reason */
    size_t offset;
};

struct cli_table {
    const struct cli_option *options;
    size_t count;
    void *target; /* the struct that the offsets refer to */
};

struct cli_request {
    const char *verb;               /* for messages */
    const struct cli_table *tables; /* searched in order: the verb's own, then the global one */
    size_t table_count;
    bool command_follows; /* options end at the first positional argument */
};

/* Parses arguments[0..count). On success the positional ones are added to *args. ERR_USAGE names
 * the argument and, for a misspelt option, the nearest known one. */
bool cli_parse(const struct cli_request *request, char *const *arguments, size_t count,
               struct strlist *args, struct error *err) MUST_USE;

/* The option list of a help text, aligned; refused options are left out. Owned by the caller. */
char *cli_format_options(const struct cli_table *table);

enum cli_selection { CLI_UNDERSTOOD, CLI_REFUSED };

/* The options as rows of a Markdown table with two columns. Owned by the caller. */
char *cli_format_markdown(const struct cli_table *table, enum cli_selection selection);

/* Ready setters; the members are char *, struct strlist, bool and bool. */
bool cli_set_string(const struct cli_option *option, const char *value, void *target,
                    struct error *err) MUST_USE;
bool cli_add_string(const struct cli_option *option, const char *value, void *target,
                    struct error *err) MUST_USE;
bool cli_set_flag(const struct cli_option *option, const char *value, void *target,
                  struct error *err) MUST_USE;
bool cli_clear_flag(const struct cli_option *option, const char *value, void *target,
                    struct error *err) MUST_USE;
