/* SPDX-License-Identifier: MIT */
#include "registry/ingest_map.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/digest.h"
#include "base/scan.h"

#define FIRST_LINE "wrun part 1\n"

char *ingest_map_compose(uint64_t size, const struct byte_ranges *done)
{
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    buf_addf(&text, FIRST_LINE "size %" PRIu64 "\n", size);
    for (size_t i = 0; i < done->count && i < INGEST_MAP_RANGES; i++)
        buf_addf(&text, "done %" PRIu64 " %" PRIu64 "\n", done->items[i].first, done->items[i].end);
    struct digest hash = digest_of(text.data, text.length);
    buf_addf(&text, "hash %s\n", hash.text);
    return buf_take_str(&text);
}

static bool scan_range(struct scan *s, struct byte_range *ret)
{
    return scan_literal(s, "done ") && scan_uint64(s, &ret->first) && scan_char(s, ' ')
        && scan_uint64(s, &ret->end) && scan_char(s, '\n');
}

/* The ranges ascend, do not touch, and lie within the blob. */
static bool scan_ranges(struct scan *s, uint64_t size, struct byte_ranges *ranges)
{
    struct byte_range range;
    while (scan_peek(s) == 'd') {
        if (ranges->count == INGEST_MAP_RANGES || !scan_range(s, &range) || range.first >= range.end
            || range.end > size)
            return false;
        if (ranges->count && range.first <= ranges->items[ranges->count - 1].end)
            return false;
        byte_ranges_add(ranges, range);
    }
    return true;
}

static bool scan_hash(struct scan *s, const char *text)
{
    struct digest hash = digest_of(text, (size_t)(s->at - text));
    return scan_literal(s, "hash ") && scan_literal(s, hash.text) && scan_char(s, '\n');
}

bool ingest_map_parse(const char *text, size_t length, uint64_t size, struct byte_ranges *ret)
{
    CLEANUP(byte_ranges_clear) struct byte_ranges ranges = {0};
    struct scan s = scan_bytes(text, length);
    uint64_t said = 0;
    if (!scan_literal(&s, FIRST_LINE "size ") || !scan_uint64(&s, &said) || !scan_char(&s, '\n')
        || said != size || !scan_ranges(&s, size, &ranges) || !scan_hash(&s, text))
        return false;
    *ret = TAKE(ranges);
    return true;
}
