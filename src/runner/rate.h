/* SPDX-License-Identifier: MIT */
/* rate: bytes per second over the last seconds, from a running sum. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define RATE_SAMPLES 16

struct rate_sample {
    uint64_t at_ms;
    uint64_t bytes; /* the sum at that time */
};

struct rate {
    struct rate_sample samples[RATE_SAMPLES]; /* a ring of the newest */
    size_t count;                             /* ever taken; the newest is at count - 1 */
    uint64_t bytes;                           /* the sum */
    uint64_t last_ms;                         /* when something came last */
};

/* From now on, with nothing transferred. */
void rate_start(struct rate *rate, uint64_t now_ms);
void rate_add(struct rate *rate, uint64_t bytes, uint64_t now_ms);
/* Over the last five seconds, or since the start when that is less; 0 while there is too little to
 * tell. */
uint64_t rate_per_second(const struct rate *rate, uint64_t now_ms);
