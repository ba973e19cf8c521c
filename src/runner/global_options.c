/* SPDX-License-Identifier: MIT */
#include "runner/global_options.h"

#include "base/alloc.h"

#define GLOBAL(member) offsetof(struct global_options, member)

static const struct cli_option rows[] = {
    {"root", 0, "DIR", "Where images and layers are kept (WRUN_ROOT)", cli_set_string,
     GLOBAL(root)},
    {"progress", 0, "MODE", "auto, tty, plain, json or none (WRUN_PROGRESS)", cli_set_string,
     GLOBAL(progress)},
    {"json", 0, NULL, "Results and errors as JSON", cli_set_flag, GLOBAL(json)},
    {"quiet", 'q', NULL, "Print results only", cli_set_flag, GLOBAL(quiet)},
    {"verbose", 0, NULL, "Tell each step, show the evidence behind errors", cli_set_flag,
     GLOBAL(verbose)},
    {"debug", 0, NULL, "As --verbose, with the place in the source that failed", cli_set_flag,
     GLOBAL(debug)},
    {"help", 0, NULL, "Show help", cli_set_flag, GLOBAL(help)},
    {"version", 0, NULL, "Show the version", cli_set_flag, GLOBAL(version)},
};

struct cli_table global_options_table(struct global_options *target)
{
    return (struct cli_table){rows, ARRAY_SIZE(rows), target};
}

void global_options_clear(struct global_options *global)
{
    str_free(&global->root);
    str_free(&global->progress);
}
