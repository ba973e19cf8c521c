/* SPDX-License-Identifier: MIT */
/* global_options: the options that stand before or after every command. */
#pragma once

#include "runner/cli.h"

struct global_options {
    char *root;
    char *progress;
    bool json;
    bool quiet;
    bool verbose;
    bool debug;
    bool help;
    bool version;
};

/* The rows with their target, which may be NULL where they are only shown. */
struct cli_table global_options_table(struct global_options *target);
void global_options_clear(struct global_options *global);
