/* SPDX-License-Identifier: MIT */
/* objects: the handles that callers hold, and the strings they must free.
 *
 * A handle is the address of an object with a magic number. Closed objects are never freed, so a
 * closed handle is recognised for ever: using it is answered with E_HANDLE and told to the host. */
#pragma once

#include "client.h"

#define E_HANDLE_CLOSED ((HRESULT)0x80070006)

enum object_kind {
    OBJECT_SYSTEM = 1,
    OBJECT_PROCESS,
    OBJECT_CALLBACK,
    OBJECT_NETWORK,
    OBJECT_NAMESPACE,
    OBJECT_ENDPOINT,
};

typedef void(CALLBACK *notification)(DWORD type, void *context, HRESULT status, PCWSTR data);

struct notice {
    struct notice *next;
    uint64_t number; /* of the handle it is for */
    DWORD type;
    HRESULT status;
    WCHAR *data;
};

struct object {
    uint32_t magic;
    enum object_kind kind;
    bool closed;
    uint64_t number; /* the host's */
    struct object *next;
    /* of systems and processes: */
    notification callback;
    void *context;
    struct notice *notices; /* not delivered yet, oldest first */
    bool delivering;
    /* of callbacks: */
    struct object *target;
};

struct object *object_new(enum object_kind kind, uint64_t number);
/* The open object behind a handle, or NULL (and a violation, when it was closed before). */
struct object *object_of(void *handle, enum object_kind kind, const char *function);
/* Whether an object, open or closed, is of that kind (a violation when it is not). */
bool object_is(const struct object *object, enum object_kind kind, const char *function);
/* Marks it closed; false when it is not open. */
bool object_close(void *handle, enum object_kind kind, const char *function);

/* Starts to listen for notifications of this process. */
void events_listen(void);
/* Sets or (NULL) removes the callback; removing waits until a running one has returned. */
void events_register(struct object *object, notification callback, void *context);

/* A string that the caller must free with CoTaskMemFree; what is never freed so becomes a violation
 * at the end of the process. */
PWSTR string_give(const char *utf8);
void strings_report(void);
