/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "runner/copy_spec.h"
#include "runner/host.h"
#include "runner/layer_origin.h"
#include "runner/verbs.h"

/* Both sides of a copy; one is a layer. */
struct sides {
    struct copy_spec from;
    struct copy_spec to;
};

static void sides_clear(struct sides *sides)
{
    copy_spec_clear(&sides->from);
    copy_spec_clear(&sides->to);
}

static bool parse_sides(const struct strlist *args, struct sides *ret, struct error *err)
{
    if (!copy_spec_parse(args->items[0], &ret->from, err)
        || !copy_spec_parse(args->items[1], &ret->to, err))
        return false;
    if ((ret->from.layer != NULL) != (ret->to.layer != NULL))
        return true;
    error_set(err, ERR_USAGE,
              ret->from.layer ? "a layer cannot be copied into another"
                              : "neither '%s' nor '%s' is in a layer",
              args->items[0], args->items[1]);
    return error_hint(err,
                      ret->from.layer ? "copy to the host, and from there"
                                      : "write NAME:C:\\path for what is in a layer");
}

static bool check_writable(const struct layer_origin *origin, struct error *err)
{
    const struct named_layer *layer = &origin->claim.layer;
    if (origin->is_scratch)
        return true;
    error_set(err, ERR_BUSY, "the layer '%s' is read-only", layer->name);
    return error_hint(err, "make a writable one of it: wrun layer prepare NAME --from %s",
                      layer->name);
}

static bool copy(const struct invocation *invocation, const struct sides *sides, struct error *err)
{
    bool into_layer = sides->to.layer != NULL;
    const struct copy_spec *inside = into_layer ? &sides->to : &sides->from;
    const struct copy_spec *outside = into_layer ? &sides->from : &sides->to;
    const struct layer_copying copying = {
        .into_layer = into_layer,
        .layer = inside->layer,
        .layer_path = inside->path,
        .layer_is_inside = inside->is_inside,
        .host_path = outside->path,
        .host_is_inside = outside->is_inside,
    };
    CLEANUP(layer_origin_close) struct layer_origin origin = {0};
    return layer_origin_open_any(invocation, inside->layer, &origin, err)
        && (!into_layer || check_writable(&origin, err))
        && layer_origin_copy(invocation, &origin, &copying, err);
}

static bool run_cp(struct invocation *invocation, void *options, const struct strlist *args,
                   int *ret_code, struct error *err)
{
    CLEANUP(sides_clear) struct sides sides = {0};
    (void)options;
    (void)ret_code;
    return parse_sides(args, &sides, err) && host_can_run(err) && host_prepare(invocation, err)
        && copy(invocation, &sides, err);
}

const struct verb verb_layer_cp = {
    .name = "layer cp",
    .synopsis = "[OPTIONS] SRC DST",
    .summary = "Copy files out of a layer, or into a writable one",
    .help =
        "One of the two is NAME:C:\\path; NAME is a layer's, or that of a kept run. A directory\n"
        "is copied with all that is in it; a directory that exists gets the copy inside, and\n"
        "with '\\.' at the end of SRC what is in it. Data, times and attributes are copied;\n"
        "who may read a copy follows from the directory it is in. Links are left out, and none\n"
        "is followed.\n\n"
        "  wrun layer cp build:C:\\app\\log.txt .\n"
        "  wrun layer cp src build:C:\\src\n\n"
        "As: docker cp\n",
    .minimum_args = 2,
    .maximum_args = 2,
    .uses_root = true,
    .run = run_cp,
};
