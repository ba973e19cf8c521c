/* SPDX-License-Identifier: MIT */
#include "runner/stream.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

bool stream_input_is_console(void)
{
    return isatty(STDIN_FILENO);
}

bool stream_output_is_console(void)
{
    return isatty(STDOUT_FILENO);
}

/* A signal that comes before a read() would not end it; the wake-up descriptor does not forget. */
static bool wait_for_input(const struct cancel *cancel)
{
    struct pollfd waits[] = {
        {.fd = STDIN_FILENO, .events = POLLIN},
        {.fd = cancel && cancel->wakeup ? (int)cancel->wakeup : -1, .events = POLLIN},
    };
    return poll(waits, 2, -1) > 0 && waits[0].revents;
}

bool stream_read(void *data, size_t capacity, const struct cancel *cancel, size_t *ret_length,
                 struct error *err)
{
    for (;;) {
        if (!cancel_check(cancel, err))
            return false;
        if (!wait_for_input(cancel))
            continue;
        ssize_t got = read(STDIN_FILENO, data, capacity);
        if (got >= 0) {
            *ret_length = (size_t)got;
            return true;
        }
        if (errno != EINTR)
            return error_errno(err, errno, "read from standard input");
    }
}

bool stream_write(const void *data, size_t length, struct error *err)
{
    const char *at = data;
    while (length > 0) {
        ssize_t put = write(STDOUT_FILENO, at, length);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return error_errno(err, errno, "write to standard output");
        at += put;
        length -= (size_t)put;
    }
    return true;
}
