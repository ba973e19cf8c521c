/* SPDX-License-Identifier: MIT */
/* gone_print: what a verb that removes by name has removed. */
#pragma once

#include "base/strlist.h"
#include "runner/invocation.h"

/* The names, one a line; with --json {"removed":[...],"failed":...}, where 'failures' is a JSON
 * array. */
bool gone_print(const struct invocation *invocation, const struct strlist *gone,
                const char *failures, struct error *err) MUST_USE;
