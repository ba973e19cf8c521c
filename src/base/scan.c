/* SPDX-License-Identifier: MIT */
#include "base/scan.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"

struct scan scan_text(const char *text)
{
    return scan_bytes(text, strlen(text));
}

struct scan scan_bytes(const char *data, size_t length)
{
    return (struct scan){.at = data, .end = data + length};
}

bool scan_at_end(const struct scan *s)
{
    return s->at == s->end;
}

char scan_peek(const struct scan *s)
{
    if (scan_at_end(s))
        return '\0';
    return *s->at;
}

size_t scan_length(const struct scan *s)
{
    return (size_t)(s->end - s->at);
}

bool scan_char(struct scan *s, char c)
{
    /* The end also reads as NUL, hence the first test. */
    if (scan_at_end(s) || *s->at != c)
        return false;
    s->at++;
    return true;
}

bool scan_literal(struct scan *s, const char *text)
{
    size_t length = strlen(text);
    if (scan_length(s) < length || memcmp(s->at, text, length) != 0)
        return false;
    s->at += length;
    return true;
}

bool scan_uint64(struct scan *s, uint64_t *ret)
{
    struct scan ahead = *s;
    uint64_t value = 0;
    while (char_is_digit(scan_peek(&ahead))) {
        uint64_t digit = (uint64_t)(*ahead.at - '0');
        if (__builtin_mul_overflow(value, 10, &value)
            || __builtin_add_overflow(value, digit, &value))
            return false;
        ahead.at++;
    }
    if (ahead.at == s->at)
        return false;
    *s = ahead;
    *ret = value;
    return true;
}

struct scan scan_until(struct scan *s, char stop)
{
    const char *from = s->at;
    while (!scan_at_end(s) && *s->at != stop)
        s->at++;
    return (struct scan){.at = from, .end = s->at};
}

char *scan_rest(const struct scan *s)
{
    return xstrndup(s->at, scan_length(s));
}

bool scan_equals(const struct scan *s, const char *text)
{
    size_t length = strlen(text);
    return scan_length(s) == length && !memcmp(s->at, text, length);
}

bool parse_uint64(const char *text, uint64_t *ret)
{
    struct scan s = scan_text(text);
    uint64_t value;
    if (!scan_uint64(&s, &value) || !scan_at_end(&s))
        return false;
    *ret = value;
    return true;
}
