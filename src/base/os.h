/* SPDX-License-Identifier: MIT */
/* os: the rest of the system port: time, random bytes, environment, threads and semaphores. */
#pragma once

#include <stdint.h>

#include "base/error.h"

/* Milliseconds of a clock that never goes back. */
uint64_t os_monotonic_ms(void);
/* The same in nanoseconds, to measure short work with. */
uint64_t os_monotonic_ns(void);
/* Now, as RFC 3339 in UTC ("2026-11-22T03:04:05Z"); the buffer must hold 32 bytes. */
void os_timestamp(char text[32]);
void os_sleep_ms(unsigned milliseconds);
bool os_random(void *data, size_t length, struct error *err) MUST_USE;
/* An owned copy of the variable as UTF-8, or NULL when it is not set. */
char *os_getenv(const char *name);
uint32_t os_process_id(void);
unsigned os_processor_count(void);

struct os_thread {
    intptr_t handle; /* 0 = none */
};

/* Runs main(argument) on a new thread. Join it before 'argument' goes away. */
bool os_thread_start(struct os_thread *ret, void (*main)(void *argument), void *argument,
                     struct error *err) MUST_USE;
void os_thread_join(struct os_thread *thread);

/* Counts up and down between threads; waiting lasts until there is something to take. */
struct os_semaphore {
    intptr_t handle; /* 0 = none */
};

bool os_semaphore_open(struct os_semaphore *ret, unsigned count, struct error *err) MUST_USE;
void os_semaphore_wait(const struct os_semaphore *semaphore);
void os_semaphore_post(const struct os_semaphore *semaphore);
void os_semaphore_close(struct os_semaphore *semaphore);
