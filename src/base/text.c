/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <string.h>

#include "base/alloc.h"
#include "base/utf.h"

bool char_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool char_is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool char_is_alnum(char c)
{
    return char_is_alpha(c) || char_is_digit(c);
}

bool char_is_hex(char c)
{
    return char_is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

char char_to_lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c - 'A' + 'a');
    return c;
}

char char_to_upper(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    return c;
}

bool str_equal(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    return !strcmp(a, b);
}

bool str_equal_nocase(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    while (*a && char_to_lower(*a) == char_to_lower(*b)) {
        a++;
        b++;
    }
    return char_to_lower(*a) == char_to_lower(*b);
}

bool str_starts_with(const char *text, const char *prefix)
{
    return !strncmp(text, prefix, strlen(prefix));
}

/* The last strlen(suffix) bytes of the text, or NULL when it is shorter. */
static const char *tail(const char *text, const char *suffix)
{
    size_t length = strlen(text);
    size_t wanted = strlen(suffix);
    return length >= wanted ? text + length - wanted : NULL;
}

bool str_ends_with(const char *text, const char *suffix)
{
    return str_equal(tail(text, suffix), suffix);
}

bool str_ends_with_nocase(const char *text, const char *suffix)
{
    return str_equal_nocase(tail(text, suffix), suffix);
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* Bytes of the character at 'text' if a terminal may be given it: neither malformed nor a control
 * character (C0, DEL, C1). Otherwise 0. */
static size_t shown_length(const char *text, size_t left)
{
    unsigned char first = (unsigned char)text[0];
    size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (length > left || !utf8_is_valid(text, length))
        return 0;
    bool c0 = first < 0x20 || first == 0x7F;
    bool c1 = first == 0xC2 && (unsigned char)text[1] < 0xA0;
    return c0 || c1 ? 0 : length;
}

char *str_printable(const char *text, size_t maximum)
{
    size_t length = strnlen(text, maximum);
    bool cut = text[length] != '\0';
    while (cut && length && is_continuation(text[length]))
        length--;

    char *copy = str_format("%.*s%s", (int)length, text, cut ? "..." : "");
    char *end = copy + strlen(copy);
    for (char *at = copy; at < end;) {
        size_t step = shown_length(at, (size_t)(end - at));
        if (!step)
            *at = '?';
        at += step ? step : 1;
    }
    return copy;
}
