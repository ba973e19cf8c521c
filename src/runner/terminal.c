/* SPDX-License-Identifier: MIT */
#include "runner/terminal.h"

#include "base/alloc.h"
#include "base/text.h"

#define LINE_MAXIMUM ((size_t)1 << 20) /* bytes */

void terminal_error_line(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    CLEANUP(str_free) char *text = str_vformat(format, args);
    va_end(args);
    CLEANUP(str_free) char *shown = str_printable(text, LINE_MAXIMUM);
    CLEANUP(str_free) char *line = str_format("%s\n", shown);
    terminal_error_text(line);
}
