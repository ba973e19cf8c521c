/* SPDX-License-Identifier: MIT */
#include "registry/go_duration.h"

#include "base/cleanup.h"
#include "base/scan.h"
#include "base/text.h"

#define NS_PER_MS ((uint64_t)1000000)
#define NS_PER_S (1000 * NS_PER_MS)
#define NS_PER_HOUR (3600 * NS_PER_S)
#define MAXIMUM_NS (24 * NS_PER_HOUR)

/* "ms" stands before "m". */
static const struct unit {
    const char *name;
    uint64_t ns;
} units[] = {
    {"ns", 1},       {"us", 1000},         {"ms", NS_PER_MS},
    {"s", NS_PER_S}, {"m", 60 * NS_PER_S}, {"h", NS_PER_HOUR},
};

static const struct unit *scan_unit(struct scan *s)
{
    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        if (scan_literal(s, units[i].name))
            return &units[i];
    return NULL;
}

/* ".5" as parts of a million. */
static uint64_t scan_fraction(struct scan *s)
{
    uint64_t millionths = 0;
    uint64_t weight = 100000;
    if (!scan_char(s, '.'))
        return 0;
    for (char c = scan_peek(s); char_is_digit(c); c = scan_peek(s)) {
        (void)scan_char(s, c);
        millionths += (uint64_t)(c - '0') * weight;
        weight /= 10;
    }
    return millionths;
}

bool go_duration_parse(const char *text, unsigned *ret)
{
    struct scan s = scan_text(text);
    uint64_t ns = 0;
    do {
        uint64_t whole = 0;
        if (!scan_uint64(&s, &whole))
            return false;
        uint64_t millionths = scan_fraction(&s);
        const struct unit *unit = scan_unit(&s);
        if (!unit || whole > MAXIMUM_NS / unit->ns)
            return false;
        ns += whole * unit->ns + unit->ns * millionths / 1000000;
        if (ns > MAXIMUM_NS)
            return false;
    } while (!scan_at_end(&s));
    *ret = (unsigned)(ns / NS_PER_MS);
    return true;
}
