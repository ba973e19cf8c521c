/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "runner/verbs.h"

static bool run_layer(struct invocation *invocation, void *options, const struct strlist *args,
                      int *ret_code, struct error *err)
{
    (void)invocation;
    (void)options;
    (void)args;
    (void)ret_code;
    error_set(err, ERR_USAGE, "a command is missing");
    return error_hint(err, "'wrun layer --help' lists the commands");
}

const struct verb verb_layer = {
    .name = "layer",
    .synopsis = "COMMAND [ARGS]",
    .summary = "Work with named layers: writable ones, and those made of them",
    .help =
        "A named layer begins as a writable one on top of an image or of another layer, is run\n"
        "on with 'wrun run --layer', and can be committed: then it is read-only, and others\n"
        "can be prepared from it. Names are letters, digits, '-', '_' and '.'; case does not\n"
        "matter. Only one wrun at a time works on a name (exit code 5: somebody else does).\n",
    .maximum_args = SIZE_MAX,
    .run = run_layer,
};
