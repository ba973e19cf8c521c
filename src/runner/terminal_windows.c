/* SPDX-License-Identifier: MIT */
#include "runner/terminal.h"

#include <string.h>

#include "win32/console.h"

#define DEFAULT_WIDTH 80

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
    CLEANUP(error_clear) struct error err = {0};
    if (!console_write(CONSOLE_ERROR, text, strlen(text), &err))
        return; /* there is nobody left to tell */
}

bool terminal_result(const char *text, struct error *err)
{
    return console_write(CONSOLE_OUTPUT, text, strlen(text), err)
        || error_wrap(err, "write to standard output");
}
