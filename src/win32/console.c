/* SPDX-License-Identifier: MIT */
#include "win32/console.h"

#include "base/alloc.h"
#include "base/secret.h"
#include "base/utf.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/utf16.h"

/* What the oldest supported consoles take in one call without failing for lack of memory. */
#define WRITE_UNITS 8192

static HANDLE stream_handle(enum console_stream stream)
{
    static const DWORD numbers[] = {
        [CONSOLE_INPUT] = STD_INPUT_HANDLE,
        [CONSOLE_OUTPUT] = STD_OUTPUT_HANDLE,
        [CONSOLE_ERROR] = STD_ERROR_HANDLE,
    };
    return handle_or_null(GetStdHandle(numbers[stream]));
}

bool console_is_terminal(enum console_stream stream)
{
    DWORD mode;
    return GetConsoleMode(stream_handle(stream), &mode);
}

void console_size(enum console_stream stream, unsigned *ret_columns, unsigned *ret_rows)
{
    CONSOLE_SCREEN_BUFFER_INFO info;
    if (!GetConsoleScreenBufferInfo(stream_handle(stream), &info))
        return;
    *ret_columns = (unsigned)(info.srWindow.Right - info.srWindow.Left + 1);
    *ret_rows = (unsigned)(info.srWindow.Bottom - info.srWindow.Top + 1);
}

static bool write_units(HANDLE console, const uint16_t *units, size_t count, struct error *err)
{
    while (count > 0) {
        DWORD wanted = count < WRITE_UNITS ? (DWORD)count : WRITE_UNITS;
        DWORD written = 0;
        if (!WriteConsoleW(console, units, wanted, &written, NULL))
            return error_win32(err, GetLastError(), "write to the console");
        units += written;
        count -= written;
    }
    return true;
}

static bool write_bytes(HANDLE file, const char *text, size_t length, struct error *err)
{
    while (length > 0) {
        DWORD wanted = length < (1u << 30) ? (DWORD)length : (1u << 30);
        DWORD written = 0;
        if (!WriteFile(file, text, wanted, &written, NULL))
            return error_win32(err, GetLastError(), "write output");
        text += written;
        length -= written;
    }
    return true;
}

bool console_write(enum console_stream stream, const char *text, size_t length, struct error *err)
{
    HANDLE handle = stream_handle(stream);
    if (!console_is_terminal(stream))
        return write_bytes(handle, text, length, err);

    CLEANUP(mem_free) uint16_t *units = NULL;
    size_t count;
    return utf16_units_from_utf8(text, length, &units, &count, err)
        && write_units(handle, units, count, err);
}

static bool read_units(HANDLE console, wchar_t *units, size_t maximum, struct error *err)
{
    DWORD got = 0;
    if (!ReadConsoleW(console, units, (DWORD)maximum, &got, NULL))
        return error_win32(err, GetLastError(), "read from the console");
    while (got > 0 && (units[got - 1] == L'\n' || units[got - 1] == L'\r'))
        got--;
    units[got] = L'\0';
    return true;
}

bool console_read_line(size_t maximum, bool hidden, char **ret, struct error *err)
{
    HANDLE console = stream_handle(CONSOLE_INPUT);
    size_t size = (maximum + 1) * sizeof(wchar_t);
    CLEANUP(mem_free) wchar_t *units = xcalloc(1, size);
    DWORD mode;
    if (!GetConsoleMode(console, &mode))
        return error_win32(err, GetLastError(), "read the console's mode");
    if (hidden && !SetConsoleMode(console, mode & ~(DWORD)ENABLE_ECHO_INPUT))
        return error_win32(err, GetLastError(), "switch the console's echo off");
    bool read = read_units(console, units, maximum, err);
    if (hidden)
        SetConsoleMode(console, mode);
    read = read && utf16_to_utf8(units, ret, err);
    secret_wipe(units, size);
    return read;
}

/* Some consoles take the mode and then print the escape sequences. One that changes nothing leaves
 * the cursor where it was when it is understood. */
static bool understands_escapes(HANDLE console)
{
    static const WCHAR probe[] = L"\x1b[m";
    CONSOLE_SCREEN_BUFFER_INFO before;
    CONSOLE_SCREEN_BUFFER_INFO after;
    DWORD written = 0;
    if (!GetConsoleScreenBufferInfo(console, &before)
        || !WriteConsoleW(console, probe, ARRAY_SIZE(probe) - 1, &written, NULL)
        || !GetConsoleScreenBufferInfo(console, &after))
        return false;
    if (before.dwCursorPosition.X == after.dwCursorPosition.X)
        return true;
    FillConsoleOutputCharacterW(console, L' ', ARRAY_SIZE(probe) - 1, before.dwCursorPosition,
                                &written);
    SetConsoleCursorPosition(console, before.dwCursorPosition);
    return false;
}

bool console_enable_escapes(enum console_stream stream, struct console_mode *ret)
{
    HANDLE handle = stream_handle(stream);
    DWORD mode;
    if (!GetConsoleMode(handle, &mode))
        return false;
    bool is_input = stream == CONSOLE_INPUT;
    DWORD wanted = is_input ? mode | ENABLE_VIRTUAL_TERMINAL_INPUT
                            : mode | ENABLE_PROCESSED_OUTPUT | ENABLE_VIRTUAL_TERMINAL_PROCESSING;
    if (!SetConsoleMode(handle, wanted))
        return false;
    if (!is_input && !understands_escapes(handle)) {
        SetConsoleMode(handle, mode);
        return false;
    }
    *ret = (struct console_mode){.stream = stream, .saved = mode, .is_changed = true};
    return true;
}

void console_restore(struct console_mode *mode)
{
    if (mode->is_changed)
        SetConsoleMode(stream_handle(mode->stream), mode->saved);
    *mode = (struct console_mode){0};
}

/* Handlers run on a thread of the system's and take no argument, hence this one global. */
static struct cancel *routed;

static BOOL WINAPI on_ctrl(DWORD event)
{
    struct cancel *cancel = __atomic_load_n(&routed, __ATOMIC_SEQ_CST);
    if (!cancel)
        return FALSE;
    cancel_request(cancel);
    /* For these three the process is ended as soon as the handler returns, or after about five
     * seconds; the main thread needs that time to tidy up. */
    if (event == CTRL_CLOSE_EVENT || event == CTRL_LOGOFF_EVENT || event == CTRL_SHUTDOWN_EVENT)
        Sleep(INFINITE);
    return TRUE;
}

bool console_route_ctrl(struct cancel *cancel, struct error *err)
{
    __atomic_store_n(&routed, cancel, __ATOMIC_SEQ_CST);
    if (!SetConsoleCtrlHandler(on_ctrl, TRUE)) {
        __atomic_store_n(&routed, NULL, __ATOMIC_SEQ_CST);
        return error_win32(err, GetLastError(), "catch Ctrl-C");
    }
    return true;
}

void console_unroute_ctrl(void)
{
    SetConsoleCtrlHandler(on_ctrl, FALSE);
    __atomic_store_n(&routed, NULL, __ATOMIC_SEQ_CST);
}
