/* SPDX-License-Identifier: MIT */
/* status_file: how a run ended, for programs that do not parse text (run --status-file). */
#pragma once

#include "runner/host.h"

/* Removes what is there and makes sure that the file can be written. */
bool status_file_clear(const char *path, struct error *err) MUST_USE;

/* {version, phase, exit_code, wrun_code, error}. 'failure' is NULL when the process ran. */
bool status_file_write(const char *path, const struct run_outcome *outcome, int code,
                       const struct error *failure, struct error *err) MUST_USE;
