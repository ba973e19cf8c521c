/* SPDX-License-Identifier: MIT */
#include "hcs/stdio.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/os.h"
#include "win32/handle.h"
#include "win32/hresult.h"

#define BUFFER_SIZE ((size_t)64 * 1024)
/* A read of 0 bytes is a program's empty write, or the end: so many in a row after the program has
 * gone are the end. */
#define EMPTY_READS_AT_END 16
/* How long a stopped thread may take to notice, and how much longer when it is in a write of ours
 * that has to be cancelled first. */
#define STOP_WAIT_MS 20
#define STOP_ATTEMPTS 50

/* Owned by its thread and by whoever started it; the last one frees it. */
struct hcs_pump {
    volatile LONG owners;
    HANDLE pipe;
    HANDLE done;  /* manual reset */
    HANDLE stop;  /* manual reset */
    HANDLE ready; /* of the overlapped transfers */
    HANDLE producer_exited;
    struct os_thread thread;
    struct hcs_sink sink;
    struct hcs_source source;
    volatile LONG state;
    volatile LONG64 progress;
    struct error failure; /* written by the thread before 'done' */
    unsigned char buffer[BUFFER_SIZE];
};

/* ---- our own ends ---- */

static bool read_handle(void *user, void *data, size_t capacity, size_t *ret_length,
                        struct error *err)
{
    HANDLE handle = user;
    DWORD length = 0;
    bool interrupted = false;
    do {
        SetLastError(ERROR_SUCCESS);
        if (!ReadFile(handle, data, (DWORD)capacity, &length, NULL)) {
            DWORD code = GetLastError();
            *ret_length = 0;
            return code == ERROR_BROKEN_PIPE || code == ERROR_HANDLE_EOF
                || error_win32(err, code, "read standard input");
        }
        /* Ctrl-C ends a read from the console with nothing and this code; Ctrl-Z without it. */
        interrupted = length == 0 && GetLastError() == ERROR_OPERATION_ABORTED;
    } while (interrupted);
    *ret_length = length;
    return true;
}

static bool write_handle(void *user, const void *data, size_t length, struct error *err)
{
    HANDLE handle = user;
    const char *at = data;
    while (length > 0) {
        DWORD written = 0;
        if (!WriteFile(handle, at, (DWORD)length, &written, NULL))
            return error_win32(err, GetLastError(), "write the container's output");
        at += written;
        length -= written;
    }
    return true;
}

struct hcs_sink hcs_sink_to_handle(HANDLE handle)
{
    HANDLE usable = handle_or_null(handle);
    return (struct hcs_sink){.write = usable ? write_handle : NULL, .user = usable};
}

struct hcs_source hcs_source_from_handle(HANDLE handle)
{
    HANDLE usable = handle_or_null(handle);
    return (struct hcs_source){.read = usable ? read_handle : NULL, .user = usable};
}

/* ---- the container's ends ---- */

static bool is_stopped(const struct hcs_pump *pump)
{
    return WaitForSingleObject(pump->stop, 0) == WAIT_OBJECT_0;
}

/* Waits for a transfer that was started with 'started'; a stop cancels it. Returns a Win32 code. */
static DWORD complete(struct hcs_pump *pump, OVERLAPPED *overlapped, BOOL started, DWORD *ret_moved)
{
    DWORD code = started ? ERROR_SUCCESS : GetLastError();
    if (code != ERROR_SUCCESS && code != ERROR_IO_PENDING && code != ERROR_MORE_DATA)
        return code;
    HANDLE handles[] = {pump->ready, pump->stop};
    if (WaitForMultipleObjects(ARRAY_SIZE(handles), handles, FALSE, INFINITE) != WAIT_OBJECT_0)
        CancelIoEx(pump->pipe, overlapped);
    if (GetOverlappedResult(pump->pipe, overlapped, ret_moved, /* bWait= */ TRUE))
        return ERROR_SUCCESS;
    code = GetLastError();
    return code == ERROR_MORE_DATA ? ERROR_SUCCESS : code;
}

static DWORD read_pipe(struct hcs_pump *pump, DWORD *ret_length)
{
    OVERLAPPED overlapped = {.hEvent = pump->ready};
    BOOL started = ReadFile(pump->pipe, pump->buffer, BUFFER_SIZE, NULL, &overlapped);
    return complete(pump, &overlapped, started, ret_length);
}

