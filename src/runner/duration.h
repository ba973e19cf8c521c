/* SPDX-License-Identifier: MIT */
/* duration: spans of time as people type them. */
#pragma once

#include "base/error.h"

/* "90s", "45m", "12h", "7d", "2w", or several in a row ("1h30m"). ERR_USAGE otherwise. */
bool duration_parse(const char *text, uint64_t *ret_seconds, struct error *err) MUST_USE;
