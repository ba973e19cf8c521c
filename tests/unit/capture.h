/* SPDX-License-Identifier: MIT */
/* capture: what a function writes to one of our standard streams, which is a pipe or a terminal
 * meanwhile. For *_posix_test.c. */
#pragma once

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "check.h"

struct capture {
    int stream; /* STDOUT_FILENO or STDERR_FILENO */
    int saved;
    int read_end;
    char *text; /* owned; after capture_end() */
};

static inline void capture_start(struct capture *ret, int stream, int read_end, int write_end)
{
    fflush(NULL);
    *ret = (struct capture){.stream = stream, .saved = dup(stream), .read_end = read_end};
    assert_true(ret->saved >= 0);
    assert_int_equal(dup2(write_end, stream), stream);
    close(write_end);
}

static inline void capture_pipe(struct capture *ret, int stream)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    capture_start(ret, stream, ends[0], ends[1]);
}

/* A terminal of six rows that passes bytes on as they are. */
static inline void capture_terminal(struct capture *ret, int stream, unsigned short columns)
{
    int outer = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(outer >= 0);
    assert_int_equal(grantpt(outer), 0);
    assert_int_equal(unlockpt(outer), 0);
    int inner = open(ptsname(outer), O_RDWR | O_NOCTTY);
    assert_true(inner >= 0);
    struct termios mode;
    assert_int_equal(tcgetattr(inner, &mode), 0);
    cfmakeraw(&mode);
    assert_int_equal(tcsetattr(inner, TCSANOW, &mode), 0);
    const struct winsize size = {.ws_row = 6, .ws_col = columns};
    assert_int_equal(ioctl(inner, TIOCSWINSZ, &size), 0);
    capture_start(ret, stream, outer, inner);
}

/* Restores the stream; capture->text is then what was written, at most 64 kB. */
static inline void capture_end(struct capture *capture)
{
    char *text = xcalloc(1, 65537);
    size_t length = 0;
    ssize_t got = 0;
    dup2(capture->saved, capture->stream);
    close(capture->saved);
    while (length < 65536 && (got = read(capture->read_end, text + length, 65536 - length)) > 0)
        length += (size_t)got;
    close(capture->read_end);
    capture->text = text;
}
