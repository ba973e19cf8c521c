/* SPDX-License-Identifier: MIT */
#include "runner/cli.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "runner/name_distance.h"

struct parser {
    const struct cli_request *request;
    char *const *arguments;
    size_t count;
    size_t at;
    struct error *err;
};

struct match {
    const struct cli_option *option;
    void *target;
};

static struct match find_long(const struct cli_request *request, const char *name, size_t length)
{
    for (size_t t = 0; t < request->table_count; t++) {
        const struct cli_table *table = &request->tables[t];
        for (size_t i = 0; i < table->count; i++) {
            const struct cli_option *option = &table->options[i];
            if (strlen(option->name) == length && strncmp(option->name, name, length) == 0)
                return (struct match){option, table->target};
        }
    }
    return (struct match){0};
}

static struct match find_short(const struct cli_request *request, char letter)
{
    for (size_t t = 0; t < request->table_count; t++) {
        const struct cli_table *table = &request->tables[t];
        for (size_t i = 0; i < table->count; i++)
            if (table->options[i].letter == letter)
                return (struct match){&table->options[i], table->target};
    }
    return (struct match){0};
}

static bool unknown_option(const struct parser *p, const char *name)
{
    const char *nearest = NULL;
    size_t best = NAME_DISTANCE_TYPO + 1;
    for (size_t t = 0; t < p->request->table_count; t++) {
        for (size_t i = 0; i < p->request->tables[t].count; i++) {
            const struct cli_option *option = &p->request->tables[t].options[i];
            size_t d = name_distance(name, option->name);
            if (option->set && d < best) {
                best = d;
                nearest = option->name;
            }
        }
    }
    error_set(p->err, ERR_USAGE, "unknown option --%s", name);
    if (nearest)
        return error_hint(p->err, "did you mean --%s?", nearest);
    return error_hint(p->err, "'wrun %s --help' lists the options", p->request->verb);
}

static bool store(const struct parser *p, struct match match, const char *value)
{
    const struct cli_option *option = match.option;
    if (!option->set)
        return error_set(p->err, ERR_USAGE, "--%s: %s", option->name, option->help);
    if (!option->set(option, value, match.target, p->err))
        return error_wrap(p->err, "--%s", option->name);
    return true;
}

/* The value of an option that needs one: the next argument. */
static bool take_value(struct parser *p, const struct cli_option *option, const char **ret)
{
    if (p->at >= p->count)
        return error_set(p->err, ERR_USAGE, "--%s needs a value (%s)", option->name,
                         option->metavar);
    *ret = p->arguments[p->at++];
    return true;
}

/* 'text' is what follows the dashes: NAME or NAME=VALUE. */
static bool parse_long(struct parser *p, const char *text)
{
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : strlen(text);
    struct match match = find_long(p->request, text, length);
    if (!match.option) {
        CLEANUP(str_free) char *name = xstrndup(text, length);
        return unknown_option(p, name);
    }
    const char *value = equals ? equals + 1 : "true";
    if (!equals && match.option->metavar && match.option->set
        && !take_value(p, match.option, &value))
        return false;
    return store(p, match, value);
}

/* A cluster of short options; the rest of the text is the value of one that needs a value. */
static bool parse_cluster(struct parser *p, const char *text)
{
    for (const char *c = text; *c; c++) {
        struct match match = find_short(p->request, *c);
        if (!match.option) {
            error_set(p->err, ERR_USAGE, "unknown option -%c in '-%s'", *c, text);
            return error_hint(p->err, "'wrun %s --help' lists the options", p->request->verb);
        }
        if (!match.option->metavar || !match.option->set) {
            if (!store(p, match, "true"))
                return false;
            continue;
        }
        const char *value = c[1] == '=' ? c + 2 : c + 1;
        if (!c[1] && !take_value(p, match.option, &value))
            return false;
        return store(p, match, value);
    }
    return true;
}

static bool is_single_dash_long(const struct cli_request *request, const char *text)
{
    size_t length = strcspn(text, "=");
    return length >= 2 && find_long(request, text, length).option;
}

