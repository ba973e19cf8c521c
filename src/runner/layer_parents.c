/* SPDX-License-Identifier: MIT */
#include "runner/layer_parents.h"

#include "base/alloc.h"
#include "runner/layer_option.h"

static bool take_image(const struct invocation *invocation,
                       const struct layer_parents_request *request, struct layer_parents *parents,
                       struct error *err)
{
    CLEANUP(reference_clear) struct reference reference = {0};
    CLEANUP(image_clear) struct image image = {0};
    if (!reference_parse(request->from, &reference, err))
        return false;
    const struct image_ready_request ready = {
        .options = request->image,
        .reference = &reference,
        .pull = request->pull,
    };
    if (!image_make_ready(invocation, &ready, &image, &parents->paths, err))
        return false;
    buf_init(&parents->config, BUF_UNBOUNDED);
    buf_add_str(&parents->config, image.config.raw);
    return true;
}

static bool take_layer(const struct invocation *invocation, const struct named_layer *layer,
                       struct layer_parents *parents, struct error *err)
{
    named_layer_note_use(invocation->root, layer->name);
    named_layer_chain_paths(invocation->root, layer, &parents->paths);
    return named_layer_read_config(invocation->root, layer->name, &parents->config, err);
}

/* What could be the name of either was taken for an image because there is no such layer. */
static bool explain(const char *from, struct error *err)
{
    CLEANUP(error_clear) struct error no_name = {0};
    return named_layer_check_name(from, &no_name)
        ? error_wrap(err, "there is no layer named '%s', and as an image", from)
        : false;
}

bool layer_parents_find(const struct invocation *invocation,
                        const struct layer_parents_request *request, struct layer_parents *ret,
                        struct error *err)
{
    CLEANUP(named_layer_clear) struct named_layer layer = {0};
    CLEANUP(layer_parents_clear) struct layer_parents parents = {0};
    if (!layer_source_find(invocation->root, request->from, &layer, err))
        return false;
    bool is_image = layer.state == NAMED_LAYER_NONE;
    bool found = is_image ? take_image(invocation, request, &parents, err)
                          : take_layer(invocation, &layer, &parents, err);
    if (found)
        *ret = TAKE(parents);
    return found || (is_image && explain(request->from, err));
}

void layer_parents_clear(struct layer_parents *parents)
{
    strlist_clear(&parents->paths);
    buf_clear(&parents->config);
}
