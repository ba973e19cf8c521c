/* SPDX-License-Identifier: MIT */
/* terminal: wrun's own standard streams.
 *
 * stdout carries only results (and the container's stdout, which goes round this); everything else
 * wrun says goes to stderr. Text is UTF-8; on a Windows console it is written as UTF-16, into a
 * pipe or file as it is. terminal_posix.c natively, terminal_windows.c in the product. */
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"

bool terminal_stderr_is_console(void);
/* Columns of the console behind stderr; 80 when unknown. */
unsigned terminal_width(void);
void terminal_error_text(const char *text);
void terminal_error_line(const char *format, ...) PRINTF_LIKE(1, 2);
/* A result. False when stdout can no longer be written (the reader is gone, the disk is full). */
bool terminal_result(const char *text) MUST_USE;
