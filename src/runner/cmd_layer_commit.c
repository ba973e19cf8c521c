/* SPDX-License-Identifier: MIT */
#include "runner/host.h"
#include "runner/layer_commit.h"
#include "runner/layer_host.h"
#include "runner/layer_json.h"
#include "runner/verbs.h"

static bool commit(const struct invocation *invocation, const char *name,
                   struct layer_commit_name *as, struct error *err)
{
    CLEANUP(layer_origin_close) struct layer_origin origin = {0};
    return layer_origin_open(invocation, name, &origin, err)
        && (!as || layer_claim_new_name(invocation, as->text, &as->claim, err))
        && layer_commit(invocation, &origin, as, err)
        && layer_made_print(invocation, as ? &as->claim.layer : &origin.claim.layer, err);
}

static bool run_commit(struct invocation *invocation, void *options, const struct strlist *args,
                       int *ret_code, struct error *err)
{
    struct layer_commit_name as = {.text = args->count > 1 ? args->items[1] : NULL};
    (void)options;
    (void)ret_code;
    if (!named_layer_check_name(args->items[0], err)
        || (as.text && !named_layer_check_name(as.text, err)) || !host_can_run(err)
        || !host_prepare(invocation, err))
        return false;
    bool done = commit(invocation, args->items[0], as.text ? &as : NULL, err);
    named_layer_close(&as.claim);
    return done;
}

const struct verb verb_layer_commit = {
    .name = "layer commit",
    .synopsis = "[OPTIONS] NAME [NEWNAME]",
    .summary = "Make a writable layer read-only, to build on it",
    .help = "The layer keeps its name, or has NEWNAME from then on. What it costs depends on what\n"
            "has changed, not on the image below. If wrun is killed meanwhile, the layer is\n"
            "still writable, or it is committed. Prints the directory of the layer.\n\n"
            "  wrun layer commit build\n"
            "  wrun layer prepare step2 --from build\n\n"
            "As: ctr snapshots commit NEWNAME NAME\n",
    .minimum_args = 1,
    .maximum_args = 2,
    .uses_root = true,
    .run = run_commit,
};
