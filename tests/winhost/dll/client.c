/* SPDX-License-Identifier: MIT */
#include "client.h"

#include <ntsecapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PORT_FILE L"C:\\windows\\simhost.port"
#define FRAME_MAX (16u << 20)
#define RPC_SERVER_UNAVAILABLE ((HRESULT)0x800706BA)
#define POOL_SIZE 32

static SRWLOCK lock = SRWLOCK_INIT;
static SOCKET pool[POOL_SIZE]; /* idle call connections */
static unsigned pool_count;
static char client_name[33];
static char token[128];
static unsigned short port;

/* ---- bytes ---- */

static void append(struct request *request, const void *data, uint32_t length)
{
    if (request->capacity - request->length < length) {
        request->capacity = (request->length + length) * 2;
        request->data = realloc(request->data, request->capacity);
    }
    memcpy(request->data + request->length, data, length);
    request->length += length;
}

static void append_text(struct request *request, const char *text)
{
    append(request, text, (uint32_t)strlen(text) + 1);
}

static bool send_all(SOCKET connection, const void *data, uint32_t length)
{
    const char *at = data;
    while (length > 0) {
        int done = send(connection, at, (int)length, 0);
        if (done <= 0)
            return false;
        at += done;
        length -= (uint32_t)done;
    }
    return true;
}

static bool receive_all(SOCKET connection, void *data, uint32_t length)
{
    char *at = data;
    while (length > 0) {
        int done = recv(connection, at, (int)length, 0);
        if (done <= 0)
            return false;
        at += done;
        length -= (uint32_t)done;
    }
    return true;
}

static bool send_frame(SOCKET connection, const struct request *request)
{
    return send_all(connection, &request->length, sizeof(request->length))
        && send_all(connection, request->data, request->length);
}

bool client_receive(SOCKET connection, char **ret, uint32_t *ret_length)
{
    uint32_t length = 0;
    if (!receive_all(connection, &length, sizeof(length)) || length > FRAME_MAX)
        return false;
    char *data = malloc(length + 1);
    if (!receive_all(connection, data, length)) {
        free(data);
        return false;
    }
    data[length] = 0;
    *ret = data;
    *ret_length = length;
    return true;
}

char *utf8_from_wide(PCWSTR text)
{
    int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *utf8 = calloc((size_t)size + 1, 1);
    WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, size, NULL, NULL);
    return utf8;
}

/* ---- requests ---- */

void request_begin(struct request *request, const char *dll, const char *function)
{
    *request = (struct request){0};
    append_text(request, dll);
    append_text(request, function);
}

static void append_value(struct request *request, const char *name, char type, const char *value)
{
    append_text(request, name);
    append(request, &type, 1);
    append_text(request, value);
}

void request_utf8(struct request *request, const char *name, const char *value)
{
    append_value(request, name, 's', value);
}

void request_text(struct request *request, const char *name, PCWSTR value)
{
    if (!value) {
        append_value(request, name, 'n', "");
        return;
    }
    char *utf8 = utf8_from_wide(value);
    append_value(request, name, 's', utf8);
    free(utf8);
}

void request_number(struct request *request, const char *name, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    append_value(request, name, 'u', text);
}

void request_guid(struct request *request, const char *name, const GUID *value)
{
    char text[40];
    const unsigned char *d = value->Data4;
    snprintf(text, sizeof(text), "%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x",
             (unsigned long)value->Data1, value->Data2, value->Data3, d[0], d[1], d[2], d[3], d[4],
             d[5], d[6], d[7]);
    append_value(request, name, 's', text);
}

/* ---- connections ---- */

static bool read_port_file(void)
{
    char text[192] = {0};
    DWORD length = 0;
    HANDLE file = CreateFileW(PORT_FILE, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE)
        return false;
    BOOL ok = ReadFile(file, text, sizeof(text) - 1, &length, NULL);
    CloseHandle(file);
    char *space = strchr(text, ' ');
    if (!ok || !space)
        return false;
    port = (unsigned short)strtoul(text, NULL, 10);
    snprintf(token, sizeof(token), "%.*s", (int)strcspn(space + 1, "\r\n"), space + 1);
    return true;
}

