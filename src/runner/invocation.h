/* SPDX-License-Identifier: MIT */
/* invocation: one call of wrun: what every verb is given, and what a verb is. */
#pragma once

#include "base/event.h"
#include "base/strlist.h"
#include "runner/global_options.h"
#include "runner/report.h"

struct host; /* runner/host.h */

struct invocation {
    struct global_options global;
    char *root; /* absolute path of the store; "" for verbs that have none */
    struct report report;
    struct context context;
    struct host *host; /* what host_prepare() or host_make_root() opened; NULL before */
};

struct verb {
    const char *name;
    const char *synopsis; /* after "wrun NAME " */
    const char *summary;  /* one line for the list of verbs */
    const char *help;     /* paragraphs after the options: examples, the docker or ctr equivalent */
    const struct cli_option *options;
    size_t option_count;
    size_t options_size; /* of the struct that the options fill; all zero before */
    void (*clear_options)(void *options);
    size_t minimum_args;
    size_t maximum_args;
    bool command_follows;
    bool uses_root;
    int failure_code; /* exit code of every failure; 0 = exit_code_of(kind) */
    /* *ret_code is the exit code; left 0 by a failure, failure_code or the error's kind decides. */
    bool (*run)(struct invocation *invocation, void *options, const struct strlist *args,
                int *ret_code, struct error *err);
};

/* The whole program after the arguments became UTF-8. argv[0] is skipped. Returns the exit code,
 * whose 32 bits matter on Windows. */
int app_main(int argc, char **argv, const struct cancel *cancel);