static bool parse_option(struct parser *p, const char *argument)
{
    if (argument[1] == '-')
        return parse_long(p, argument + 2);
    if (is_single_dash_long(p->request, argument + 1))
        return parse_long(p, argument + 1);
    return parse_cluster(p, argument + 1);
}

bool cli_parse(const struct cli_request *request, char *const *arguments, size_t count,
               struct strlist *args, struct error *err)
{
    struct parser p = {.request = request, .arguments = arguments, .count = count, .err = err};
    bool options_ended = false;

    while (p.at < p.count) {
        const char *argument = p.arguments[p.at++];
        if (!options_ended && str_equal(argument, "--")) {
            options_ended = true;
            continue;
        }
        if (!options_ended && argument[0] == '-' && argument[1]) {
            if (!parse_option(&p, argument))
                return false;
            continue;
        }
        strlist_add(args, argument);
        if (request->command_follows)
            options_ended = true;
    }
    return true;
}

static char *option_label(const struct cli_option *option)
{
    const char *space = option->metavar ? " " : "";
    const char *metavar = option->metavar ? option->metavar : "";
    if (option->letter)
        return str_format("-%c, --%s%s%s", option->letter, option->name, space, metavar);
    return str_format("    --%s%s%s", option->name, space, metavar);
}

char *cli_format_options(const struct cli_table *table)
{
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    for (size_t i = 0; i < table->count; i++) {
        const struct cli_option *option = &table->options[i];
        if (!option->set)
            continue;
        CLEANUP(str_free) char *label = option_label(option);
        if (strlen(label) > 26)
            buf_addf(&text, "  %s\n  %-26s  %s\n", label, "", option->help);
        else
            buf_addf(&text, "  %-26s  %s\n", label, option->help);
    }
    return buf_take_str(&text);
}

/* '|' separates the cells of a table. */
static void add_cell(struct buf *text, const char *content)
{
    for (const char *c = content; *c; c++)
        buf_addf(text, *c == '|' ? "\\%c" : "%c", *c);
}

char *cli_format_markdown(const struct cli_table *table, enum cli_selection selection)
{
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    for (size_t i = 0; i < table->count; i++) {
        const struct cli_option *option = &table->options[i];
        if ((selection == CLI_UNDERSTOOD) != (option->set != NULL))
            continue;
        CLEANUP(str_free) char *label = option_label(option);
        buf_add_str(&text, "| `");
        add_cell(&text, label + strspn(label, " "));
        buf_add_str(&text, "` | ");
        add_cell(&text, option->help);
        buf_add_str(&text, " |\n");
    }
    return buf_take_str(&text);
}

static void *member(const struct cli_option *option, void *target)
{
    return (char *)target + option->offset;
}

bool cli_set_string(const struct cli_option *option, const char *value, void *target,
                    struct error *err)
{
    (void)err;
    char **text = member(option, target);
    str_free(text);
    *text = xstrdup(value);
    return true;
}

bool cli_add_string(const struct cli_option *option, const char *value, void *target,
                    struct error *err)
{
    (void)err;
    strlist_add(member(option, target), value);
    return true;
}

static bool parse_flag(const char *value, bool *ret, struct error *err)
{
    bool is_true = str_equal_nocase(value, "true") || str_equal(value, "1");
    if (!is_true && !str_equal_nocase(value, "false") && !str_equal(value, "0"))
        return error_set(err, ERR_USAGE, "takes true or false, not '%s'", value);
    *ret = is_true;
    return true;
}

bool cli_set_flag(const struct cli_option *option, const char *value, void *target,
                  struct error *err)
{
    return parse_flag(value, member(option, target), err);
}

bool cli_clear_flag(const struct cli_option *option, const char *value, void *target,
                    struct error *err)
{
    bool flag = false;
    if (!parse_flag(value, &flag, err))
        return false;
    *(bool *)member(option, target) = !flag;
    return true;
}
