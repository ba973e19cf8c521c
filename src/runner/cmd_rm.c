/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "runner/host.h"
#include "runner/verbs.h"

static bool run_rm(struct invocation *invocation, void *options, const struct strlist *args,
                   int *ret_code, struct error *err)
{
    (void)options;
    (void)ret_code;
    if (!host_can_run(err) || !host_prepare(invocation, err))
        return false;
    for (size_t i = 0; i < args->count; i++)
        if (!host_remove_run(invocation, args->items[i], err))
            return false;
    return true;
}

const struct verb verb_rm = {
    .name = "rm",
    .synopsis = "NAME...",
    .summary = "Remove the writable layers of runs that were kept",
    .help = "As: docker rm\n",
    .minimum_args = 1,
    .maximum_args = SIZE_MAX,
    .uses_root = true,
    .run = run_rm,
};
