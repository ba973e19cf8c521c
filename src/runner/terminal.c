/* SPDX-License-Identifier: MIT */
#include "runner/terminal.h"

#include "base/alloc.h"

void terminal_error_line(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    CLEANUP(str_free) char *text = str_vformat(format, args);
    va_end(args);
    CLEANUP(str_free) char *line = str_format("%s\n", text);
    terminal_error_text(line);
}
