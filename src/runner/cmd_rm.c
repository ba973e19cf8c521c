/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "runner/host.h"
#include "runner/tally.h"
#include "runner/verbs.h"

static bool run_rm(struct invocation *invocation, void *options, const struct strlist *args,
                   int *ret_code, struct error *err)
{
    struct tally tally = {.invocation = invocation, .verb = "rm"};
    (void)options;
    (void)ret_code;
    if (!host_can_run(err) || !host_prepare(invocation, err))
        return false;
    for (size_t i = 0; i < args->count; i++) {
        struct error failure = {0};
        if (!host_remove_run(invocation, args->items[i], &failure))
            tally_add(&tally, &failure);
    }
    return tally_finish(&tally, err);
}

const struct verb verb_rm = {
    .name = "rm",
    .synopsis = "NAME...",
    .summary = "Remove the writable layers of runs that were kept",
    .help = "Goes on after a failure; the exit code is that of the worst.\n\n"
            "As: docker rm\n",
    .minimum_args = 1,
    .maximum_args = SIZE_MAX,
    .uses_root = true,
    .run = run_rm,
};
