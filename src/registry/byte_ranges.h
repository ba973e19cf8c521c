/* SPDX-License-Identifier: MIT */
/* byte_ranges: a set of bytes, kept as sorted ranges that neither overlap nor touch. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct byte_range {
    uint64_t first;
    uint64_t end; /* the first byte after it */
};

struct byte_ranges {
    struct byte_range *items;
    size_t count;
    size_t capacity;
};

/* An empty range adds nothing. */
void byte_ranges_add(struct byte_ranges *ranges, struct byte_range range);
struct byte_ranges byte_ranges_copy(const struct byte_ranges *ranges);
void byte_ranges_clear(struct byte_ranges *ranges);

/* How many bytes there are from byte 0 on without a gap. */
uint64_t byte_ranges_prefix(const struct byte_ranges *ranges);
uint64_t byte_ranges_total(const struct byte_ranges *ranges);
/* The first run of bytes before 'end' that are not in the set. */
bool byte_ranges_gap(const struct byte_ranges *ranges, uint64_t end, struct byte_range *ret);
