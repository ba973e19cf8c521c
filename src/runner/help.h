/* SPDX-License-Identifier: MIT */
/* help: what the tables of verbs and options say, for people.
 *
 * The rows that parse are the rows that are shown here, so that no option can be without its
 * description. All texts are owned by the caller. */
#pragma once

#include "runner/invocation.h"

char *help_general(void);
char *help_of_verb(const struct verb *verb);

/* The content of docs/cli.md. */
char *help_markdown(void);
