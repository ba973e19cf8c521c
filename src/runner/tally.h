/* SPDX-License-Identifier: MIT */
/* tally: the failures of a verb that goes on with its next argument.
 *
 * The worst is kept, for it decides the exit code; every other is printed when it happens. */
#pragma once

#include "runner/invocation.h"

struct tally {
    const struct invocation *invocation;
    const char *verb;
    struct error worst;
};

/* Takes the failure over; *failure is empty afterwards. */
void tally_add(struct tally *tally, struct error *failure);
/* True when there was none; else the worst goes to *err. */
bool tally_finish(struct tally *tally, struct error *err) MUST_USE;
