/* SPDX-License-Identifier: MIT */
#include "registry/toml.h"

#include <stdarg.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf.h"
#include "registry/toml_parser.h"

#define TEXT_MAXIMUM ((size_t)1 << 20)
#define VALUES_MAXIMUM 4000
#define DEPTH_MAXIMUM 16

/* ---- the tree ---- */

static void free_list(struct toml_value *value)
{
    while (value) {
        struct toml_value *next = value->next;
        free_list(value->first);
        str_free(&value->key);
        str_free(&value->text);
        mem_free(&value);
        value = next;
    }
}

void toml_free(struct toml_value **value)
{
    free_list(*value);
    *value = NULL;
}

struct toml_value *toml_find(struct toml_value *table, const char *key)
{
    for (struct toml_value *member = table->first; member; member = member->next)
        if (str_equal(member->key, key))
            return member;
    return NULL;
}

const struct toml_value *toml_member(const struct toml_value *table, const char *key)
{
    if (!table || table->type != TOML_TABLE)
        return NULL;
    for (const struct toml_value *member = table->first; member; member = member->next)
        if (str_equal(member->key, key))
            return member;
    return NULL;
}

struct toml_value *toml_add(struct toml_parser *parser, struct toml_value *owner, char *key,
                            struct error *err)
{
    CLEANUP(str_free) char *owned = key;
    if (parser->count >= VALUES_MAXIMUM) {
        toml_fail(parser, err, "more than %d values", VALUES_MAXIMUM);
        return NULL;
    }
    parser->count++;
    struct toml_value *value = xcalloc(1, sizeof(*value));
    value->key = TAKE(owned);
    struct toml_value **end = &owner->first;
    while (*end)
        end = &(*end)->next;
    *end = value;
    return value;
}

bool toml_enter(struct toml_parser *parser, struct toml_value **table, char *key, struct error *err)
{
    CLEANUP(str_free) char *owned = key;
    struct toml_value *inner = toml_find(*table, key);
    if (inner && (inner->type != TOML_TABLE || inner->closed)) {
        CLEANUP(str_free) char *shown = str_printable(key, 100);
        return toml_fail(parser, err, "'%s' is no table that can be added to", shown);
    }
    if (!inner) {
        inner = toml_add(parser, *table, TAKE(owned), err);
        if (!inner)
            return false;
        inner->type = TOML_TABLE;
    }
    *table = inner;
    return true;
}

/* ---- the text ---- */

bool toml_fail(const struct toml_parser *parser, struct error *err, const char *format, ...)
{
    unsigned line = 1;
    for (const char *c = parser->start; c < parser->s.at; c++)
        line += *c == '\n';
    va_list args;
    va_start(args, format);
    CLEANUP(str_free) char *text = str_vformat(format, args);
    va_end(args);
    return error_set(err, ERR_USAGE, "line %u: %s", line, text);
}

void toml_skip_blanks(struct toml_parser *parser)
{
    while (scan_char(&parser->s, ' ') || scan_char(&parser->s, '\t')) {
    }
}

static bool skip_line_end(struct toml_parser *parser)
{
    return scan_literal(&parser->s, "\r\n") || scan_char(&parser->s, '\n');
}

static void skip_comment(struct toml_parser *parser)
{
    if (scan_peek(&parser->s) != '#')
        return;
    struct scan comment = scan_until(&parser->s, '\n');
    /* A line may end in CR LF, which is for skip_line_end(). */
    if (scan_length(&comment) > 0 && parser->s.at[-1] == '\r')
        parser->s.at--;
}

void toml_skip_lines(struct toml_parser *parser)
{
    do {
        toml_skip_blanks(parser);
        skip_comment(parser);
    } while (skip_line_end(parser));
}

static bool expect_line_end(struct toml_parser *parser, struct error *err)
{
    toml_skip_blanks(parser);
    skip_comment(parser);
    return skip_line_end(parser) || scan_at_end(&parser->s)
        || toml_fail(parser, err, "there is something after the end of what was expected");
}

/* "[a.b]"; *table is the table at the top before, and the one that is meant after. */
static bool read_header(struct toml_parser *parser, struct toml_value **table, struct error *err)
{
    unsigned depth = 0;
    if (scan_peek(&parser->s) == '[')
        return toml_fail(parser, err, "arrays of tables are not understood");
    do {
        char *key = NULL;
        toml_skip_blanks(parser);
        if (++depth > DEPTH_MAXIMUM)
            return toml_fail(parser, err, "more than %d levels", DEPTH_MAXIMUM);
        if (!toml_read_key(parser, &key, err) || !toml_enter(parser, table, key, err))
            return false;
        toml_skip_blanks(parser);
    } while (scan_char(&parser->s, '.'));
    if (!scan_char(&parser->s, ']'))
        return toml_fail(parser, err, "']' is missing");
    if ((*table)->defined || (*table)->closed)
        return toml_fail(parser, err, "this table is given twice");
    (*table)->defined = true;
    return expect_line_end(parser, err);
}

static bool read_all(struct toml_parser *parser, struct toml_value *top, struct error *err)
{
    struct toml_value *table = top;
    for (toml_skip_lines(parser); !scan_at_end(&parser->s); toml_skip_lines(parser)) {
        if (scan_char(&parser->s, '[')) {
            table = top;
            if (!read_header(parser, &table, err))
                return false;
        } else if (!toml_read_member(parser, table, 0, err) || !expect_line_end(parser, err)) {
            return false;
        }
    }
    return true;
}

bool toml_parse(const char *text, size_t length, struct toml_value **ret, struct error *err)
{
    struct toml_parser parser = {.s = scan_bytes(text, length), .start = text};
    CLEANUP(toml_free) struct toml_value *top = xcalloc(1, sizeof(*top));
    top->type = TOML_TABLE;
    if (length > TEXT_MAXIMUM)
        return error_set(err, ERR_USAGE, "larger than %zu bytes", TEXT_MAXIMUM);
    if (!utf8_is_valid(text, length))
        return error_set(err, ERR_USAGE, "the text is not in UTF-8");
    (void)scan_literal(&parser.s, "\xEF\xBB\xBF");
    if (!read_all(&parser, top, err))
        return false;
    *ret = TAKE(top);
    return true;
}