static DWORD write_pipe(struct hcs_pump *pump, size_t length)
{
    size_t done = 0;
    while (done < length) {
        OVERLAPPED overlapped = {.hEvent = pump->ready};
        DWORD moved = 0;
        BOOL started =
            WriteFile(pump->pipe, pump->buffer + done, (DWORD)(length - done), NULL, &overlapped);
        DWORD code = complete(pump, &overlapped, started, &moved);
        if (code != ERROR_SUCCESS)
            return code;
        done += moved;
    }
    return ERROR_SUCCESS;
}

/* The other end has gone; for an output pipe this is its ordinary end. */
static bool is_closed_pipe(DWORD code)
{
    return code == ERROR_BROKEN_PIPE || code == ERROR_NO_DATA || code == ERROR_PIPE_NOT_CONNECTED
        || code == ERROR_HANDLE_EOF;
}

static void report(struct hcs_pump *pump, DWORD code, const char *what)
{
    bool expected = is_closed_pipe(code) || (code == ERROR_OPERATION_ABORTED && is_stopped(pump));
    if (!expected)
        error_win32(&pump->failure, code, "%s", what);
}

/* ---- threads ---- */

static void pump_release(struct hcs_pump *pump)
{
    if (InterlockedDecrement(&pump->owners) > 0)
        return;
    handle_close(&pump->pipe);
    handle_close(&pump->done);
    handle_close(&pump->stop);
    handle_close(&pump->ready);
    handle_close(&pump->producer_exited);
    error_clear(&pump->failure);
    free(pump);
}

static void pump_end(struct hcs_pump *pump)
{
    InterlockedExchange(&pump->state, HCS_PUMP_DONE);
    SetEvent(pump->done);
    pump_release(pump);
}

static void moved(struct hcs_pump *pump, size_t length)
{
    InterlockedExchangeAdd64(&pump->progress, (LONG64)length);
}

/* True when the sink took it. Our reader's end is no failure. */
static bool deliver(struct hcs_pump *pump, DWORD length)
{
    InterlockedExchange(&pump->state, HCS_PUMP_WRITING);
    struct error err = {0};
    bool delivered =
        !pump->sink.write || pump->sink.write(pump->sink.user, pump->buffer, length, &err);
    if (!delivered) {
        bool stopped = is_stopped(pump);
        bool reader_gone = err.domain == ERR_DOMAIN_WIN32 && is_closed_pipe(err.code);
        if (!stopped && !reader_gone)
            pump->failure = TAKE(err);
        error_clear(&err);
    }
    InterlockedExchange(&pump->state, HCS_PUMP_READING);
    return delivered;
}

static void output_main(void *argument)
{
    struct hcs_pump *pump = argument;
    unsigned empty_reads = 0;
    while (!is_stopped(pump)) {
        DWORD length = 0;
        DWORD code = read_pipe(pump, &length);
        if (code != ERROR_SUCCESS) {
            report(pump, code, "read the container's output");
            break;
        }
        moved(pump, length);
        if (length > 0) {
            empty_reads = 0;
            if (!deliver(pump, length))
                break;
            continue;
        }
        bool may_end = WaitForSingleObject(pump->producer_exited, 0) == WAIT_OBJECT_0;
        if (may_end && ++empty_reads >= EMPTY_READS_AT_END)
            break;
        Sleep(1);
    }
    /* At once, so that a program whose output nobody takes any more learns of it. */
    handle_close(&pump->pipe);
    pump_end(pump);
}

static void input_main(void *argument)
{
    struct hcs_pump *pump = argument;
    while (!is_stopped(pump)) {
        InterlockedExchange(&pump->state, HCS_PUMP_READING);
        struct error err = {0};
        size_t length = 0;
        if (!pump->source.read(pump->source.user, pump->buffer, BUFFER_SIZE, &length, &err)) {
            if (!is_stopped(pump))
                pump->failure = TAKE(err);
            error_clear(&err);
            break;
        }
        if (length == 0)
            break;
        InterlockedExchange(&pump->state, HCS_PUMP_WRITING);
        DWORD code = write_pipe(pump, length);
        if (code != ERROR_SUCCESS) {
            report(pump, code, "write the container's input");
            break;
        }
        moved(pump, length);
    }
    pump_end(pump);
}

