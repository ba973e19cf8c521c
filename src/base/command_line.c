/* SPDX-License-Identifier: MIT */
#include "base/command_line.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

/* EscapeArg of golang.org/x/sys/windows, to the letter: a quote alone does not make an argument
 * quoted, and backslashes count only before a quote or the closing quote. */
static void add_escaped(struct buf *line, const char *argument)
{
    if (*argument == '\0') {
        buf_add_str(line, "\"\"");
        return;
    }

    bool quoted = strpbrk(argument, " \t") != NULL;
    if (quoted)
        buf_add_str(line, "\"");
    size_t backslashes = 0;
    for (const char *at = argument; *at; at++) {
        if (*at == '"')
            for (size_t i = 0; i <= backslashes; i++)
                buf_add_str(line, "\\");
        backslashes = *at == '\\' ? backslashes + 1 : 0;
        buf_add(line, at, 1);
    }
    if (quoted) {
        for (size_t i = 0; i < backslashes; i++)
            buf_add_str(line, "\\");
        buf_add_str(line, "\"");
    }
}

char *command_line_escape(const char *argument)
{
    CLEANUP(buf_clear) struct buf line;
    buf_init(&line, BUF_UNBOUNDED);
    add_escaped(&line, argument);
    return buf_take_str(&line);
}

char *command_line_join(const struct strlist *arguments)
{
    CLEANUP(buf_clear) struct buf line;
    buf_init(&line, BUF_UNBOUNDED);
    for (size_t i = 0; i < arguments->count; i++) {
        if (i > 0)
            buf_add_str(&line, " ");
        add_escaped(&line, arguments->items[i]);
    }
    return buf_take_str(&line);
}
