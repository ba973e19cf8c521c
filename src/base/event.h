/* SPDX-License-Identifier: MIT */
/* event: what is going on, told to whoever watches.
 *
 * Producers emit freely, from any thread; the observer locks, throttles, draws, or writes JSON.
 * Pointers in an event are only valid during the call.
 *
 * The bytes of an item (a blob that is fetched, a layer that is unpacked or checked) are told as
 * 'done' of 'total'. Only what is added between STARTED and DONE counts for rates and sums: STARTED
 * gives in 'done' what an earlier attempt has left, and PRESENT stands for no work at all. */
#pragma once

#include <stdint.h>

#include "base/cancel.h"

enum event_type {
    EVENT_RESOLVE_STARTED, /* subject: reference */
    EVENT_CANDIDATE,       /* subject: digest of an index's entry, text: platform and verdict */
    EVENT_RESOLVED,        /* subject: reference, text: manifest digest */
    EVENT_BLOB_PLANNED,    /* subject: digest, total: needed; it may turn out to be present */
    EVENT_BLOB_WAITING,    /* subject: digest, total: another process is bringing it in */
    EVENT_BLOB_STARTED,    /* subject: digest, done: bytes that are here already, total */
    EVENT_BLOB_PROGRESS,   /* subject: digest, done, total; less than before: starts over */
    EVENT_BLOB_DONE,       /* subject: digest, total */
    EVENT_BLOB_PRESENT,    /* subject: digest, total: was in the store already */
    EVENT_LAYER_STARTED,   /* subject: diff id, total: bytes of the blob */
    EVENT_LAYER_PROGRESS,  /* subject: diff id, done, total */
    EVENT_LAYER_DONE,      /* subject: diff id */
    EVENT_LAYER_PRESENT,   /* subject: diff id */
    EVENT_CHECK_STARTED,   /* subject: diff id, total: bytes of the blob; not unpacked, only read */
    EVENT_CHECK_PROGRESS,  /* subject: diff id, done, total */
    EVENT_CHECK_DONE,      /* subject: diff id */
    EVENT_EXPORT_STARTED,  /* subject: what is exported */
    EVENT_EXPORT_PROGRESS, /* subject, done: bytes of the tar; nobody knows how many there are */
    EVENT_EXPORT_DONE,     /* subject, total */
    EVENT_RETRY,           /* subject: whom or what, text: why, pause_ms: from now */
    EVENT_STEP,            /* text: a plain line for -v */
    EVENT_WARNING,         /* text */
};

struct event {
    enum event_type type;
    const char *subject;
    const char *text;
    uint64_t done;  /* bytes */
    uint64_t total; /* bytes; 0 = unknown */
    uint64_t pause_ms;
};

struct observer {
    void (*on_event)(void *user, const struct event *event);
    void *user;
};

/* What every long operation is given. Any member may be NULL. */
struct context {
    const struct observer *observer;
    const struct cancel *cancel;
};

/* An item begins; further bytes of it have come. */
bool event_is_start(enum event_type type);
bool event_is_progress(enum event_type type);

/* NULL when there is nothing to ask. */
const struct cancel *context_cancel(const struct context *context);

void context_emit(const struct context *context, const struct event *event);
/* Something failed in passing and is tried again after the pause. */
void context_retry(const struct context *context, const char *subject, uint64_t pause_ms,
                   const char *reason);
void context_step(const struct context *context, const char *format, ...) PRINTF_LIKE(2, 3);
void context_warn(const struct context *context, const char *format, ...) PRINTF_LIKE(2, 3);
