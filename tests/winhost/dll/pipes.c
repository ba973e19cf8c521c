/* SPDX-License-Identifier: MIT */
#include "pipes.h"

#include <stdio.h>
#include <stdlib.h>

#define CHUNK 65536

struct pump {
    HANDLE pipe; /* our end */
    SOCKET connection;
};

static const char *const numbers[] = {[PIPE_INPUT] = "0", [PIPE_OUTPUT] = "1", [PIPE_ERROR] = "2"};

/* What the process writes, to the caller. The caller sees ERROR_BROKEN_PIPE after the last byte. */
static DWORD WINAPI pump_output(void *argument)
{
    struct pump *pump = argument;
    char *chunk = malloc(CHUNK);
    for (;;) {
        int length = recv(pump->connection, chunk, CHUNK, 0);
        DWORD done = 0;
        if (length <= 0 || !WriteFile(pump->pipe, chunk, (DWORD)length, &done, NULL))
            break;
    }
    CloseHandle(pump->pipe);
    closesocket(pump->connection);
    free(chunk);
    free(pump);
    return 0;
}

static bool send_all(SOCKET connection, const char *data, DWORD length)
{
    while (length > 0) {
        int done = send(connection, data, (int)length, 0);
        if (done <= 0)
            return false;
        data += done;
        length -= (DWORD)done;
    }
    return true;
}

/* What the caller writes, to the process. The caller's CloseHandle is the process's end of input.
 */
static DWORD WINAPI pump_input(void *argument)
{
    struct pump *pump = argument;
    char *chunk = malloc(CHUNK);
    DWORD length = 0;
    while (ReadFile(pump->pipe, chunk, CHUNK, &length, NULL))
        if (!send_all(pump->connection, chunk, length))
            break;
    shutdown(pump->connection, SD_SEND);
    CloseHandle(pump->pipe);
    closesocket(pump->connection);
    free(chunk);
    free(pump);
    return 0;
}

static void pipe_name(WCHAR name[64])
{
    static LONG counter;
    _snwprintf(name, 64, L"\\\\.\\pipe\\simhost-%lu-%ld", (unsigned long)GetCurrentProcessId(),
               (long)InterlockedIncrement(&counter));
}

HANDLE pipe_open(enum pipe_stream stream, const char *token)
{
    WCHAR name[64];
    bool input = stream == PIPE_INPUT;
    pipe_name(name);
    HANDLE callers =
        CreateNamedPipeW(name,
                         (input ? PIPE_ACCESS_OUTBOUND : PIPE_ACCESS_INBOUND) | FILE_FLAG_OVERLAPPED
                             | FILE_FLAG_FIRST_PIPE_INSTANCE,
                         PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT, 1, CHUNK, CHUNK, 0, NULL);
    HANDLE ours =
        CreateFileW(name, input ? GENERIC_READ : GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    SOCKET connection = client_connect("stream", token, numbers[stream]);
    if (callers == INVALID_HANDLE_VALUE || ours == INVALID_HANDLE_VALUE
        || connection == INVALID_SOCKET) {
        CloseHandle(callers);
        CloseHandle(ours);
        closesocket(connection);
        return NULL;
    }
    struct pump *pump = malloc(sizeof(*pump));
    *pump = (struct pump){.pipe = ours, .connection = connection};
    CloseHandle(CreateThread(NULL, 0, input ? pump_input : pump_output, pump, 0, NULL));
    return callers;
}
