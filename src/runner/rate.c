/* SPDX-License-Identifier: MIT */
#include "runner/rate.h"

#define WINDOW_MS 5000
#define INTERVAL_MS 500 /* the ring reaches back RATE_SAMPLES times this, beyond the window */
#define LEAST_MS 100

static struct rate_sample *sample_at(struct rate *rate, size_t number)
{
    return &rate->samples[number % RATE_SAMPLES];
}

static void take_sample(struct rate *rate, uint64_t now_ms)
{
    *sample_at(rate, rate->count++) = (struct rate_sample){now_ms, rate->bytes};
}

void rate_start(struct rate *rate, uint64_t now_ms)
{
    *rate = (struct rate){.last_ms = now_ms};
    take_sample(rate, now_ms);
}

void rate_add(struct rate *rate, uint64_t bytes, uint64_t now_ms)
{
    rate->bytes += bytes;
    rate->last_ms = now_ms;
    if (rate->count > 0 && now_ms - sample_at(rate, rate->count - 1)->at_ms >= INTERVAL_MS)
        take_sample(rate, now_ms);
}

/* The newest sample that is as old as the window, or else the oldest there is. */
static struct rate_sample base_sample(const struct rate *rate, uint64_t now_ms)
{
    size_t oldest = rate->count > RATE_SAMPLES ? rate->count - RATE_SAMPLES : 0;
    size_t number = rate->count - 1;
    while (number > oldest && now_ms - rate->samples[number % RATE_SAMPLES].at_ms < WINDOW_MS)
        number--;
    return rate->samples[number % RATE_SAMPLES];
}

uint64_t rate_per_second(const struct rate *rate, uint64_t now_ms)
{
    if (rate->count == 0 || now_ms - rate->last_ms >= WINDOW_MS)
        return 0;
    struct rate_sample base = base_sample(rate, now_ms);
    uint64_t elapsed = now_ms - base.at_ms;
    return elapsed < LEAST_MS ? 0 : (rate->bytes - base.bytes) * 1000 / elapsed;
}
