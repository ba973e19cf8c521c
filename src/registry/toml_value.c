/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "registry/toml_parser.h"

#define DEPTH_MAXIMUM 16

/* ---- strings ---- */

static void add_utf8(struct buf *text, uint32_t point)
{
    unsigned char bytes[4];
    size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length; i-- > 1; point >>= 6)
        bytes[i] = (unsigned char)(0x80 | (point & 0x3F));
    bytes[0] = (unsigned char)(marks[length] | point);
    buf_add(text, bytes, length);
}

static bool read_point(struct toml_parser *parser, unsigned digits, struct buf *text,
                       struct error *err)
{
    uint32_t point = 0;
    for (unsigned i = 0; i < digits; i++) {
        char c = scan_peek(&parser->s);
        if (!char_is_hex(c))
            return toml_fail(parser, err, "'\\u' needs four hexadecimal digits, '\\U' eight");
        (void)scan_char(&parser->s, c);
        uint32_t digit = (uint32_t)(char_is_digit(c) ? c - '0' : char_to_lower(c) - 'a' + 10);
        point = point << 4 | digit;
    }
    if (point == 0 || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000))
        return toml_fail(parser, err, "no character has this number");
    add_utf8(text, point);
    return true;
}

static bool read_escape(struct toml_parser *parser, struct buf *text, struct error *err)
{
    static const struct {
        char letter;
        char meaning;
    } escapes[] = {{'b', '\b'}, {'t', '\t'}, {'n', '\n'}, {'f', '\f'},
                   {'r', '\r'}, {'"', '"'},  {'\\', '\\'}};
    for (size_t i = 0; i < ARRAY_SIZE(escapes); i++)
        if (scan_char(&parser->s, escapes[i].letter)) {
            buf_add(text, &escapes[i].meaning, 1);
            return true;
        }
    if (scan_char(&parser->s, 'u'))
        return read_point(parser, 4, text, err);
    if (scan_char(&parser->s, 'U'))
        return read_point(parser, 8, text, err);
    return toml_fail(parser, err, "unknown escape; Windows paths are best put in single quotes");
}

/* After the opening quote. */
static bool read_string(struct toml_parser *parser, char quote, char **ret, struct error *err)
{
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    while (!scan_char(&parser->s, quote)) {
        char c = scan_peek(&parser->s);
        if ((unsigned char)c < ' ' && c != '\t')
            return toml_fail(parser, err, "a string does not end on its line");
        (void)scan_char(&parser->s, c);
        if (c == '\\' && quote == '"') {
            if (!read_escape(parser, &text, err))
                return false;
        } else {
            buf_add(&text, &c, 1);
        }
    }
    if (text.length == 0 && scan_peek(&parser->s) == quote)
        return toml_fail(parser, err, "strings over several lines are not understood");
    *ret = buf_take_str(&text);
    return true;
}

bool toml_read_key(struct toml_parser *parser, char **ret, struct error *err)
{
    if (scan_char(&parser->s, '"'))
        return read_string(parser, '"', ret, err);
    if (scan_char(&parser->s, '\''))
        return read_string(parser, '\'', ret, err);
    const char *start = parser->s.at;
    for (char c = scan_peek(&parser->s); char_is_alnum(c) || c == '_' || c == '-';
         c = scan_peek(&parser->s))
        (void)scan_char(&parser->s, c);
    if (parser->s.at == start)
        return toml_fail(parser, err, "a key is missing");
    *ret = xstrndup(start, (size_t)(parser->s.at - start));
    return true;
}

/* ---- values ---- */

static bool read_value(struct toml_parser *parser, struct toml_value *value, unsigned depth,
                       struct error *err);

