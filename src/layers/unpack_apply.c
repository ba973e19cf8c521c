/* SPDX-License-Identifier: MIT */
#include "layers/layer_writer.h"
#include "layers/printable.h"
#include "layers/tree_copy.h"
#include "layers/unpack.h"

static bool delete_tombstones(const struct layer_unpack_result *result,
                              const struct layer_tree *layer, struct error *err)
{
    for (size_t i = 0; i < result->tombstone_count; i++) {
        const struct layer_path *path = &result->tombstones[i];
        if (!layer->ops->remove(layer->self, path, err))
            return error_wrap(err, "delete '%s'", printable_name(path->text).text);
    }
    return true;
}

static bool make_links(const struct layer_unpack_result *result, const struct layer_tree *layer,
                       const struct layer_tree *parents, struct error *err)
{
    for (size_t i = 0; i < result->link_count; i++) {
        const struct layer_link *link = &result->links[i];
        const struct layer_tree *from =
            link->parent == LAYER_LINK_IN_LAYER ? layer : &parents[link->parent];
        const struct tree_copy copy = {
            .from = from, .source = &link->target, .to = layer, .target = &link->path};
        /* A file of that name in a parent layer has left a placeholder. */
        if (!layer->ops->remove(layer->self, &link->path, err) || !tree_copy_link(&copy, err))
            return error_wrap(err, "hard link '%s'", printable_name(link->path.text).text);
    }
    return true;
}

static bool set_directories(const struct layer_unpack_result *result,
                            const struct layer_tree *layer, struct error *err)
{
    for (size_t i = result->directory_count; i > 0; i--) {
        const struct layer_directory *directory = &result->directories[i - 1];
        if (!layer_tree_set_directory_basic(layer, directory, err))
            return error_wrap(err, "directory '%s'", printable_name(directory->path.text).text);
    }
    return true;
}

bool layer_unpack_apply(const struct layer_unpack_result *result, const struct layer_tree *layer,
                        const struct layer_tree *parents, const struct context *context,
                        struct error *err)
{
    const struct cancel *cancel = context ? context->cancel : NULL;
    return cancel_check(cancel, err) && delete_tombstones(result, layer, err)
        && make_links(result, layer, parents, err) && cancel_check(cancel, err)
        && set_directories(result, layer, err);
}
