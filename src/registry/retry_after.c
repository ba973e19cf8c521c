/* SPDX-License-Identifier: MIT */
#include "registry/retry_after.h"

#include "base/scan.h"
#include "base/text.h"
#include "registry/http_date.h"

static bool is_number(const char *text)
{
    const char *c = text;
    while (char_is_digit(*c))
        c++;
    return c != text && *c == '\0';
}

bool retry_after_parse(const char *text, int64_t now, uint64_t *ret)
{
    if (is_number(text)) {
        /* A number too large to hold is a very long wait all the same. */
        if (!parse_uint64(text, ret))
            *ret = UINT64_MAX;
        return true;
    }
    int64_t then = 0;
    if (!http_date_parse(text, &then))
        return false;
    *ret = then > now ? (uint64_t)(then - now) : 0;
    return true;
}
