/* SPDX-License-Identifier: MIT */
#include "runner/duration.h"

#include "base/scan.h"

#define HOUR ((uint64_t)60 * 60) /* seconds */
#define DAY ((uint64_t)24 * HOUR)
#define SECONDS_MAXIMUM ((uint64_t)100 * 366 * DAY)

static const struct {
    char letter;
    uint64_t seconds;
} units[] = {
    {'s', 1}, {'m', 60}, {'h', HOUR}, {'d', DAY}, {'w', (uint64_t)7 * DAY},
};

static bool take_unit(struct scan *text, uint64_t *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (scan_char(text, units[i].letter)) {
            *ret = units[i].seconds;
            return true;
        }
    }
    return false;
}

bool duration_parse(const char *text, uint64_t *ret_seconds, struct error *err)
{
    struct scan rest = scan_text(text);
    uint64_t seconds = 0;
    do {
        uint64_t amount = 0;
        uint64_t unit = 0;
        if (!scan_uint64(&rest, &amount) || !take_unit(&rest, &unit)
            || amount > (SECONDS_MAXIMUM - seconds) / unit) {
            error_set(err, ERR_USAGE, "'%s' is not a span of time", text);
            return error_hint(err, "write 45m, 12h or 7d");
        }
        seconds += amount * unit;
    } while (!scan_at_end(&rest));
    *ret_seconds = seconds;
    return true;
}
