/* SPDX-License-Identifier: MIT */
#include "runner/stream.h"

#include "win32/console.h"
#include "win32/handle.h"
#include "win32/hresult.h"

#define LARGEST_TRANSFER ((size_t)1 << 20) /* pipes of old systems take no more at once */

static DWORD transfer_size(size_t length)
{
    return (DWORD)(length < LARGEST_TRANSFER ? length : LARGEST_TRANSFER);
}

bool stream_input_is_console(void)
{
    return console_is_terminal(CONSOLE_INPUT);
}

bool stream_output_is_console(void)
{
    return console_is_terminal(CONSOLE_OUTPUT);
}

bool stream_read(void *data, size_t capacity, const struct cancel *cancel, size_t *ret_length,
                 struct error *err)
{
    /* A read that waits cannot be interrupted; whoever writes the pipe gets the Ctrl-C as well. */
    DWORD got = 0;
    if (!cancel_check(cancel, err))
        return false;
    if (!ReadFile(handle_or_null(GetStdHandle(STD_INPUT_HANDLE)), data, transfer_size(capacity),
                  &got, NULL)
        && GetLastError() != ERROR_BROKEN_PIPE && GetLastError() != ERROR_HANDLE_EOF)
        return error_win32(err, GetLastError(), "read from standard input");
    *ret_length = got;
    return true;
}

bool stream_write(const void *data, size_t length, struct error *err)
{
    HANDLE file = handle_or_null(GetStdHandle(STD_OUTPUT_HANDLE));
    const char *at = data;
    while (length > 0) {
        DWORD put = 0;
        if (!WriteFile(file, at, transfer_size(length), &put, NULL))
            return error_win32(err, GetLastError(), "write to standard output");
        at += put;
        length -= put;
    }
    return true;
}
