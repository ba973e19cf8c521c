/* SPDX-License-Identifier: MIT */
#include "runner/layer_user.h"

bool layer_user_find(const char *root, const char *layer, struct run_record *ret, struct error *err)
{
    CLEANUP(run_record_list_clear) struct run_record_list runs = {0};
    if (!run_record_read_all(root, &runs, err))
        return false;
    struct run_record *found = run_record_list_find_layer(&runs, layer);
    if (found) {
        *ret = TAKE(*found);
        return true;
    }
    return error_set(err, ERR_NOT_FOUND, "no run works on the layer '%s'", layer);
}

bool layer_user_explain(const struct invocation *invocation, const char *layer, struct error *err)
{
    CLEANUP(run_record_clear) struct run_record run = {0};
    CLEANUP(error_clear) struct error nobody = {0};
    if (err->kind != ERR_BUSY || !layer_user_find(invocation->root, layer, &run, &nobody))
        return false;
    error_clear(err);
    error_set(err, ERR_BUSY, "the layer '%s' is in use by the run '%s' (process %u)", layer,
              run.name, (unsigned)run.process_id);
    return error_hint(err, "wait until it ends, or stop the wrun that runs it");
}
