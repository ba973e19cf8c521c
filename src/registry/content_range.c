/* SPDX-License-Identifier: MIT */
#include "registry/content_range.h"

#include "base/scan.h"
#include "base/text.h"

/* RFC 9110 §14.1: range units are case-insensitive. */
static bool scan_unit(struct scan *s)
{
    static const char unit[] = "bytes";
    for (const char *c = unit; *c; c++)
        if (!scan_char(s, *c) && !scan_char(s, char_to_upper(*c)))
            return false;
    if (!scan_char(s, ' '))
        return false;
    while (scan_char(s, ' ')) {
    }
    return true;
}

static bool scan_total(struct scan *s, struct http_content_range *range)
{
    if (scan_char(s, '*'))
        return true;
    range->total_known = scan_uint64(s, &range->total);
    return range->total_known && range->total > range->last;
}

struct http_content_range content_range_parse(const char *text)
{
    struct scan s = scan_text(text);
    struct http_content_range range = {.present = true};
    bool parsed = scan_unit(&s) && scan_uint64(&s, &range.first) && scan_char(&s, '-')
        && scan_uint64(&s, &range.last) && range.first <= range.last && scan_char(&s, '/')
        && scan_total(&s, &range) && scan_at_end(&s);
    return parsed ? range : (struct http_content_range){0};
}
