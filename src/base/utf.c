/* SPDX-License-Identifier: MIT */
#include "base/utf.h"

#include "base/alloc.h"

#define SURROGATE_FIRST 0xD800u
#define SURROGATE_LOW 0xDC00u
#define SURROGATE_LAST 0xDFFFu
#define SUPPLEMENTARY 0x10000u
#define CODE_POINT_LAST 0x10FFFFu

/* One row per length of a UTF-8 sequence. */
static const struct {
    unsigned char lead_mask;
    unsigned char lead;
    uint32_t smallest; /* a smaller value would be an overlong form */
} forms[] = {
    {0x80, 0x00, 0},
    {0xE0, 0xC0, 0x80},
    {0xF0, 0xE0, 0x800},
    {0xF8, 0xF0, SUPPLEMENTARY},
};

/* Decodes one character; returns its length, or 0 when it is malformed. */
static size_t decode(const char *text, size_t left, uint32_t *ret)
{
    unsigned char lead = (unsigned char)text[0];
    size_t length = 1;
    while (length <= ARRAY_SIZE(forms)
           && (lead & forms[length - 1].lead_mask) != forms[length - 1].lead)
        length++;
    if (length > ARRAY_SIZE(forms) || length > left)
        return 0;

    uint32_t value = lead & (unsigned char)~forms[length - 1].lead_mask;
    for (size_t i = 1; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (byte & 0x3Fu);
    }
    bool surrogate = value >= SURROGATE_FIRST && value <= SURROGATE_LAST;
    if (value < forms[length - 1].smallest || value > CODE_POINT_LAST || surrogate)
        return 0;
    *ret = value;
    return length;
}

bool utf8_is_valid(const char *text, size_t length)
{
    size_t at = 0;
    while (at < length) {
        uint32_t ignored;
        size_t step = decode(text + at, length - at, &ignored);
        if (!step)
            return false;
        at += step;
    }
    return true;
}

bool utf16_units_from_utf8(const char *text, size_t length, uint16_t **ret_units, size_t *ret_count,
                           struct error *err)
{
    /* No character takes more units than bytes. */
    CLEANUP(mem_free) uint16_t *units = xrealloc_array(NULL, length + 1, sizeof *units);
    size_t count = 0;
    size_t at = 0;
    while (at < length) {
        uint32_t value;
        size_t step = decode(text + at, length - at, &value);
        if (!step)
            return error_set(err, ERR_INTEGRITY, "not UTF-8 at byte %zu", at);
        if (!value)
            return error_set(err, ERR_INTEGRITY, "text contains a NUL at byte %zu", at);
        if (value >= SUPPLEMENTARY) {
            uint32_t rest = value - SUPPLEMENTARY;
            units[count++] = (uint16_t)(SURROGATE_FIRST + (rest >> 10));
            units[count++] = (uint16_t)(SURROGATE_LOW + (rest & 0x3FF));
        } else {
            units[count++] = (uint16_t)value;
        }
        at += step;
    }
    units[count] = 0;
    *ret_units = TAKE(units);
    *ret_count = count;
    return true;
}

static char *encode(char *at, uint32_t value)
{
    if (value < 0x80) {
        *at++ = (char)value;
    } else if (value < 0x800) {
        *at++ = (char)(0xC0 | value >> 6);
        *at++ = (char)(0x80 | (value & 0x3F));
    } else if (value < SUPPLEMENTARY) {
        *at++ = (char)(0xE0 | value >> 12);
        *at++ = (char)(0x80 | (value >> 6 & 0x3F));
        *at++ = (char)(0x80 | (value & 0x3F));
    } else {
        *at++ = (char)(0xF0 | value >> 18);
        *at++ = (char)(0x80 | (value >> 12 & 0x3F));
        *at++ = (char)(0x80 | (value >> 6 & 0x3F));
        *at++ = (char)(0x80 | (value & 0x3F));
    }
    return at;
}

/* Combines the pair that starts at 'units'; false when it is not one. */
static bool pair(const uint16_t *units, size_t left, uint32_t *ret)
{
    bool is_pair = left >= 2 && units[0] < SURROGATE_LOW && units[1] >= SURROGATE_LOW
        && units[1] <= SURROGATE_LAST;
    if (is_pair)
        *ret = SUPPLEMENTARY + ((units[0] - SURROGATE_FIRST) << 10) + (units[1] - SURROGATE_LOW);
    return is_pair;
}

bool utf8_from_utf16_units(const uint16_t *units, size_t count, char **ret, struct error *err)
{
    /* A unit takes at most three bytes, a pair four. */
    CLEANUP(str_free) char *text = xrealloc_array(NULL, count + 1, 3);
    char *end = text;
    size_t at = 0;
    while (at < count) {
        uint32_t value = units[at];
        size_t step = 1;
        if (value >= SURROGATE_FIRST && value <= SURROGATE_LAST) {
            if (!pair(units + at, count - at, &value))
                return error_set(err, ERR_INTEGRITY, "unpaired surrogate at UTF-16 unit %zu", at);
            step = 2;
        }
        if (!value)
            return error_set(err, ERR_INTEGRITY, "text contains a NUL at UTF-16 unit %zu", at);
        end = encode(end, value);
        at += step;
    }
    *end = '\0';
    *ret = TAKE(text);
    return true;
}
