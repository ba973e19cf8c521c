/* SPDX-License-Identifier: MIT */
/* command_line: arguments to the text that a Windows process takes apart again.
 *
 * Escaping follows the rule of CommandLineToArgvW and the C runtime as golang.org/x/sys/windows
 * EscapeArg writes it, because that is what containerd and Docker send. */
#pragma once

#include "base/strlist.h"

/* One argument, escaped; the caller owns it. */
char *command_line_escape(const char *argument);
/* All arguments escaped and joined by single spaces; the caller owns it. */
char *command_line_join(const struct strlist *arguments);
