/* SPDX-License-Identifier: MIT */
/* events: what the DLLs' callbacks brought, in order. */
#pragma once

#include <stdbool.h>
#include <windows.h>

struct event {
    const char *callback; /* the name the script gave the callback */
    DWORD type;
    HRESULT status;
    char *data; /* UTF-8, or NULL */
    bool taken;
};

/* The context to register notify() with. When `function` is not NULL, the callback calls that
 * function on the handle in `variable` - which is what a callback must not do. Lives as long as the
 * process. */
void *event_context(const char *callback, const char *function, const char *variable);
void CALLBACK event_notify(DWORD type, void *argument, HRESULT status, PCWSTR data);

/* Waits for the next notification of that type and takes it; false when none came in time. */
bool event_take(const char *callback, DWORD type, unsigned long seconds, struct event *ret);
/* The fields of one event, inside an object. */
void event_print(const struct event *event);
/* What came and was never waited for. */
void events_print_rest(void);
