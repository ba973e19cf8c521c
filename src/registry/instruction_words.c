/* SPDX-License-Identifier: MIT */
#include "registry/instruction_words.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/scan.h"
#include "base/text.h"

#define ESCAPE '`'

struct splitter {
    struct scan input;
    const struct strlist *environment;
    struct buf word;
    struct error *err;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct scan *s)
{
    while (!scan_at_end(s) && is_blank(scan_peek(s)))
        s->at++;
}

static void add_char(struct splitter *s, char c)
{
    buf_add(&s->word, &c, 1);
}

/* ---- variables ---- */

static bool is_name_char(char c)
{
    return char_is_alnum(c) || c == '_';
}

static const char *value_of(const struct strlist *environment, const char *name)
{
    for (size_t i = 0; i < environment->count; i++) {
        struct scan value = scan_text(environment->items[i]);
        struct scan slice = scan_until(&value, '=');
        CLEANUP(str_free) char *known = scan_rest(&slice);
        if (scan_char(&value, '=') && str_equal_nocase(known, name))
            return value.at;
    }
    return "";
}

/* After the '$'. What no name follows is a '$' like any other character. */
static bool add_variable(struct splitter *s)
{
    bool braced = scan_char(&s->input, '{');
    const char *begin = s->input.at;
    while (!scan_at_end(&s->input) && is_name_char(scan_peek(&s->input)))
        s->input.at++;
    CLEANUP(str_free) char *name = xstrndup(begin, (size_t)(s->input.at - begin));
    if (braced && (!*name || !scan_char(&s->input, '}')))
        return error_set(s->err, ERR_USAGE, "of variables only $NAME and ${NAME} are understood");
    buf_add_str(&s->word, *name ? value_of(s->environment, name) : "$");
    return true;
}

/* ---- words ---- */

static bool add_next(struct splitter *s, bool is_literal)
{
    char c = *s->input.at++;
    if (is_literal) {
        add_char(s, c);
        return true;
    }
    if (c == '$')
        return add_variable(s);
    if (c == ESCAPE && !scan_at_end(&s->input))
        c = *s->input.at++;
    add_char(s, c);
    return true;
}

static bool add_quoted(struct splitter *s, char quote)
{
    while (!scan_char(&s->input, quote)) {
        if (scan_at_end(&s->input))
            return error_set(s->err, ERR_USAGE, "a quotation has no end");
        if (!add_next(s, quote == '\''))
            return false;
    }
    return true;
}

static bool read_word(struct splitter *s)
{
    buf_reset(&s->word);
    while (!scan_at_end(&s->input) && !is_blank(scan_peek(&s->input))) {
        bool added;
        if (scan_char(&s->input, '"'))
            added = add_quoted(s, '"');
        else if (scan_char(&s->input, '\''))
            added = add_quoted(s, '\'');
        else
            added = add_next(s, /* is_literal= */ false);
        if (!added)
            return false;
    }
    return true;
}

bool instruction_words_split(const char *text, const struct strlist *environment,
                             struct strlist *ret, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist words = {0};
    struct splitter s = {.input = scan_text(text), .environment = environment, .err = err};
    buf_init(&s.word, BUF_UNBOUNDED);
    bool split = true;
    for (skip_blanks(&s.input); split && !scan_at_end(&s.input); skip_blanks(&s.input)) {
        split = read_word(&s);
        strlist_add(&words, buf_str(&s.word));
    }
    buf_clear(&s.word);
    if (split)
        *ret = TAKE(words);
    return split;
}

struct instruction_pair instruction_words_head(const char *text)
{
    struct scan s = scan_text(text);
    skip_blanks(&s);
    const char *begin = s.at;
    while (!scan_at_end(&s) && !is_blank(scan_peek(&s)))
        s.at++;
    char *first = xstrndup(begin, (size_t)(s.at - begin));
    skip_blanks(&s);
    return (struct instruction_pair){first, s.at};
}
