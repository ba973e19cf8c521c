/* SPDX-License-Identifier: MIT */
#include "runner/size_text.h"

#include <inttypes.h>

#include "base/alloc.h"

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
