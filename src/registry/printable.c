/* SPDX-License-Identifier: MIT */
#include "registry/printable.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/utf.h"

/* Bytes of the character at 'text' if it may be shown, else 0. */
static size_t shown_length(const char *text, size_t left)
{
    unsigned char first = (unsigned char)text[0];
    size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (length > left || !utf8_is_valid(text, length))
        return 0;
    bool is_c0 = first < 0x20 || first == 0x7F;
    bool is_c1 = first == 0xC2 && (unsigned char)text[1] < 0xA0;
    return is_c0 || is_c1 ? 0 : length;
}

char *printable(const char *text, size_t maximum)
{
    size_t length = text ? strlen(text) : 0;
    CLEANUP(buf_clear) struct buf shown;
    buf_init(&shown, BUF_UNBOUNDED);

    size_t at = 0;
    while (at < length && shown.length < maximum) {
        size_t step = shown_length(text + at, length - at);
        if (step)
            buf_add(&shown, text + at, step);
        else
            buf_add_str(&shown, "?");
        at += step ? step : 1;
    }
    if (at < length)
        buf_add_str(&shown, "...");
    return buf_take_str(&shown);
}
