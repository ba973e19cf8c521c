/* SPDX-License-Identifier: MIT */
#include "runner/size_text.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/scan.h"
#include "base/text.h"

char *size_text(uint64_t bytes)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB"};
    if (bytes < 1000)
        return str_format("%" PRIu64 " B", bytes);
    double value = (double)bytes / 1000;
    size_t unit = 0;
    /* What would be shown as 1000.0 is 1.0 of the next unit. */
    while (value >= 999.95 && unit + 1 < ARRAY_SIZE(units)) {
        value /= 1000;
        unit++;
    }
    return str_format("%.1f %s", value, units[unit]);
}

/* ---- reading ---- */

#define FRACTION_DIGITS 6
#define FRACTION_UNIT 1000000

static uint64_t read_unit(struct scan *s)
{
    static const char letters[] = "kmgtp";
    uint64_t unit = 1;
    char letter = char_to_lower(scan_peek(s));
    for (size_t i = 0; letter && letters[i]; i++) {
        unit *= 1024;
        if (letters[i] != letter)
            continue;
        (void)!scan_char(s, scan_peek(s));
        return unit;
    }
    return 1;
}

/* What follows the point, in millionths. */
static bool read_fraction(struct scan *s, uint64_t *ret)
{
    uint64_t millionths = 0;
    uint64_t weight = FRACTION_UNIT / 10;
    size_t digits = 0;
    *ret = 0;
    if (!scan_char(s, '.'))
        return true;
    for (; char_is_digit(scan_peek(s)); digits++, weight /= 10) {
        millionths += weight * (uint64_t)(scan_peek(s) - '0');
        (void)!scan_char(s, scan_peek(s));
    }
    *ret = millionths;
    return digits > 0 && digits <= FRACTION_DIGITS;
}

/* "GB", "GiB", "g" and "" are the same. */
static void skip_byte_letters(struct scan *s, bool has_unit)
{
    if (has_unit && char_to_lower(scan_peek(s)) == 'i')
        (void)!scan_char(s, scan_peek(s));
    if (char_to_lower(scan_peek(s)) == 'b')
        (void)!scan_char(s, scan_peek(s));
}

bool size_parse(const char *text, uint64_t *ret_bytes, struct error *err)
{
    struct scan s = scan_text(text);
    uint64_t whole = 0;
    uint64_t millionths = 0;
    uint64_t bytes = 0;
    bool good = scan_uint64(&s, &whole) && read_fraction(&s, &millionths);
    uint64_t unit = read_unit(&s);
    skip_byte_letters(&s, unit > 1);
    good = good && scan_at_end(&s) && !__builtin_mul_overflow(whole, unit, &bytes)
        && !__builtin_add_overflow(bytes,
                                   unit / FRACTION_UNIT * millionths
                                       + unit % FRACTION_UNIT * millionths / FRACTION_UNIT,
                                   &bytes);
    if (!good || bytes == 0) {
        error_set(err, ERR_USAGE, "'%.32s' is not a size", text);
        return error_hint(err, "write it as 60GB, 512m or 1.5t (powers of 1024)");
    }
    *ret_bytes = bytes;
    return true;
}
