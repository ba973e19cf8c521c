/* SPDX-License-Identifier: MIT */
#include "registry/challenge.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/scan.h"
#include "base/text.h"
#include "registry/quoted_text.h"

#define VALUE_MAXIMUM 4096

/* The tchar of RFC 9110, and the three characters that token68 adds to them. */
static bool is_token_char(char c)
{
    return char_is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~/:", c));
}

static struct scan scan_token(struct scan *s)
{
    const char *start = s->at;
    while (is_token_char(scan_peek(s)))
        s->at++;
    return scan_bytes(start, (size_t)(s->at - start));
}

static bool scan_value(struct scan *s, char **ret, struct error *err)
{
    CLEANUP(buf_clear) struct buf value;
    buf_init(&value, VALUE_MAXIMUM);
    bool scanned;
    if (scan_char(s, '"')) {
        scanned = quoted_text_scan(s, &value, err);
    } else {
        /* Unquoted values are read generously, up to a blank or comma: some registries leave out
         * the quotes around a URL. */
        const char *start = s->at;
        while (!scan_at_end(s) && !strchr(" \t,", *s->at))
            s->at++;
        scanned = buf_append(&value, start, (size_t)(s->at - start), err);
    }
    if (!scanned)
        return false;
    *ret = buf_take_str(&value);
    return true;
}

static const struct {
    const char *name;
    size_t offset;
} parameters[] = {
    {"realm", offsetof(struct challenge, realm)},
    {"service", offsetof(struct challenge, service)},
    {"scope", offsetof(struct challenge, scope)},
    {"error", offsetof(struct challenge, error)},
};

/* Keeps the first value of a name, so that a second one cannot replace it. */
static void set_parameter(struct challenge *challenge, struct scan name, char **value)
{
    CLEANUP(str_free) char *text = scan_rest(&name);
    for (size_t i = 0; i < ARRAY_SIZE(parameters); i++) {
        char **member = (char **)(void *)((char *)challenge + parameters[i].offset);
        if (str_equal_nocase(text, parameters[i].name) && !*member)
            *member = TAKE(*value);
    }
}

static enum challenge_scheme scheme_of(struct scan name)
{
    CLEANUP(str_free) char *text = scan_rest(&name);
    if (str_equal_nocase(text, "Bearer"))
        return CHALLENGE_BEARER;
    return str_equal_nocase(text, "Basic") ? CHALLENGE_BASIC : CHALLENGE_NONE;
}

/* A scheme and its parameters; stops before a token that no '=' follows, which is the next scheme.
 */
static bool scan_challenge(struct scan *s, struct challenge *ret, struct error *err)
{
    struct scan scheme = scan_token(s);
    if (scan_length(&scheme) == 0)
        return error_set(err, ERR_NETWORK, "no scheme where one is expected");
    ret->scheme = scheme_of(scheme);
    for (;;) {
        struct scan ahead = *s;
        scan_skip(&ahead, " \t,");
        struct scan name = scan_token(&ahead);
        scan_skip(&ahead, " \t");
        if (scan_length(&name) == 0 || !scan_char(&ahead, '='))
            return true;
        scan_skip(&ahead, " \t");
        CLEANUP(str_free) char *value = NULL;
        if (!scan_value(&ahead, &value, err))
            return false;
        set_parameter(ret, name, &value);
        *s = ahead;
    }
}

static bool parse_line(const char *line, struct challenge *best, struct error *err)
{
    struct scan s = scan_text(line);
    for (;;) {
        scan_skip(&s, " \t,");
        if (scan_at_end(&s))
            return true;
        CLEANUP(challenge_clear) struct challenge challenge = {0};
        if (!scan_challenge(&s, &challenge, err))
            return false;
        if (challenge.scheme > best->scheme) {
            challenge_clear(best);
            *best = TAKE(challenge);
        }
    }
}

bool challenge_parse(const struct strlist *lines, struct challenge *ret, struct error *err)
{
    CLEANUP(challenge_clear) struct challenge best = {0};
    for (size_t i = 0; i < lines->count; i++)
        if (!parse_line(lines->items[i], &best, err))
            return error_wrap(err, "malformed WWW-Authenticate header");
    *ret = TAKE(best);
    return true;
}

void challenge_clear(struct challenge *challenge)
{
    str_free(&challenge->realm);
    str_free(&challenge->service);
    str_free(&challenge->scope);
    str_free(&challenge->error);
    *challenge = (struct challenge){0};
}
