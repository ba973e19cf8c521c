/* SPDX-License-Identifier: MIT */
/* gone_print: what a verb that removes by name has removed. */
#pragma once

#include "base/json_write.h"
#include "base/strlist.h"
#include "runner/tally.h"

/* The names, one a line; with --json {"removed":[...],"failed":...}, where 'failures' has written
 * an array. Then ends the tally. */
bool gone_finish(struct json_writer *failures, const struct strlist *gone, struct tally *tally,
                 struct error *err) MUST_USE;
