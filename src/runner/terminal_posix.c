/* SPDX-License-Identifier: MIT */
#include "runner/terminal.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/os.h"
#include "base/text.h"

#define DEFAULT_COLUMNS 80
#define DEFAULT_ROWS 25

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

struct terminal_size terminal_size(void)
{
    struct winsize size = {0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0)
        size = (struct winsize){0};
    return (struct terminal_size){
        .columns = size.ws_col ? size.ws_col : DEFAULT_COLUMNS,
        .rows = size.ws_row ? size.ws_row : DEFAULT_ROWS,
    };
}

bool terminal_open(struct terminal_mode *ret)
{
    CLEANUP(str_free) char *type = os_getenv("TERM");
    *ret = (struct terminal_mode){.is_open = true};
    return type && *type && !str_equal(type, "dumb");
}

void terminal_close(struct terminal_mode *mode)
{
    *mode = (struct terminal_mode){0};
}

void terminal_error_text(const char *text)
{
    (void)write_all(STDERR_FILENO, text);
}

bool terminal_result(const char *text, struct error *err)
{
    return write_all(STDOUT_FILENO, text) || error_errno(err, errno, "write to standard output");
}
