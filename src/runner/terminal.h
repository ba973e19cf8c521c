/* SPDX-License-Identifier: MIT */
/* terminal: wrun's own standard streams.
 *
 * stdout carries only results (and the container's stdout, which goes round this); everything else
 * wrun says goes to stderr. Text is UTF-8; on a Windows console it is written as UTF-16, into a
 * pipe or file as it is. terminal_posix.c natively, terminal_windows.c in the product. */
#pragma once

#include "base/error.h"

bool terminal_stderr_is_console(void);

struct terminal_size {
    unsigned columns;
    unsigned rows;
};

/* Of the console behind stderr; 80 x 25 when unknown. */
struct terminal_size terminal_size(void);

/* How the console behind stderr was before terminal_open(). */
struct terminal_mode {
    bool is_open;
    bool is_changed;
    uint32_t saved;
};

/* True when escape sequences move the cursor there, until terminal_close(). */
bool terminal_open(struct terminal_mode *ret) MUST_USE;
void terminal_close(struct terminal_mode *mode);

/* As it is, without an end of line: for text that is wrun's own. */
void terminal_error_text(const char *text);
/* One line. Control characters become '?', because messages quote strangers (registries, archives,
 * HCS), who must not steer the terminal. */
void terminal_error_line(const char *format, ...) PRINTF_LIKE(1, 2);
/* A result. Fails when stdout cannot be written (the reader is gone, the disk is full). */
bool terminal_result(const char *text, struct error *err) MUST_USE;
