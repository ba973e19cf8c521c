/* SPDX-License-Identifier: MIT */
/* progress: what the events of a pull add up to. It prints nothing; the reports ask it.
 *
 * Time is always given by the caller, in milliseconds of one clock. */
#pragma once

#include "base/event.h"
#include "runner/rate.h"

enum progress_kind {
    PROGRESS_FETCH,
    PROGRESS_UNPACK,
    PROGRESS_CHECK,
    PROGRESS_EXPORT,
    PROGRESS_KINDS,
};

enum progress_state {
    PROGRESS_PLANNED, /* will come */
    PROGRESS_WAITING, /* for another process */
    PROGRESS_ACTIVE,
    PROGRESS_DONE,
    PROGRESS_PRESENT, /* needed no work */
};

/* A blob or a layer. */
struct progress_item {
    char *subject; /* digest or diff id */
    enum progress_kind kind;
    enum progress_state state;
    uint64_t done;  /* bytes, with what was there before */
    uint64_t total; /* 0 = unknown */
    struct rate rate;
    uint64_t started_ms;
    uint64_t told_ms; /* when a report spoke of it last */
};

struct progress {
    struct progress_item *items; /* in the order of their first events */
    size_t count;
    struct rate rates[PROGRESS_KINDS];
    uint64_t first_ms[PROGRESS_KINDS]; /* when the first item became active */
    uint64_t last_ms[PROGRESS_KINDS];  /* when bytes came last */
};

/* The item that the event speaks of, brought up to date; NULL when it speaks of none. Valid until
 * the next call. */
struct progress_item *progress_update(struct progress *progress, const struct event *event,
                                      uint64_t now_ms);
void progress_clear(struct progress *progress);

/* Is something waiting or under way? */
bool progress_is_active(const struct progress *progress);

struct progress_sum {
    size_t items;
    size_t finished; /* of them; present ones too */
    size_t present;
    uint64_t done; /* bytes */
    uint64_t total;
    uint64_t moved; /* bytes of work: without what was there before */
    uint64_t elapsed_ms;
    uint64_t per_second; /* lately */
};

struct progress_sum progress_sum(const struct progress *progress, enum progress_kind kind,
                                 uint64_t now_ms);
