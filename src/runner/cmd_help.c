/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/alloc.h"
#include "runner/help.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

struct help_options {
    bool markdown;
};

static const struct cli_option options_table[] = {
    {"markdown", 0, NULL, "Print every command and option, as docs/cli.md shows them", cli_set_flag,
     offsetof(struct help_options, markdown)},
};

static bool run_help(struct invocation *invocation, void *options, const struct strlist *args,
                     int *ret_code, struct error *err)
{
    (void)invocation;
    (void)ret_code;
    const struct help_options *help = options;
    const struct verb *verb = NULL;
    CLEANUP(str_free) char *name = strlist_join(args, " ");
    if (args->count > 0 && !verb_find(name, &verb, err))
        return false;
    CLEANUP(str_free)
    char *text = help->markdown ? help_markdown() : verb ? help_of_verb(verb) : help_general();
    return terminal_result(text, err);
}

const struct verb verb_help = {
    .name = "help",
    .synopsis = "[COMMAND]",
    .summary = "Show help",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct help_options),
    .maximum_args = 2,
    .run = run_help,
};
