/* SPDX-License-Identifier: MIT */
#include "runner/prompt.h"

#include "runner/terminal.h"
#include "win32/console.h"

#define LINE_MAXIMUM 4096

bool prompt_ask(const char *question, enum prompt_echo echo, const struct cancel *cancel,
                char **ret, struct error *err)
{
    bool hidden = echo == PROMPT_HIDDEN;
    terminal_error_text(question);
    bool read = console_read_line(LINE_MAXIMUM, hidden, ret, err);
    if (hidden)
        terminal_error_text("\n"); /* the one that was typed was not shown */
    /* Ctrl-C ends the reading with what there is. */
    return read && cancel_check(cancel, err);
}
