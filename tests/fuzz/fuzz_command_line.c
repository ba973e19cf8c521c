/* SPDX-License-Identifier: MIT */
/* The arguments (separated by newlines in the input), escaped and joined, come back as they were
 * when the line is read by the rule of the C runtime. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "hcs/command_line.h"

/* The next argument of the line, unescaped; NULL at the end. */
static char *next_argument(const char **line)
{
    const char *at = *line + strspn(*line, " \t");
    if (*at == '\0')
        return NULL;
    CLEANUP(buf_clear) struct buf argument;
    buf_init(&argument, BUF_UNBOUNDED);
    for (bool quoted = false; *at && (quoted || (*at != ' ' && *at != '\t'));) {
        size_t backslashes = strspn(at, "\\");
        at += backslashes;
        bool quote = *at == '"';
        for (size_t i = 0; i < (quote ? backslashes / 2 : backslashes); i++)
            buf_add_str(&argument, "\\");
        if (quote && backslashes % 2 == 0)
            quoted = !quoted;
        if ((quote && backslashes % 2 == 1) || (!quote && backslashes == 0))
            buf_add(&argument, at, 1);
        if (quote || backslashes == 0)
            at++;
    }
    *line = at;
    return buf_take_str(&argument);
}

static struct strlist split(const char *text)
{
    struct strlist list = {0};
    for (;;) {
        size_t length = strcspn(text, "\n");
        strlist_add_owned(&list, xstrndup(text, length));
        if (text[length] == '\0')
            return list;
        text += length + 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(str_free) char *text = xstrndup((const char *)data, size);
    CLEANUP(strlist_clear) struct strlist arguments = split(text);
    CLEANUP(str_free) char *line = command_line_join(&arguments);

    const char *at = line;
    for (size_t i = 0; i < arguments.count; i++) {
        CLEANUP(str_free) char *argument = next_argument(&at);
        if (!argument || strcmp(argument, arguments.items[i]) != 0)
            abort();
    }
    if (next_argument(&at))
        abort();

    CLEANUP(error_clear) struct error err = {0};
    CLEANUP(str_free) char *composed = NULL;
    const struct command_line_spec spec = {
        .image_command = &arguments, .image_args_escaped = size % 2 == 0, .arguments = NULL};
    if (!command_line_compose(&spec, &composed, &err))
        error_clear(&err);
    return 0;
}
