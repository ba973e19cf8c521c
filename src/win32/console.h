/* SPDX-License-Identifier: MIT */
/* console: what wrun says to a person, and the person's Ctrl-C. */
#pragma once

#include "base/cancel.h"

enum console_stream { CONSOLE_INPUT, CONSOLE_OUTPUT, CONSOLE_ERROR };

/* False when the stream is a file, a pipe or closed. */
bool console_is_terminal(enum console_stream stream);
/* Of the window; leaves both alone when the stream is no console. */
void console_size(enum console_stream stream, unsigned *ret_columns, unsigned *ret_rows);

/* Writes UTF-8: through WriteConsoleW to a console, so that the code page does not matter, as bytes
 * to anything else. The text must not end inside a character. */
bool console_write(enum console_stream stream, const char *text, size_t length, struct error *err)
    MUST_USE;

/* A line that is typed at the console, of at most 'maximum' characters, without its end; the caller
 * owns it. Hidden = it is not shown. Ctrl-C ends the line. */
bool console_read_line(size_t maximum, bool hidden, char **ret, struct error *err) MUST_USE;

/* The mode a console had before wrun changed it. */
struct console_mode {
    enum console_stream stream;
    uint32_t saved;
    bool is_changed;
};

/* Makes the console understand escape sequences. False, without error, when it cannot: then there
 * is nothing to restore and no escape sequence should be written. */
bool console_enable_escapes(enum console_stream stream, struct console_mode *ret) MUST_USE;
void console_restore(struct console_mode *mode);

/* From now on Ctrl-C, Ctrl-Break, and the end of the window or session request 'cancel', which must
 * outlive the call of console_unroute_ctrl(). One cancel at a time. */
bool console_route_ctrl(struct cancel *cancel, struct error *err) MUST_USE;
void console_unroute_ctrl(void);
