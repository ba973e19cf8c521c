/* SPDX-License-Identifier: MIT */
/* event: what is going on, told to whoever watches.
 *
 * Producers emit freely; the observer throttles, draws, or writes JSON. Pointers in an event are
 * only valid during the call. Events may be emitted from one thread at a time. */
#pragma once

#include <stdint.h>

#include "base/cancel.h"

enum event_type {
    EVENT_RESOLVE_STARTED, /* subject: reference */
    EVENT_RESOLVED,        /* subject: reference, text: manifest digest */
    EVENT_BLOB_STARTED,    /* subject: digest, total */
    EVENT_BLOB_PROGRESS,   /* subject: digest, done, total */
    EVENT_BLOB_DONE,       /* subject: digest, total */
    EVENT_BLOB_PRESENT,    /* subject: digest, total: was in the store already */
    EVENT_LAYER_STARTED,   /* subject: diff id, total: bytes of the blob */
    EVENT_LAYER_PROGRESS,  /* subject: diff id, done, total */
    EVENT_LAYER_DONE,      /* subject: diff id */
    EVENT_LAYER_PRESENT,   /* subject: diff id */
    EVENT_STEP,            /* text: a plain line for -v */
    EVENT_WARNING,         /* text */
};

struct event {
    enum event_type type;
    const char *subject;
    const char *text;
    uint64_t done;  /* bytes */
    uint64_t total; /* bytes; 0 = unknown */
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

void context_emit(const struct context *context, const struct event *event);
void context_step(const struct context *context, const char *format, ...) PRINTF_LIKE(2, 3);
void context_warn(const struct context *context, const char *format, ...) PRINTF_LIKE(2, 3);
