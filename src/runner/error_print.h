/* SPDX-License-Identifier: MIT */
/* error_print: an error on stderr, as people or (with --json) programs read it. */
#pragma once

#include "runner/global_options.h"

/* 'verb' may be NULL. */
void error_print(const struct global_options *global, const char *verb, const struct error *err);