static bool read_array(struct toml_parser *parser, struct toml_value *array, unsigned depth,
                       struct error *err)
{
    for (;;) {
        toml_skip_lines(parser);
        if (scan_char(&parser->s, ']'))
            return true;
        struct toml_value *element = toml_add(parser, array, NULL, err);
        if (!element || !read_value(parser, element, depth + 1, err))
            return false;
        toml_skip_lines(parser);
        if (!scan_char(&parser->s, ',') && scan_peek(&parser->s) != ']')
            return toml_fail(parser, err, "',' or ']' is missing");
    }
}

static bool read_inline_table(struct toml_parser *parser, struct toml_value *table, unsigned depth,
                              struct error *err)
{
    toml_skip_blanks(parser);
    table->closed = true;
    if (scan_char(&parser->s, '}'))
        return true;
    do {
        toml_skip_blanks(parser);
        if (!toml_read_member(parser, table, depth + 1, err))
            return false;
        toml_skip_blanks(parser);
    } while (scan_char(&parser->s, ','));
    return scan_char(&parser->s, '}') || toml_fail(parser, err, "',' or '}' is missing");
}

static bool read_integer(struct toml_parser *parser, struct toml_value *value, struct error *err)
{
    bool negative = scan_char(&parser->s, '-');
    uint64_t number = 0;
    if (!negative)
        (void)scan_char(&parser->s, '+');
    bool read = scan_uint64(&parser->s, &number) && number <= INT64_MAX;
    char next = scan_peek(&parser->s);
    if (!read || char_is_alnum(next) || next == '.' || next == '-' || next == ':' || next == '_')
        return toml_fail(parser, err,
                         "a value is expected: a string in quotes, true, false, a whole number, "
                         "[...] or {...}");
    value->integer = negative ? -(int64_t)number : (int64_t)number;
    return true;
}

static bool read_text(struct toml_parser *parser, struct toml_value *value, char quote,
                      struct error *err)
{
    value->type = TOML_STRING;
    return read_string(parser, quote, &value->text, err);
}

static bool read_value(struct toml_parser *parser, struct toml_value *value, unsigned depth,
                       struct error *err)
{
    if (depth > DEPTH_MAXIMUM)
        return toml_fail(parser, err, "more than %d levels", DEPTH_MAXIMUM);
    if (scan_char(&parser->s, '"'))
        return read_text(parser, value, '"', err);
    if (scan_char(&parser->s, '\''))
        return read_text(parser, value, '\'', err);
    if (scan_char(&parser->s, '[')) {
        value->type = TOML_ARRAY;
        return read_array(parser, value, depth, err);
    }
    if (scan_char(&parser->s, '{')) {
        value->type = TOML_TABLE;
        return read_inline_table(parser, value, depth, err);
    }
    value->type = TOML_BOOLEAN;
    value->boolean = scan_literal(&parser->s, "true");
    if (value->boolean || scan_literal(&parser->s, "false"))
        return true;
    value->type = TOML_INTEGER;
    return read_integer(parser, value, err);
}

bool toml_read_member(struct toml_parser *parser, struct toml_value *table, unsigned depth,
                      struct error *err)
{
    CLEANUP(str_free) char *key = NULL;
    for (;;) {
        if (!toml_read_key(parser, &key, err))
            return false;
        toml_skip_blanks(parser);
        if (!scan_char(&parser->s, '.'))
            break;
        if (++depth > DEPTH_MAXIMUM)
            return toml_fail(parser, err, "more than %d levels", DEPTH_MAXIMUM);
        if (!toml_enter(parser, &table, TAKE(key), err))
            return false;
        toml_skip_blanks(parser);
    }
    if (!scan_char(&parser->s, '='))
        return toml_fail(parser, err, "'=' is missing");
    if (toml_find(table, key)) {
        CLEANUP(str_free) char *shown = str_printable(key, 100);
        return toml_fail(parser, err, "'%s' is given twice", shown);
    }
    toml_skip_blanks(parser);
    struct toml_value *value = toml_add(parser, table, TAKE(key), err);
    return value && read_value(parser, value, depth, err);
}
