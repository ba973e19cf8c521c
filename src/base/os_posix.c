/* SPDX-License-Identifier: MIT */
#include "base/os.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"

uint64_t os_monotonic_ms(void)
{
    return os_monotonic_ns() / 1000000;
}

uint64_t os_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void os_timestamp(char text[32])
{
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

void os_sleep_ms(unsigned milliseconds)
{
    struct timespec left = {
        .tv_sec = milliseconds / 1000,
        .tv_nsec = (long)(milliseconds % 1000) * 1000000,
    };
    while (nanosleep(&left, &left) && errno == EINTR)
        ;
}

bool os_random(void *data, size_t length, struct error *err)
{
    unsigned char *at = data;
    while (length) {
        ssize_t got = getrandom(at, length, 0);
        if (got < 0 && errno != EINTR)
            return error_errno(err, errno, "read random bytes");
        if (got > 0) {
            at += got;
            length -= (size_t)got;
        }
    }
    return true;
}

char *os_getenv(const char *name)
{
    const char *value = getenv(name);
    return value ? xstrdup(value) : NULL;
}

uint32_t os_process_id(void)
{
    return (uint32_t)getpid();
}

unsigned os_processor_count(void)
{
    /* What this process may use, which in a container is less than what is there. */
    cpu_set_t allowed;
    if (!sched_getaffinity(0, sizeof allowed, &allowed))
        return (unsigned)CPU_COUNT(&allowed);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

struct thread {
    pthread_t id;
    void (*main)(void *argument);
    void *argument;
};

static void *run(void *argument)
{
    struct thread *thread = argument;
    thread->main(thread->argument);
    return NULL;
}

bool os_thread_start(struct os_thread *ret, void (*main)(void *argument), void *argument,
                     struct error *err)
{
    CLEANUP(mem_free) struct thread *thread = xmalloc(sizeof *thread);
    *thread = (struct thread){.main = main, .argument = argument};
    int reason = pthread_create(&thread->id, NULL, run, thread);
    if (reason)
        return error_errno(err, reason, "start a thread");
    ret->handle = (intptr_t)TAKE(thread);
    return true;
}

void os_thread_join(struct os_thread *thread)
{
    /* The handle is the address that os_thread_start() stored in it. */
    CLEANUP(mem_free) struct thread *started = NULL;
    memcpy(&started, &thread->handle, sizeof thread->handle);
    if (started)
        pthread_join(started->id, NULL);
    *thread = (struct os_thread){0};
}

/* The handle is the address that os_semaphore_open() stored in it. */
static sem_t *semaphore_of(const struct os_semaphore *semaphore)
{
    sem_t *opened = NULL;
    memcpy(&opened, &semaphore->handle, sizeof semaphore->handle);
    return opened;
}

bool os_semaphore_open(struct os_semaphore *ret, unsigned count, struct error *err)
{
    CLEANUP(mem_free) sem_t *semaphore = xmalloc(sizeof *semaphore);
    if (sem_init(semaphore, 0, count))
        return error_errno(err, errno, "make a semaphore");
    ret->handle = (intptr_t)TAKE(semaphore);
    return true;
}

void os_semaphore_wait(const struct os_semaphore *semaphore)
{
    while (sem_wait(semaphore_of(semaphore)) && errno == EINTR)
        ;
}

void os_semaphore_post(const struct os_semaphore *semaphore)
{
    sem_post(semaphore_of(semaphore));
}

void os_semaphore_close(struct os_semaphore *semaphore)
{
    CLEANUP(mem_free) sem_t *opened = semaphore_of(semaphore);
    if (opened)
        sem_destroy(opened);
    *semaphore = (struct os_semaphore){0};
}
