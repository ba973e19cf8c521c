/* SPDX-License-Identifier: MIT */
#include "runner/terminal.h"

#include <string.h>

#include "win32/console.h"

#define DEFAULT_COLUMNS 80
#define DEFAULT_ROWS 25

bool terminal_stderr_is_console(void)
{
    return console_is_terminal(CONSOLE_ERROR);
}

struct terminal_size terminal_size(void)
{
    struct terminal_size size = {.columns = DEFAULT_COLUMNS, .rows = DEFAULT_ROWS};
    console_size(CONSOLE_ERROR, &size.columns, &size.rows);
    return size;
}

bool terminal_open(struct terminal_mode *ret)
{
    struct console_mode mode = {0};
    bool understands = console_enable_escapes(CONSOLE_ERROR, &mode);
    *ret = (struct terminal_mode){.is_open = true, .saved = mode.saved, .is_changed = understands};
    return understands;
}

void terminal_close(struct terminal_mode *mode)
{
    struct console_mode console = {
        .stream = CONSOLE_ERROR, .saved = mode->saved, .is_changed = mode->is_changed};
    console_restore(&console);
    *mode = (struct terminal_mode){0};
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
