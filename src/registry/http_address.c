/* SPDX-License-Identifier: MIT */
#include "registry/http_address.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/scan.h"
#include "base/text.h"

#define GROUPS 8
#define MAPPED_BITS 96

/* ---- from text ---- */

static bool scan_ipv4(struct scan *s, uint8_t ret[4])
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t value;
        if ((i > 0 && !scan_char(s, '.')) || !scan_uint64(s, &value) || value > UINT8_MAX)
            return false;
        ret[i] = (uint8_t)value;
    }
    return true;
}

static unsigned hex_value(char c)
{
    return char_is_digit(c) ? (unsigned)(c - '0') : (unsigned)(char_to_lower(c) - 'a') + 10;
}

static bool scan_group(struct scan *s, uint8_t ret[2])
{
    unsigned value = 0;
    unsigned digits = 0;
    for (; digits < 4 && char_is_hex(scan_peek(s)); digits++) {
        char c = scan_peek(s);
        value = value << 4 | hex_value(c);
        (void)scan_char(s, c);
    }
    ret[0] = (uint8_t)(value >> 8);
    ret[1] = (uint8_t)value;
    return digits > 0;
}

/* Up to 'room' groups with colons between them; the last two may be written as an IPv4 address. */
static size_t scan_groups(struct scan *s, size_t room, uint8_t *ret)
{
    size_t count = 0;
    while (count < room) {
        struct scan before = *s;
        if (count > 0 && (!scan_char(s, ':') || scan_peek(s) == ':')) {
            *s = before;
            break;
        }
        struct scan here = *s;
        if (room - count >= 2 && scan_ipv4(s, ret + 2 * count))
            return count + 2;
        *s = here;
        if (!scan_group(s, ret + 2 * count)) {
            *s = before;
            break;
        }
        count++;
    }
    return count;
}

static bool parse_ipv6(struct scan *s, uint8_t ret[16])
{
    uint8_t tail[16] = {0};
    memset(ret, 0, 16);
    size_t count = scan_groups(s, GROUPS, ret);
    if (count == GROUPS)
        return scan_at_end(s);
    /* "::" stands for one group of zeros at least. */
    if (!scan_literal(s, "::"))
        return false;
    size_t rest = scan_groups(s, GROUPS - 1 - count, tail);
    memcpy(ret + 16 - 2 * rest, tail, 2 * rest);
    return scan_at_end(s);
}

bool http_address_parse(const char *text, uint8_t ret[16])
{
    struct scan whole = scan_text(text);
    struct scan address = scan_until(&whole, '%');
    struct scan dotted = address;
    uint8_t parsed[16] = {0};
    if (scan_ipv4(&dotted, parsed + 12) && scan_at_end(&dotted)) {
        parsed[10] = parsed[11] = 0xFF;
    } else if (!parse_ipv6(&address, parsed)) {
        return false;
    }
    memcpy(ret, parsed, sizeof(parsed));
    return true;
}

/* ---- what it is ---- */

#define IPV4(a, b, c, d)                                                                           \
    {                                                                                              \
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, a, b, c, d                                       \
    }

/* The first row that matches decides (IANA's special-purpose registries; the clouds' own
 * documentation of their metadata services). */
static const struct network {
    uint8_t address[16];
    uint8_t bits;
    enum http_scope scope;
} networks[] = {
    {IPV4(0, 0, 0, 0), MAPPED_BITS + 8, HTTP_SCOPE_LINK},
    {IPV4(100, 100, 100, 200), MAPPED_BITS + 32, HTTP_SCOPE_LINK}, /* Alibaba's metadata */
    {IPV4(168, 63, 129, 16), MAPPED_BITS + 32, HTTP_SCOPE_LINK},   /* Azure's wire server */
    {IPV4(192, 0, 0, 192), MAPPED_BITS + 32, HTTP_SCOPE_LINK},     /* Oracle's metadata */
    {IPV4(10, 0, 0, 0), MAPPED_BITS + 8, HTTP_SCOPE_PRIVATE},
    {IPV4(100, 64, 0, 0), MAPPED_BITS + 10, HTTP_SCOPE_PRIVATE},
    {IPV4(127, 0, 0, 0), MAPPED_BITS + 8, HTTP_SCOPE_LOOPBACK},
    {IPV4(169, 254, 0, 0), MAPPED_BITS + 16, HTTP_SCOPE_LINK},
    {IPV4(172, 16, 0, 0), MAPPED_BITS + 12, HTTP_SCOPE_PRIVATE},
    {IPV4(192, 168, 0, 0), MAPPED_BITS + 16, HTTP_SCOPE_PRIVATE},
    {IPV4(224, 0, 0, 0), MAPPED_BITS + 3, HTTP_SCOPE_LINK}, /* multicast, reserved, broadcast */
    {{[15] = 1}, 128, HTTP_SCOPE_LOOPBACK},
    {{0xFD, 0x00, 0x0E, 0xC2, [14] = 0x02, 0x54}, 128, HTTP_SCOPE_LINK}, /* Amazon's metadata */
    {{0xFD, 0x20, 0x00, 0xCE, [14] = 0x02, 0x54}, 128, HTTP_SCOPE_LINK}, /* Google's metadata */
    {{0xFC}, 7, HTTP_SCOPE_PRIVATE},
    {{0xFE, 0x80}, 10, HTTP_SCOPE_LINK},
    {{0xFE, 0xC0}, 10, HTTP_SCOPE_PRIVATE}, /* site-local, before there was fc00::/7 */
    {{0xFF}, 8, HTTP_SCOPE_LINK},
};

/* Prefixes of IPv6 addresses that end in an IPv4 address, to which their packets go: NAT64
 * (RFC 6052) and IPv4-compatible. */
static const uint8_t wrappers[][16] = {{0x00, 0x64, 0xFF, 0x9B}, {0}};

bool http_address_matches(const uint8_t a[16], const uint8_t b[16], unsigned bits)
{
    unsigned whole = bits / 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    unsigned rest = bits % 8;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static enum http_scope look_up(const uint8_t address[16])
{
    for (size_t i = 0; i < ARRAY_SIZE(networks); i++)
        if (http_address_matches(address, networks[i].address, networks[i].bits))
            return networks[i].scope;
    return HTTP_SCOPE_PUBLIC;
}

enum http_scope http_address_scope(const uint8_t address[16])
{
    enum http_scope scope = look_up(address);
    for (size_t i = 0; i < ARRAY_SIZE(wrappers) && scope == HTTP_SCOPE_PUBLIC; i++) {
        uint8_t inner[16] = IPV4(0, 0, 0, 0);
        memcpy(inner + 12, address + 12, 4);
        if (http_address_matches(address, wrappers[i], MAPPED_BITS))
            scope = look_up(inner);
    }
    return scope;
}

bool http_scope_may_lead(enum http_scope from, enum http_scope to)
{
    if (to == HTTP_SCOPE_LINK)
        return from == HTTP_SCOPE_LINK;
    return to != HTTP_SCOPE_LOOPBACK || from != HTTP_SCOPE_PUBLIC;
}
