/* SPDX-License-Identifier: MIT */
/* monitor: a lock with one condition, for threads that share a structure (monitor_posix.c natively,
 * src/win32/monitor.c in the product).
 *
 *     monitor_enter(m); while (!ready) monitor_wait(m, ms); ... monitor_leave(m);
 *
 * Waiting wakes for a notification, at the end of its time, or without reason: always in a loop. */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct monitor {
    intptr_t handle; /* 0 = closed */
};

struct monitor monitor_open(void);
void monitor_close(struct monitor *monitor);

void monitor_enter(const struct monitor *monitor);
void monitor_leave(const struct monitor *monitor);
/* Only between enter and leave. */
void monitor_wait(const struct monitor *monitor, unsigned milliseconds);
/* Wakes all who wait. */
void monitor_notify(const struct monitor *monitor);
/* Wakes one of them; for threads that all wait for the same and of which one is enough. */
void monitor_notify_one(const struct monitor *monitor);
