/* SPDX-License-Identifier: MIT */
/* cancel: one flag that says "stop", seen by every loop and every wait.
 *
 * Set from a console control handler or a signal handler; checked between steps. The wake-up object
 * is what waits add to their list: an event HANDLE on Windows, an eventfd or pipe elsewhere. */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct cancel {
    volatile int requested; /* number of requests so far */
    intptr_t wakeup;        /* HANDLE or file descriptor; 0 = none */
    /* Requested with this one: a part of the work can be stopped alone, or with the whole. NULL =
     * none. Waits that do not poll see only their own wakeup. */
    const struct cancel *parent;
};

bool cancel_open(struct cancel *cancel, struct error *err) MUST_USE;
void cancel_close(struct cancel *cancel);
/* Async-signal-safe. */
void cancel_request(struct cancel *cancel);
bool cancel_is_requested(const struct cancel *cancel);
/* False and ERR_CANCELLED ("interrupted") when a stop was requested; true otherwise. 'cancel' may
 * be NULL. */
bool cancel_check(const struct cancel *cancel, struct error *err) MUST_USE;
/* Sleeps; a request to stop ends it early. 'cancel' may be NULL. */
void cancel_pause(const struct cancel *cancel, unsigned milliseconds);
