/* SPDX-License-Identifier: MIT */
/* exit_code: what the numbers mean to a script. */
#pragma once

#include "base/error.h"

enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_BAD_USAGE = 2,
    EXIT_HOST_NOT_READY = 3, /* not elevated, feature missing */
    EXIT_NOT_FOUND = 4,
    EXIT_IN_USE = 5,
    EXIT_INTEGRITY = 6,
    EXIT_REGISTRY = 7, /* network or credentials */
    EXIT_NO_IMAGE = 8, /* none for this host */
    EXIT_NO_SPACE = 10,
    /* 'wrun run' gives the process's own code; these three are wrun's own failures, as docker's. */
    EXIT_RUN_FAILED = 125,
    EXIT_RUN_CANNOT_START = 126,
    EXIT_RUN_NOT_FOUND = 127,
    EXIT_INTERRUPTED = 130,
};

/* For every verb but run. */
int exit_code_of(enum err_kind kind);
