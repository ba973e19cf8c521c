/* SPDX-License-Identifier: MIT */
/* go_duration: a length of time as Go writes it: "1m30s", "500ms", "1.5s". */
#pragma once

#include <stdbool.h>

/* *ret = milliseconds, rounded down; false when the text is malformed or the time longer than a
 * day. */
bool go_duration_parse(const char *text, unsigned *ret);
