/* SPDX-License-Identifier: MIT */
#include "runner/help.h"

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "runner/verbs.h"

static struct cli_table own_table(const struct verb *verb)
{
    return (struct cli_table){verb->options, verb->option_count, NULL};
}

static const char *space_before(const char *text)
{
    return *text ? " " : "";
}

char *help_general(void)
{
    struct cli_table table = global_options_table(NULL);
    CLEANUP(str_free) char *options = cli_format_options(&table);
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    buf_add_str(&text,
                "Runs Windows containers without a daemon.\n\n"
                "Usage: wrun [OPTIONS] COMMAND [ARGS]\n\nCommands:\n");
    for (size_t i = 0; i < verb_count; i++)
        if (!strchr(verbs[i]->name, ' '))
            buf_addf(&text, "  %-10s %s\n", verbs[i]->name, verbs[i]->summary);
    buf_addf(&text, "\nOptions:\n%s\n'wrun COMMAND --help' tells more of a command.\n", options);
    return buf_take_str(&text);
}

static void add_members(struct buf *text, const struct verb *group)
{
    if (verb_is_group(group))
        buf_add_str(text, "\nCommands:\n");
    for (size_t i = 0; i < verb_count; i++)
        if (verb_is_member(group, verbs[i]))
            buf_addf(text, "  %-14s %s\n", verbs[i]->name, verbs[i]->summary);
}

char *help_of_verb(const struct verb *verb)
{
    struct cli_table own = own_table(verb);
    struct cli_table global = global_options_table(NULL);
    CLEANUP(str_free) char *own_text = cli_format_options(&own);
    CLEANUP(str_free) char *global_text = cli_format_options(&global);
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    buf_addf(&text, "%s\n\nUsage: wrun %s%s%s\n", verb->summary, verb->name,
             space_before(verb->synopsis), verb->synopsis);
    add_members(&text, verb);
    if (*own_text)
        buf_addf(&text, "\nOptions:\n%s", own_text);
    buf_addf(&text, "\nGeneral options:\n%s", global_text);
    if (verb->help)
        buf_addf(&text, "\n%s", verb->help);
    return buf_take_str(&text);
}

/* ---- docs/cli.md ---- */

static void add_options(struct buf *text, const struct cli_table *table)
{
    CLEANUP(str_free) char *options = cli_format_markdown(table, CLI_UNDERSTOOD);
    CLEANUP(str_free) char *refused = cli_format_markdown(table, CLI_REFUSED);
    if (*options)
        buf_addf(text, "\n| option | meaning |\n|---|---|\n%s", options);
    if (*refused)
        buf_addf(text,
                 "\nKnown from other tools, and refused:\n\n| option | reason |\n|---|---|\n%s",
                 refused);
}

static void add_verb(struct buf *text, const struct verb *verb)
{
    struct cli_table own = own_table(verb);
    buf_addf(text, "\n## wrun %s\n\n```\nwrun %s%s%s\n```\n\n%s.\n", verb->name, verb->name,
             space_before(verb->synopsis), verb->synopsis, verb->summary);
    add_options(text, &own);
    if (verb->help)
        buf_addf(text, "\n```\n%s```\n", verb->help);
}

char *help_markdown(void)
{
    struct cli_table global = global_options_table(NULL);
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    buf_add_str(&text,
                "# Command line\n\n"
                "This page is written by `wrun help --markdown` and compared with it by a test.\n"
                "[errors.md](errors.md) has the exit codes.\n\n"
                "Long options take their value after `=` or a space, short ones can be clustered, "
                "`--` ends the options.\n"
                "Those of `wrun run` end at the image's name. Long options are also understood "
                "after a single dash, as `ctr` users write them.\n"
                "A flag takes `=true` or `=false`. Nothing is accepted and ignored.\n\n"
                "## wrun\n\n```\nwrun [OPTIONS] COMMAND [ARGS]\n```\n\n"
                "These options are understood by every command, too.\n");
    add_options(&text, &global);
    for (size_t i = 0; i < verb_count; i++)
        add_verb(&text, verbs[i]);
    return buf_take_str(&text);
}
