/* SPDX-License-Identifier: MIT */
#include "runner/layer_origin.h"

#include "base/alloc.h"
#include "layers/chain.h"
#include "runner/layer_host.h"

bool layer_origin_open(const struct invocation *invocation, const char *name,
                       struct layer_origin *ret, struct error *err)
{
    CLEANUP(layer_origin_close) struct layer_origin origin = {0};
    if (!host_layer_open(invocation, name, &origin.claim, err))
        return false;
    const struct named_layer *layer = &origin.claim.layer;
    origin.path = named_layer_path(invocation->root, layer);
    named_layer_parent_paths(invocation->root, layer, &origin.parents);
    origin.is_scratch = layer->state == NAMED_LAYER_ACTIVE;
    *ret = TAKE(origin);
    return true;
}

/* ---- runs ---- */

static bool check_kept(const struct run_record *record, const char *name, struct error *err)
{
    if (record->run_id && record->keep && record->done)
        return true;
    error_set(err, ERR_BUSY, "the run '%s' has not been cleaned up after yet", name);
    return error_hint(err, "try again; -v tells what is in the way");
}

static bool open_run(const struct invocation *invocation, const char *name,
                     struct layer_origin *ret, struct error *err)
{
    CLEANUP(layer_origin_close) struct layer_origin origin = {0};
    CLEANUP(run_record_clear) struct run_record found = {0};
    if (!run_record_find(invocation->root, name, &found, err))
        return false;
    if (!run_record_adopt(invocation->root, found.run_id, &origin.run_claim, &origin.run, err)) {
        if (err->kind == ERR_BUSY)
            error_hint(err, "'%s' is still running, or another wrun works on it", name);
        return false;
    }
    if (!check_kept(&origin.run, name, err))
        return false;
    for (size_t i = 0; i < origin.run.layers.count; i++)
        strlist_add_owned(&origin.parents,
                          layer_directory_path(invocation->root, origin.run.layers.items[i]));
    origin.path = xstrdup(origin.run.scratch_directory);
    origin.is_scratch = true;
    *ret = TAKE(origin);
    return true;
}

bool layer_origin_open_any(const struct invocation *invocation, const char *name,
                           struct layer_origin *ret, struct error *err)
{
    CLEANUP(error_clear) struct error failure = {0};
    if (layer_origin_open(invocation, name, ret, &failure))
        return true;
    /* What is no name of a layer may be one of a run. */
    if (failure.kind != ERR_NOT_FOUND && failure.kind != ERR_USAGE) {
        *err = TAKE(failure);
        return false;
    }
    if (open_run(invocation, name, ret, err))
        return true;
    if (err->kind != ERR_NOT_FOUND)
        return error_wrap(err, "'%s'", name);
    error_clear(err);
    error_set(err, ERR_NOT_FOUND, "there is no layer and no kept run named '%s'", name);
    return error_hint(err, "'wrun layer ls' lists the layers; 'wrun run --keep' keeps a run");
}

void layer_origin_close(struct layer_origin *origin)
{
    named_layer_close(&origin->claim);
    run_record_close(&origin->run_claim);
    run_record_clear(&origin->run);
    strlist_clear(&origin->parents);
    str_free(&origin->path);
    *origin = (struct layer_origin){0};
}

/* ---- reading ---- */

static bool set_mounted(struct layer_origin *origin, bool mounted, struct error *err)
{
    if (!origin->is_scratch)
        return true;
    if (origin->run_claim.directory)
        return mounted ? run_record_resume(&origin->run_claim, err)
                       : run_record_finish(&origin->run_claim, err);
    origin->claim.layer.mounted = mounted;
    named_layer_touch(&origin->claim.layer);
    return named_layer_write(&origin->claim, err);
}

/* After a failure it may still be attached, so it stays written down: the next wrun looks. */
bool layer_origin_read(const struct invocation *invocation, struct layer_origin *origin,
                       struct layer_reading *ret, struct error *err)
{
    CLEANUP(layer_reading_close) struct layer_reading reading = {0};
    const struct layer_place place = {origin->path, &origin->parents, origin->is_scratch};
    if (!set_mounted(origin, true, err) || !host_layer_read(invocation, &place, &reading, err)
        || !set_mounted(origin, false, err))
        return false;
    *ret = TAKE(reading);
    return true;
}

/* ---- copying ---- */

bool layer_origin_copy(const struct invocation *invocation, struct layer_origin *origin,
                       const struct layer_copying *copying, struct error *err)
{
    CLEANUP(error_clear) struct error second = {0};
    const struct layer_place place = {origin->path, &origin->parents, origin->is_scratch};
    bool unmounted = false;
    if (!origin->run_claim.directory)
        return host_layer_copy(invocation, &origin->claim, copying, err);
    if (!set_mounted(origin, true, err))
        return false;
    bool copied = host_scratch_copy(invocation, &place, copying, &unmounted, err);
    if (unmounted && !set_mounted(origin, false, copied ? err : &second))
        return false;
    return copied;
}
