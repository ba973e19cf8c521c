/* SPDX-License-Identifier: MIT */
#include "base/guid.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/os.h"
#include "base/scan.h"
#include "base/sha256.h"
#include "base/text.h"

static bool dash_follows(size_t byte)
{
    return byte == 3 || byte == 5 || byte == 7 || byte == 9;
}

static bool scan_hex_byte(struct scan *s, uint8_t *ret)
{
    unsigned value = 0;
    for (int i = 0; i < 2; i++) {
        char c = char_to_lower(scan_peek(s));
        if (!char_is_hex(c))
            return false;
        value = value << 4 | (unsigned)(char_is_digit(c) ? c - '0' : c - 'a' + 10);
        s->at++;
    }
    *ret = (uint8_t)value;
    return true;
}

static bool scan_guid(struct scan *s, struct guid *ret)
{
    bool braces = scan_char(s, '{');
    for (size_t i = 0; i < sizeof ret->bytes; i++)
        if (!scan_hex_byte(s, &ret->bytes[i]) || (dash_follows(i) && !scan_char(s, '-')))
            return false;
    return (!braces || scan_char(s, '}')) && scan_at_end(s);
}

bool guid_parse(const char *text, struct guid *ret, struct error *err)
{
    struct scan s = scan_text(text);
    struct guid guid;
    if (!scan_guid(&s, &guid)) {
        CLEANUP(str_free) char *shown = str_printable(text, GUID_TEXT_SIZE + 2);
        return error_set(err, ERR_INTEGRITY, "'%s' is not a GUID", shown);
    }
    *ret = guid;
    return true;
}

static char *put_byte(char *at, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    *at++ = digits[byte >> 4];
    *at++ = digits[byte & 0xF];
    return at;
}

void guid_format(const struct guid *guid, char text[GUID_TEXT_SIZE])
{
    for (size_t i = 0; i < sizeof guid->bytes; i++) {
        text = put_byte(text, guid->bytes[i]);
        if (dash_follows(i))
            *text++ = '-';
    }
    *text = '\0';
}

void guid_format_hex(const struct guid *guid, char text[GUID_HEX_SIZE])
{
    for (size_t i = 0; i < sizeof guid->bytes; i++)
        text = put_byte(text, guid->bytes[i]);
    *text = '\0';
}

bool guid_equal(const struct guid *a, const struct guid *b)
{
    return !memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

bool guid_is_zero(const struct guid *guid)
{
    static const struct guid zero;
    return guid_equal(guid, &zero);
}

static void stamp(struct guid *guid, unsigned version)
{
    guid->bytes[6] = (uint8_t)((guid->bytes[6] & 0x0F) | version << 4);
    guid->bytes[8] = (uint8_t)((guid->bytes[8] & 0x3F) | 0x80);
}

bool guid_random(struct guid *ret, struct error *err)
{
    struct guid guid;
    if (!os_random(guid.bytes, sizeof guid.bytes, err))
        return false;
    stamp(&guid, 4);
    *ret = guid;
    return true;
}

struct guid guid_from_name(const struct guid *name_space, const void *name, size_t length)
{
    const void *const parts[] = {name_space->bytes, name};
    const size_t lengths[] = {sizeof name_space->bytes, length};
    uint8_t hash[SHA1_SIZE];
    sha1_of(parts, lengths, ARRAY_SIZE(parts), hash);

    struct guid guid;
    memcpy(guid.bytes, hash, sizeof guid.bytes);
    stamp(&guid, 5);
    return guid;
}
