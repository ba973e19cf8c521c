/* SPDX-License-Identifier: MIT */
#include "hcs/command_line.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/utf.h"

static void add_arguments(struct buf *line, const struct strlist *arguments, size_t first)
{
    for (size_t i = first; i < arguments->count; i++) {
        if (i > 0)
            buf_add_str(line, " ");
        CLEANUP(str_free) char *escaped = command_line_escape(arguments->items[i]);
        buf_add_str(line, escaped);
    }
}

static bool has_items(const struct strlist *list)
{
    return list && list->count > 0;
}

/* Docker resets an entrypoint that is [""]. */
static bool is_blank(const struct strlist *entrypoint)
{
    return !has_items(entrypoint) || (entrypoint->count == 1 && entrypoint->items[0][0] == '\0');
}

static char *compose(const struct command_line_spec *spec)
{
    const struct strlist *entrypoint = spec->entrypoint ? spec->entrypoint : spec->image_entrypoint;
    bool users_arguments = has_items(spec->arguments);
    const struct strlist *command = spec->arguments;
    if (!users_arguments)
        command = spec->entrypoint ? NULL : spec->image_command;

    CLEANUP(strlist_clear) struct strlist all = {0};
    if (!is_blank(entrypoint))
        strlist_add_all(&all, entrypoint);
    bool first_is_images = is_blank(entrypoint) ? !users_arguments : !spec->entrypoint;
    if (has_items(command))
        strlist_add_all(&all, command);

    CLEANUP(buf_clear) struct buf line;
    buf_init(&line, BUF_UNBOUNDED);
    bool verbatim = spec->image_args_escaped && first_is_images && all.count > 0;
    if (verbatim)
        buf_add_str(&line, all.items[0]);
    add_arguments(&line, &all, verbatim ? 1 : 0);
    return buf_take_str(&line);
}

bool command_line_compose(const struct command_line_spec *spec, char **ret, struct error *err)
{
    CLEANUP(str_free) char *line = spec->raw ? xstrdup(spec->raw) : compose(spec);
    if (*line == '\0') {
        error_set(err, ERR_USAGE, "there is no command to run");
        return error_hint(err, "name one after the image: the image has none of its own");
    }

    CLEANUP(mem_free) uint16_t *units = NULL;
    size_t count = 0;
    if (!utf16_units_from_utf8(line, strlen(line), &units, &count, err))
        return error_wrap(err, "command line");
    if (count + 1 > COMMAND_LINE_MAXIMUM)
        return error_set(err, ERR_USAGE, "the command line has %zu characters, Windows accepts %d",
                         count, COMMAND_LINE_MAXIMUM - 1);

    *ret = TAKE(line);
    return true;
}
