/* SPDX-License-Identifier: MIT */
#include "registry/byte_ranges.h"

#include <string.h>

#include "base/alloc.h"

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t higher(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Puts 'range' in the place of the items [from, to). */
static void replace(struct byte_ranges *ranges, size_t from, size_t to, struct byte_range range)
{
    if (ranges->count == ranges->capacity) {
        ranges->capacity = ranges->capacity ? 2 * ranges->capacity : 8;
        ranges->items = xrealloc_array(ranges->items, ranges->capacity, sizeof(range));
    }
    memmove(ranges->items + from + 1, ranges->items + to, (ranges->count - to) * sizeof(range));
    ranges->count += 1 + from;
    ranges->count -= to;
    ranges->items[from] = range;
}

void byte_ranges_add(struct byte_ranges *ranges, struct byte_range range)
{
    if (range.first >= range.end)
        return;
    size_t from = 0;
    while (from < ranges->count && ranges->items[from].end < range.first)
        from++;
    size_t to = from;
    for (; to < ranges->count && ranges->items[to].first <= range.end; to++) {
        range.first = lower(range.first, ranges->items[to].first);
        range.end = higher(range.end, ranges->items[to].end);
    }
    replace(ranges, from, to, range);
}

struct byte_ranges byte_ranges_copy(const struct byte_ranges *ranges)
{
    struct byte_ranges copy = {.count = ranges->count, .capacity = ranges->count};
    if (ranges->count)
        copy.items = xmemdup(ranges->items, ranges->count * sizeof(*ranges->items));
    return copy;
}

void byte_ranges_clear(struct byte_ranges *ranges)
{
    mem_free(&ranges->items);
    *ranges = (struct byte_ranges){0};
}

uint64_t byte_ranges_prefix(const struct byte_ranges *ranges)
{
    return ranges->count && ranges->items[0].first == 0 ? ranges->items[0].end : 0;
}

uint64_t byte_ranges_total(const struct byte_ranges *ranges)
{
    uint64_t total = 0;
    for (size_t i = 0; i < ranges->count; i++)
        total += ranges->items[i].end - ranges->items[i].first;
    return total;
}

bool byte_ranges_gap(const struct byte_ranges *ranges, uint64_t end, struct byte_range *ret)
{
    uint64_t first = byte_ranges_prefix(ranges);
    if (first >= end)
        return false;
    size_t next = first ? 1 : 0;
    uint64_t stop = next < ranges->count ? ranges->items[next].first : end;
    *ret = (struct byte_range){.first = first, .end = lower(stop, end)};
    return true;
}