static bool initialize(void)
{
    WSADATA data;
    unsigned char random[16];
    if (*client_name)
        return true;
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0 || !read_port_file()
        || !RtlGenRandom(random, sizeof(random)))
        return false;
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(client_name + 2 * i, 3, "%02x", random[i]);
    return true;
}

static void hello(struct request *request, const char *kind, const char *stream, const char *number)
{
    char pid[16];
    WCHAR path[MAX_PATH];
    *request = (struct request){0};
    snprintf(pid, sizeof(pid), "%lu", (unsigned long)GetCurrentProcessId());
    GetModuleFileNameW(NULL, path, MAX_PATH);
    char *program = utf8_from_wide(path);
    const char *values[] = {"hello", token, kind, client_name, pid, program, stream, number};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]) && values[i]; i++)
        append_text(request, values[i]);
    free(program);
}

SOCKET client_connect(const char *kind, const char *stream, const char *number)
{
    AcquireSRWLockExclusive(&lock);
    bool ready = initialize();
    ReleaseSRWLockExclusive(&lock);
    if (!ready)
        return INVALID_SOCKET;

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    BOOL at_once = TRUE;
    SOCKET connection = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, (const char *)&at_once, sizeof(at_once));
    struct request request;
    hello(&request, kind, stream, number);
    bool ok = connect(connection, (const struct sockaddr *)&address, sizeof(address)) == 0
        && send_frame(connection, &request);
    free(request.data);
    if (ok)
        return connection;
    closesocket(connection);
    return INVALID_SOCKET;
}

static SOCKET take_connection(void)
{
    SOCKET connection = INVALID_SOCKET;
    AcquireSRWLockExclusive(&lock);
    if (pool_count > 0)
        connection = pool[--pool_count];
    ReleaseSRWLockExclusive(&lock);
    return connection != INVALID_SOCKET ? connection : client_connect("call", NULL, NULL);
}

static void return_connection(SOCKET connection)
{
    AcquireSRWLockExclusive(&lock);
    bool kept = pool_count < POOL_SIZE;
    if (kept)
        pool[pool_count++] = connection;
    ReleaseSRWLockExclusive(&lock);
    if (!kept)
        closesocket(connection);
}

/* ---- calls ---- */

/* Fault injection: the host may want this process dead, or the call slow. */
static void obey(const struct reply *reply)
{
    if (reply_value(reply, "die"))
        TerminateProcess(GetCurrentProcess(), 137);
    uint64_t delay_ms = reply_number(reply, "delay_ms");
    if (delay_ms > 0)
        Sleep((DWORD)delay_ms);
}

struct reply client_call(struct request *request)
{
    struct reply reply = {.hr = RPC_SERVER_UNAVAILABLE};
    SOCKET connection = take_connection();
    bool answered = connection != INVALID_SOCKET && send_frame(connection, request)
        && client_receive(connection, &reply.data, &reply.length);
    free(request->data);
    *request = (struct request){0};
    if (!answered) {
        if (connection != INVALID_SOCKET)
            closesocket(connection);
        return reply;
    }
    return_connection(connection);
    reply.hr = (HRESULT)strtoul(reply.data, NULL, 16);
    obey(&reply);
    return reply;
}

const char *reply_value(const struct reply *reply, const char *name)
{
    if (!reply->data)
        return NULL;
    const char *end = reply->data + reply->length;
    const char *at = reply->data + strlen(reply->data) + 1;
    while (at < end) {
        const char *value = at + strlen(at) + 1;
        if (value > end)
            return NULL;
        if (strcmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

uint64_t reply_number(const struct reply *reply, const char *name)
{
    const char *value = reply_value(reply, name);
    return value ? strtoull(value, NULL, 0) : 0;
}

void reply_clear(struct reply *reply)
{
    free(reply->data);
    *reply = (struct reply){0};
}

void client_violation(const char *text)
{
    struct request request;
    request_begin(&request, "winhost", "violation");
    request_utf8(&request, "text", text);
    struct reply reply = client_call(&request);
    reply_clear(&reply);
}