static bool open_events(struct hcs_pump *pump, struct error *err)
{
    pump->done = CreateEventW(NULL, /* bManualReset= */ TRUE, FALSE, NULL);
    pump->stop = CreateEventW(NULL, /* bManualReset= */ TRUE, FALSE, NULL);
    pump->ready = CreateEventW(NULL, /* bManualReset= */ TRUE, FALSE, NULL);
    return (pump->done && pump->stop && pump->ready)
        || error_win32(err, GetLastError(), "create an event");
}

/* A thread that is left behind needs the event for longer than its owner does. */
static bool keep_event(struct hcs_pump *pump, HANDLE event, struct error *err)
{
    return DuplicateHandle(GetCurrentProcess(), event, GetCurrentProcess(), &pump->producer_exited,
                           SYNCHRONIZE, FALSE, 0)
        || error_win32(err, GetLastError(), "duplicate an event");
}

static bool launch(struct hcs_pump *pump, void (*main)(void *), struct hcs_pump **ret,
                   struct error *err)
{
    pump->owners = 2;
    if (os_thread_start(&pump->thread, main, pump, err)) {
        *ret = pump;
        return true;
    }
    pump->owners = 1;
    pump_release(pump);
    return false;
}

static struct hcs_pump *pump_new(HANDLE pipe)
{
    struct hcs_pump *pump = xcalloc(1, sizeof(*pump));
    pump->owners = 1;
    pump->pipe = pipe;
    pump->state = HCS_PUMP_READING;
    return pump;
}

bool hcs_pump_output(HANDLE pipe, const struct hcs_sink *sink, HANDLE producer_exited,
                     struct hcs_pump **ret, struct error *err)
{
    struct hcs_pump *pump = pump_new(pipe);
    pump->sink = *sink;
    if (!open_events(pump, err) || !keep_event(pump, producer_exited, err)) {
        pump_release(pump);
        return false;
    }
    return launch(pump, output_main, ret, err);
}

bool hcs_pump_input(const struct hcs_source *source, HANDLE pipe, struct hcs_pump **ret,
                    struct error *err)
{
    struct hcs_pump *pump = pump_new(pipe);
    pump->source = *source;
    if (!open_events(pump, err)) {
        pump_release(pump);
        return false;
    }
    return launch(pump, input_main, ret, err);
}

HANDLE hcs_pump_done_event(const struct hcs_pump *pump)
{
    return pump->done;
}

enum hcs_pump_state hcs_pump_state(const struct hcs_pump *pump)
{
    return (enum hcs_pump_state)pump->state;
}

LONG64 hcs_pump_progress(const struct hcs_pump *pump)
{
    return pump->progress;
}

void hcs_pump_close_pipe(struct hcs_pump *pump)
{
    handle_close(&pump->pipe);
}

/* True when the thread has ended. What it waits for may be a transfer, which 'stop' cancels, or a
 * call of ours that only CancelSynchronousIo() ends; as that misses a thread which is just about to
 * make the call it is repeated. */
static bool stop(struct hcs_pump *pump)
{
    SetEvent(pump->stop);
    HANDLE thread = handle_from_number(pump->thread.handle);
    for (unsigned i = 0; i < STOP_ATTEMPTS; i++) {
        CancelSynchronousIo(thread);
        if (WaitForSingleObject(pump->done, STOP_WAIT_MS) == WAIT_OBJECT_0)
            return true;
        /* Nothing is lost with input that nobody wants any more. */
        if (pump->source.read && hcs_pump_state(pump) == HCS_PUMP_READING)
            return false;
    }
    return false;
}

bool hcs_pump_finish(struct hcs_pump **pump, struct error *err)
{
    struct hcs_pump *ending = TAKE(*pump);
    if (!ending)
        return true;
    if (!stop(ending)) {
        HANDLE thread = handle_from_number(ending->thread.handle);
        handle_close(&thread);
        pump_release(ending);
        return true;
    }
    os_thread_join(&ending->thread);
    bool failed = error_is_set(&ending->failure);
    if (failed)
        *err = TAKE(ending->failure);
    pump_release(ending);
    return !failed;
}
