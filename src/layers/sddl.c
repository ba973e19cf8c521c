/* SPDX-License-Identifier: MIT */
#include "layers/sddl.h"

#include "base/scan.h"
#include "base/text.h"

#define NESTING_MAXIMUM 64u

static size_t take_while(struct scan *s, bool (*accepts)(char c))
{
    const char *start = s->at;
    while (!scan_at_end(s) && accepts(*s->at))
        s->at++;
    return (size_t)(s->at - start);
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_sid_character(char c)
{
    return char_is_hex(c) || c == 'x' || c == 'X' || c == '-';
}

static bool is_guid_character(char c)
{
    return char_is_hex(c) || c == '-';
}

/* "BA" or "S-1-5-32-544". */
static bool take_sid(struct scan *s)
{
    if (scan_literal(s, "S-1-"))
        return take_while(s, is_sid_character) > 0;
    bool alias = s->end - s->at >= 2 && is_upper(s->at[0]) && is_upper(s->at[1]);
    if (alias)
        s->at += 2;
    return alias;
}

/* The condition of a conditional entry or the value of a resource attribute. Parentheses count
 * unless they are in a string. */
static bool take_expression(struct scan *s)
{
    unsigned depth = 0;
    bool quoted = false;
    do {
        char c = scan_peek(s);
        if (scan_at_end(s) || (unsigned char)c < 0x20)
            return false;
        s->at++;
        if (c == '"')
            quoted = !quoted;
        if (!quoted && c == '(' && ++depth > NESTING_MAXIMUM)
            return false;
        if (!quoted && c == ')')
            depth--;
    } while (depth > 0);
    return true;
}

/* "(A;OICI;FA;;;SY)" */
static bool take_ace(struct scan *s)
{
    if (take_while(s, is_upper) == 0 || !scan_char(s, ';'))
        return false;
    take_while(s, is_upper); /* flags */
    if (!scan_char(s, ';'))
        return false;
    take_while(s, char_is_alnum); /* rights: pairs of letters, or a number */
    for (unsigned guid = 0; guid < 2; guid++) {
        if (!scan_char(s, ';'))
            return false;
        take_while(s, is_guid_character);
    }
    bool good = scan_char(s, ';') && take_sid(s);
    if (good && scan_char(s, ';'))
        good = scan_peek(s) == '(' && take_expression(s);
    return good && scan_char(s, ')');
}

static bool is_flag_character(char c)
{
    return is_upper(c) || c == '_';
}

static bool take_acl(struct scan *s)
{
    /* The letter of the next part is not a flag. */
    take_while(s, is_flag_character);
    if (scan_peek(s) == ':')
        s->at--;
    while (scan_char(s, '(')) {
        if (!take_ace(s))
            return false;
    }
    return true;
}

static const struct {
    const char *mark;
    bool (*take)(struct scan *s);
} parts[] = {{"O:", take_sid}, {"G:", take_sid}, {"D:", take_acl}, {"S:", take_acl}};

static bool take_part(struct scan *s, unsigned *seen)
{
    for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
        if (!scan_literal(s, parts[i].mark))
            continue;
        bool again = *seen & 1u << i;
        *seen |= 1u << i;
        return !again && parts[i].take(s);
    }
    return false;
}

bool sddl_check(const char *text, size_t length, struct error *err)
{
    struct scan s = scan_bytes(text, length);
    unsigned seen = 0;
    bool good = length > 0 && length <= SDDL_MAXIMUM;
    while (good && !scan_at_end(&s))
        good = take_part(&s, &seen);
    return good || error_set(err, ERR_INTEGRITY, "not a security descriptor in text form");
}
