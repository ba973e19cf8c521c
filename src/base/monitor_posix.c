/* SPDX-License-Identifier: MIT */
#include "base/monitor.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"

#define NS_PER_MS 1000000L
#define NS_PER_S 1000000000L

struct inside {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
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
    pthread_condattr_t attributes;
    pthread_mutex_init(&inside->mutex, NULL);
    pthread_condattr_init(&attributes);
    /* The wall clock may jump. */
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&inside->condition, &attributes);
    pthread_condattr_destroy(&attributes);
    return (struct monitor){.handle = (intptr_t)inside};
}

void monitor_close(struct monitor *monitor)
{
    CLEANUP(mem_free) struct inside *inside = inside_of(monitor);
    if (inside) {
        pthread_cond_destroy(&inside->condition);
        pthread_mutex_destroy(&inside->mutex);
    }
    *monitor = (struct monitor){0};
}

void monitor_enter(const struct monitor *monitor)
{
    pthread_mutex_lock(&inside_of(monitor)->mutex);
}

void monitor_leave(const struct monitor *monitor)
{
    pthread_mutex_unlock(&inside_of(monitor)->mutex);
}

void monitor_wait(const struct monitor *monitor, unsigned milliseconds)
{
    struct inside *inside = inside_of(monitor);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += milliseconds / 1000;
    until.tv_nsec += (long)(milliseconds % 1000) * NS_PER_MS;
    if (until.tv_nsec >= NS_PER_S) {
        until.tv_sec++;
        until.tv_nsec -= NS_PER_S;
    }
    pthread_cond_timedwait(&inside->condition, &inside->mutex, &until);
}

void monitor_notify(const struct monitor *monitor)
{
    pthread_cond_broadcast(&inside_of(monitor)->condition);
}

void monitor_notify_one(const struct monitor *monitor)
{
    pthread_cond_signal(&inside_of(monitor)->condition);
}
