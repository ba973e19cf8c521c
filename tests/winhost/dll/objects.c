/* SPDX-License-Identifier: MIT */
#include "objects.h"

#include <stdio.h>
#include <stdlib.h>

#define MAGIC 0x6e72756fu

static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE changed = CONDITION_VARIABLE_INIT;
static struct object *objects;
static struct notice *early; /* for handles whose call has not returned yet, oldest first */
static bool listening;
static DWORD delivery_thread_id;

/* ---- handles ---- */

static void append(struct notice **list, struct notice *notice)
{
    while (*list)
        list = &(*list)->next;
    *list = notice;
}

/* A short-lived program can exit before its creator has the handle. */
static void adopt_early(struct object *object)
{
    struct notice **link = &early;
    while (*link) {
        struct notice *notice = *link;
        if (notice->number != object->number) {
            link = &notice->next;
            continue;
        }
        *link = notice->next;
        notice->next = NULL;
        append(&object->notices, notice);
    }
}

struct object *object_new(enum object_kind kind, uint64_t number)
{
    struct object *object = calloc(1, sizeof(*object));
    object->magic = MAGIC;
    object->kind = kind;
    object->number = number;
    AcquireSRWLockExclusive(&lock);
    object->next = objects;
    objects = object;
    if (kind <= OBJECT_PROCESS)
        adopt_early(object);
    ReleaseSRWLockExclusive(&lock);
    return object;
}

static struct object *find(const void *handle)
{
    for (struct object *object = objects; object; object = object->next)
        if (object == handle)
            return object;
    return NULL;
}

static void tell(const char *function, const char *what)
{
    char text[160];
    snprintf(text, sizeof(text), "%s: %s", function, what);
    client_violation(text);
}

struct object *object_of(void *handle, enum object_kind kind, const char *function)
{
    AcquireSRWLockShared(&lock);
    struct object *object = find(handle);
    bool closed = object && object->closed;
    bool fits = object && object->kind == kind;
    ReleaseSRWLockShared(&lock);
    if (closed)
        tell(function, "handle was closed before");
    else if (!fits)
        tell(function, object ? "handle of another kind" : "not a handle");
    return fits && !closed ? object : NULL;
}

bool object_is(const struct object *object, enum object_kind kind, const char *function)
{
    if (object->kind != kind)
        tell(function, "handle of another kind");
    return object->kind == kind;
}

bool object_close(void *handle, enum object_kind kind, const char *function)
{
    struct object *object = object_of(handle, kind, function);
    if (!object)
        return false;
    AcquireSRWLockExclusive(&lock);
    bool registered = object->callback != NULL;
    object->closed = true;
    object->callback = NULL;
    ReleaseSRWLockExclusive(&lock);
    if (registered)
        tell(function, "closed while a callback was registered");
    return true;
}

/* ---- notifications ---- */

static WCHAR *wide_copy(const char *utf8)
{
    int count = MultiByteToWideChar(CP_UTF8, 0, utf8, -1, NULL, 0);
    WCHAR *text = calloc((size_t)count, sizeof(WCHAR));
    MultiByteToWideChar(CP_UTF8, 0, utf8, -1, text, count);
    return text;
}

static void queue_notice(uint64_t number, DWORD type, HRESULT status, const char *data)
{
    struct notice *notice = calloc(1, sizeof(*notice));
    notice->number = number;
    notice->type = type;
    notice->status = status;
    notice->data = *data ? wide_copy(data) : NULL;

    AcquireSRWLockExclusive(&lock);
    struct object *object = objects;
    while (object && !(object->number == number && object->kind <= OBJECT_PROCESS))
        object = object->next;
    if (!object || !object->closed) {
        append(object ? &object->notices : &early, notice);
        notice = NULL;
    }
    ReleaseSRWLockExclusive(&lock);
    WakeAllConditionVariable(&changed);
    if (notice)
        free(notice->data);
    free(notice);
}

/* Frames: number, type, status, data. */
static DWORD WINAPI read_events(void *argument)
{
    SOCKET connection = (SOCKET)(uintptr_t)argument;
    char *data = NULL;
    uint32_t length = 0;
    while (client_receive(connection, &data, &length)) {
        const char *fields[4] = {"", "", "", ""};
        const char *at = data;
        for (size_t i = 0; i < 4 && at < data + length; i++) {
            fields[i] = at;
            at += strlen(at) + 1;
        }
        queue_notice(strtoull(fields[0], NULL, 10), (DWORD)strtoul(fields[1], NULL, 16),
                     (HRESULT)strtoul(fields[2], NULL, 16), fields[3]);
        free(data);
    }
    return 0;
}

static struct object *deliverable(void)
{
    for (struct object *object = objects; object; object = object->next)
        if (object->callback && object->notices)
            return object;
    return NULL;
}

/* Callbacks run here and nowhere else: on a thread that is not the caller's. */
static DWORD WINAPI __attribute__((noreturn)) deliver_events(void *argument)
{
    (void)argument;
    AcquireSRWLockExclusive(&lock);
    for (;;) {
        struct object *object = deliverable();
        if (!object) {
            SleepConditionVariableSRW(&changed, &lock, INFINITE, 0);
            continue;
        }
        struct notice *notice = object->notices;
        notification callback = object->callback;
        void *context = object->context;
        object->notices = notice->next;
        object->delivering = true;
        ReleaseSRWLockExclusive(&lock);
        callback(notice->type, context, notice->status, notice->data);
        free(notice->data);
        free(notice);
        AcquireSRWLockExclusive(&lock);
        object->delivering = false;
        WakeAllConditionVariable(&changed);
    }
}

void events_listen(void)
{
    AcquireSRWLockExclusive(&lock);
    bool first = !listening;
    listening = true;
    ReleaseSRWLockExclusive(&lock);
    if (!first)
        return;
    SOCKET connection = client_connect("events", NULL, NULL);
    CloseHandle(CreateThread(NULL, 0, read_events, (void *)(uintptr_t)connection, 0, NULL));
    CloseHandle(CreateThread(NULL, 0, deliver_events, NULL, 0, &delivery_thread_id));
}

void events_register(struct object *object, notification callback, void *context)
{
    bool inside = !callback && GetCurrentThreadId() == delivery_thread_id;
    AcquireSRWLockExclusive(&lock);
    object->callback = callback;
    object->context = context;
    while (!callback && object->delivering && !inside)
        SleepConditionVariableSRW(&changed, &lock, INFINITE, 0);
    ReleaseSRWLockExclusive(&lock);
    WakeAllConditionVariable(&changed);
    if (inside)
        client_violation(
            "a callback was unregistered inside a callback: this deadlocks on Windows");
}
