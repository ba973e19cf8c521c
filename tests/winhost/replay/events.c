/* SPDX-License-Identifier: MIT */
#include "events.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "values.h"

#define EVENTS_MAX 256
#define POLL_MS 5

struct context {
    char *callback;
    char *function;
    char *variable;
};

static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE changed = CONDITION_VARIABLE_INIT;
static struct event events[EVENTS_MAX];
static unsigned count;

void *event_context(const char *callback, const char *function, const char *variable)
{
    struct context *context = calloc(1, sizeof(*context));
    context->callback = _strdup(callback);
    context->function = function ? _strdup(function) : NULL;
    context->variable = variable ? _strdup(variable) : NULL;
    return context;
}

/* The registration's handle is a variable only after the registering call has returned. */
static void misbehave(const struct context *context)
{
    HMODULE dll = GetModuleHandleW(L"vmcompute.dll");
    typedef HRESULT(WINAPI * on_handle)(uintptr_t);
    on_handle call = (on_handle)(uintptr_t)GetProcAddress(dll, context->function);
    while (!variable_is_set(context->variable))
        Sleep(POLL_MS);
    if (call)
        call(variable_handle(context->variable));
}

void CALLBACK event_notify(DWORD type, void *argument, HRESULT status, PCWSTR data)
{
    const struct context *context = argument;
    if (context->function)
        misbehave(context);
    AcquireSRWLockExclusive(&lock);
    if (count < EVENTS_MAX)
        events[count++] = (struct event){.callback = context->callback,
                                         .type = type,
                                         .status = status,
                                         .data = data ? utf8_from_wide(data) : NULL};
    ReleaseSRWLockExclusive(&lock);
    WakeAllConditionVariable(&changed);
}

static struct event *find(const char *callback, DWORD type)
{
    for (unsigned i = 0; i < count; i++) {
        struct event *event = &events[i];
        if (!event->taken && event->type == type && strcmp(event->callback, callback) == 0)
            return event;
    }
    return NULL;
}

bool event_take(const char *callback, DWORD type, unsigned long seconds, struct event *ret)
{
    ULONGLONG deadline = GetTickCount64() + seconds * 1000ull;
    struct event *found = NULL;
    AcquireSRWLockExclusive(&lock);
    while (!(found = find(callback, type))) {
        ULONGLONG now = GetTickCount64();
        if (now >= deadline)
            break;
        SleepConditionVariableSRW(&changed, &lock, (DWORD)(deadline - now), 0);
    }
    if (found) {
        found->taken = true;
        *ret = *found;
    }
    ReleaseSRWLockExclusive(&lock);
    return found != NULL;
}

void event_print(const struct event *event)
{
    json_text("on", event->callback);
    json_code("hr", (DWORD)event->status);
    if (event->data)
        json_text("data", event->data);
}

void events_print_rest(void)
{
    AcquireSRWLockExclusive(&lock);
    for (unsigned i = 0; i < count; i++) {
        if (events[i].taken)
            continue;
        json_begin(0, "(event)");
        json_code("type", events[i].type);
        event_print(&events[i]);
        json_end();
    }
    ReleaseSRWLockExclusive(&lock);
}
