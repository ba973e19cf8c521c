/* SPDX-License-Identifier: MIT */
#include "runner/terminal.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_WIDTH 80

static bool write_all(int descriptor, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t done = write(descriptor, text, left);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        text += done;
        left -= (size_t)done;
    }
    return true;
}

bool terminal_stderr_is_console(void)
{
    return isatty(STDERR_FILENO);
}

unsigned terminal_width(void)
{
    struct winsize size = {0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return DEFAULT_WIDTH;
    return size.ws_col;
}

void terminal_error_text(const char *text)
{
    (void)write_all(STDERR_FILENO, text);
}

bool terminal_result(const char *text, struct error *err)
{
    return write_all(STDOUT_FILENO, text) || error_errno(err, errno, "write to standard output");
}
