/* SPDX-License-Identifier: MIT */
/* scratch_fixture: for tests that work in a directory of their own, each in an empty one. */
#pragma once

#include "check.h"

static char *scratch;

static int set_up(void **state)
{
    (void)state;
    scratch = make_scratch();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_scratch(&scratch);
    return 0;
}
