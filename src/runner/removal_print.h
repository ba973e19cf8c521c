/* SPDX-License-Identifier: MIT */
/* removal_print: what rmi and prune removed, or would remove. */
#pragma once

#include "runner/store_cleanup.h"

struct removal {
    const struct strlist *untagged; /* references */
    const struct cleanup *cleanup;
    bool dry_run;
    bool with_total; /* a last line with the sum, for people */
};

/* On stdout, unless --quiet. */
bool removal_print(const struct invocation *invocation, const struct removal *removal,
                   struct error *err) MUST_USE;
