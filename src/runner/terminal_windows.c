/* SPDX-License-Identifier: MIT */
#include "runner/terminal.h"

#include <string.h>

#include "win32/console.h"

#define DEFAULT_WIDTH 80

static bool write_text(enum console_stream stream, const char *text)
{
    CLEANUP(error_clear) struct error ignored = {0};
    return console_write(stream, text, strlen(text), &ignored);
}

bool terminal_stderr_is_console(void)
{
    return console_is_terminal(CONSOLE_ERROR);
}

unsigned terminal_width(void)
{
    unsigned width = console_width(CONSOLE_ERROR);
    return width ? width : DEFAULT_WIDTH;
}

void terminal_error_text(const char *text)
{
    (void)write_text(CONSOLE_ERROR, text);
}

bool terminal_result(const char *text)
{
    return write_text(CONSOLE_OUTPUT, text);
}
