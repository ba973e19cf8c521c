/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "base/alloc.h"
#include "runner/host.h"
#include "runner/layer_host.h"
#include "runner/layer_json.h"
#include "runner/layer_option.h"
#include "runner/layer_parents.h"
#include "runner/layer_removal.h"
#include "runner/verbs.h"

struct prepare_options {
    struct image_options image;
    char *from;
    struct strlist labels;
    uint64_t storage_bytes;
    enum pull_policy pull;
    bool replace;
};

static const struct cli_option options_table[] = {
    {"from", 0, "IMAGE|LAYER", "What it is made on: an image, or a committed layer", cli_set_string,
     offsetof(struct prepare_options, from)},
    {"size", 0, "SIZE", "Size of its disk (default: 20GB); it can only grow", layer_set_size,
     offsetof(struct prepare_options, storage_bytes)},
    {"label", 'l', "KEY[=VALUE]", "Label it; may be repeated", layer_add_label,
     offsetof(struct prepare_options, labels)},
    {"replace", 0, NULL, "Remove the layer that has the name", cli_set_flag,
     offsetof(struct prepare_options, replace)},
    PULL_OPTION_ROW(struct prepare_options, pull),
    IMAGE_OPTION_ROWS(struct prepare_options, image),
};

struct prepare {
    struct invocation *invocation;
    const struct prepare_options *options;
    const char *name;
    struct store_lock lock; /* until it is recorded what the layer needs */
    struct named_layer_claim claim;
    struct layer_parents parents;
};

static void prepare_clear(struct prepare *prepare)
{
    named_layer_close(&prepare->claim);
    store_lock_release(&prepare->lock);
    layer_parents_clear(&prepare->parents);
}

/* Before anything is held: it must be waited for who looks at the store. */
static bool make_way(const struct prepare *prepare, struct error *err)
{
    CLEANUP(layer_removal_clear)
    struct layer_removal removal = {.invocation = prepare->invocation};
    if (!prepare->options->replace)
        return true;
    if (layer_removal_take(&removal, prepare->name, err))
        return layer_removal_finish(&removal, err);
    if (err->kind != ERR_NOT_FOUND)
        return false;
    error_clear(err);
    return true;
}

static bool claim(struct prepare *prepare, struct error *err)
{
    if (!host_layer_claim(prepare->invocation, prepare->name, &prepare->claim, err))
        return false;
    if (prepare->claim.layer.state == NAMED_LAYER_NONE)
        return true;
    error_set(err, ERR_BUSY, "there is a layer named '%s' already", prepare->name);
    return error_hint(err, "choose another name, or replace it with --replace");
}

static bool find_parents(struct prepare *prepare, struct error *err)
{
    const struct layer_parents_request request = {
        .from = prepare->options->from,
        .image = &prepare->options->image,
        .pull = prepare->options->pull,
    };
    return layer_parents_find(prepare->invocation, &request, &prepare->parents, err);
}

static bool make(struct prepare *prepare, struct error *err)
{
    const struct prepare_options *options = prepare->options;
    const struct named_layer_request request = {
        .name = prepare->name,
        .from = options->from,
        .parents = &prepare->parents.paths,
        .labels = &options->labels,
        .storage_bytes = options->storage_bytes,
        .config = buf_str(&prepare->parents.config),
        .config_length = prepare->parents.config.length,
    };
    return host_layer_prepare(prepare->invocation, &request, &prepare->claim, err);
}

static bool run_prepare(struct invocation *invocation, void *options, const struct strlist *args,
                        int *ret_code, struct error *err)
{
    CLEANUP(prepare_clear)
    struct prepare prepare = {.invocation = invocation, .options = options, .name = args->items[0]};
    (void)ret_code;
    if (!named_layer_check_name(prepare.name, err))
        return false;
    if (!prepare.options->from)
        return error_set(err, ERR_USAGE, "--from is missing: say what '%s' is made on",
                         prepare.name);
    if (!image_options_check(&prepare.options->image, err) || !host_can_run(err)
        || !host_prepare(invocation, err) || !make_way(&prepare, err)
        || !image_store_share(invocation, &prepare.lock, err) || !claim(&prepare, err)
        || !find_parents(&prepare, err) || !make(&prepare, err))
        return false;
    report_finish(&invocation->report);
    return layer_made_print(invocation, &prepare.claim.layer, err);
}

static void clear_options(void *options)
{
    struct prepare_options *prepare = options;
    image_options_clear(&prepare->image);
    str_free(&prepare->from);
    strlist_clear(&prepare->labels);
}

const struct verb verb_layer_prepare = {
    .name = "layer prepare",
    .synopsis = "[OPTIONS] NAME --from IMAGE|LAYER",
    .summary = "Make a writable layer",
    .help = "Prints the directory of the layer; --json tells more. An image that is not in the\n"
            "store is pulled. The disk grows as it is written; --size says how far.\n\n"
            "  wrun layer prepare build --from mcr.microsoft.com/windows/nanoserver:ltsc2025\n"
            "  wrun run --layer build cmd /c \"echo text > C:\\file\"\n\n"
            "As: ctr snapshots prepare\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct prepare_options),
    .clear_options = clear_options,
    .minimum_args = 1,
    .maximum_args = 1,
    .uses_root = true,
    .run = run_prepare,
};
