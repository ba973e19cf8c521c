/* SPDX-License-Identifier: MIT */
#include "base/base64.h"

#include <stdint.h>

#include "base/alloc.h"
#include "base/text.h"

#define PADDING 64 /* after the digits of the alphabet */

/* 64 = not of the alphabet. */
static unsigned value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (char_is_digit(c))
        return (unsigned)(c - '0') + 52;
    return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Four characters to 1, 2 or 3 bytes; 0 = malformed. */
static size_t decode_group(const char *text, unsigned char out[3])
{
    size_t digits = 4;
    while (digits > 2 && text[digits - 1] == '=')
        digits--;
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        unsigned value = i < digits ? value_of(text[i]) : 0;
        if (value == 64)
            return 0;
        bits = bits << 6 | value;
    }
    out[0] = (unsigned char)(bits >> 16);
    out[1] = (unsigned char)(bits >> 8);
    out[2] = (unsigned char)bits;
    /* The bits that the padding cuts off must be zero: one text per value. */
    bool canonical = (digits > 2 || out[1] == 0) && (digits > 3 || out[2] == 0);
    return canonical ? digits - 1 : 0;
}

bool base64_decode(const char *text, size_t length, struct buf *ret, struct error *err)
{
    bool good = length % 4 == 0;
    for (size_t i = 0; good && i < length; i += 4) {
        unsigned char bytes[3];
        size_t count = decode_group(text + i, bytes);
        good = count == 3 || (count > 0 && i + 4 == length);
        if (good && !buf_append(ret, bytes, count, err))
            return false;
    }
    if (!good)
        return error_set(err, ERR_INTEGRITY, "not valid base64");
    return true;
}

char *base64_encode(const void *data, size_t length)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    const unsigned char *bytes = data;
    char *text = xmalloc((length + 2) / 3 * 4 + 1);
    char *at = text;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t bits = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0)
            | (left > 2 ? bytes[i + 2] : 0);
        for (unsigned k = 0; k < 4; k++)
            *at++ = digits[k > left ? PADDING : bits >> (18 - 6 * k) & 63];
    }
    *at = '\0';
    return text;
}
