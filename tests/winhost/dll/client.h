/* SPDX-License-Identifier: MIT */
/* client: the DLLs' side of the protocol with the simulated host (tests/winhost/README.md).
 *
 * A request is built value by value, sent over a connection taken from a pool, and answered by a
 * reply whose strings stay valid until reply_clear(). Any number of threads may call at once. */
#pragma once

#include <winsock2.h>

#include <stdbool.h>
#include <stdint.h>
#include <windows.h>

struct request {
    char *data;
    uint32_t length;
    uint32_t capacity;
};

struct reply {
    HRESULT hr;
    char *data;
    uint32_t length;
};

void request_begin(struct request *request, const char *dll, const char *function);
void request_text(struct request *request, const char *name,
                  PCWSTR value); /* NULL is sent as NULL */
void request_utf8(struct request *request, const char *name, const char *value);
void request_number(struct request *request, const char *name, uint64_t value);
void request_guid(struct request *request, const char *name, const GUID *value);

/* Sends and frees the request. When the host cannot be reached the reply says so as Windows does
 * when the service is down: 0x800706BA. */
struct reply client_call(struct request *request);
/* The value of that name, or NULL. */
const char *reply_value(const struct reply *reply, const char *name);
uint64_t reply_number(const struct reply *reply, const char *name);
void reply_clear(struct reply *reply);

/* Tells the host of a misuse that only this side can see. */
void client_violation(const char *text);

/* A connection of its own: of kind "events", or "stream" with the token of the stream and its
 * number. */
SOCKET client_connect(const char *kind, const char *stream, const char *number);
/* One frame; false at the end. The caller frees *ret. */
bool client_receive(SOCKET connection, char **ret, uint32_t *ret_length);

char *utf8_from_wide(PCWSTR text);
