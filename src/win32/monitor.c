/* SPDX-License-Identifier: MIT */
#include "base/monitor.h"

#include "win32/windows_lean.h"

#include <string.h>

#include "base/alloc.h"

struct inside {
    SRWLOCK lock;
    CONDITION_VARIABLE condition;
};

static struct inside *inside_of(const struct monitor *monitor)
{
    struct inside *inside;
    memcpy(&inside, &monitor->handle, sizeof(inside));
    return inside;
}

struct monitor monitor_open(void)
{
    struct inside *inside = xcalloc(1, sizeof(*inside));
    InitializeSRWLock(&inside->lock);
    InitializeConditionVariable(&inside->condition);
    return (struct monitor){.handle = (intptr_t)inside};
}

void monitor_close(struct monitor *monitor)
{
    CLEANUP(mem_free) struct inside *inside = inside_of(monitor);
    *monitor = (struct monitor){0};
}

void monitor_enter(const struct monitor *monitor)
{
    AcquireSRWLockExclusive(&inside_of(monitor)->lock);
}

void monitor_leave(const struct monitor *monitor)
{
    ReleaseSRWLockExclusive(&inside_of(monitor)->lock);
}

void monitor_wait(const struct monitor *monitor, unsigned milliseconds)
{
    struct inside *inside = inside_of(monitor);
    SleepConditionVariableSRW(&inside->condition, &inside->lock, milliseconds, 0);
}

void monitor_notify(const struct monitor *monitor)
{
    WakeAllConditionVariable(&inside_of(monitor)->condition);
}

void monitor_notify_one(const struct monitor *monitor)
{
    WakeConditionVariable(&inside_of(monitor)->condition);
}
