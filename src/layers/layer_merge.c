/* SPDX-License-Identifier: MIT */
#include "layers/layer_merge.h"

#include "base/alloc.h"
#include "layers/merge_tree.h"

struct layer_merge {
    struct tree_posix *files;
    struct merge_tree *tree;
    struct unpack_times times;
};

bool layer_merge_open(const char *directory, struct layer_merge **ret, struct error *err)
{
    CLEANUP(layer_merge_close) struct layer_merge *merge = xcalloc(1, sizeof(*merge));
    if (!tree_posix_open(directory, &merge->files, err))
        return false;
    struct layer_tree files = tree_posix_interface(merge->files);
    if (!merge_tree_open(&files, &merge->tree, err))
        return false;
    *ret = TAKE(merge);
    return true;
}

void layer_merge_close(struct layer_merge **merge)
{
    if (!*merge)
        return;
    merge_tree_close(&(*merge)->tree);
    tree_posix_close(&(*merge)->files);
    mem_free(merge);
}

static void add_times(struct unpack_times *sum, const struct unpack_times *times)
{
    sum->inflate += times->inflate;
    sum->hash += times->hash;
    sum->parse += times->parse;
    sum->create += times->create;
    sum->write += times->write;
    sum->close += times->close;
}

static void emit(const struct layer_check_request *layer, enum event_type type,
                 const struct context *context)
{
    const struct event event = {
        .type = type, .subject = layer->diff_id.text, .total = layer->source->size};
    context_emit(context, &event);
}

bool layer_merge_add(struct layer_merge *merge, const struct layer_check_request *layer,
                     const struct context *context, struct error *err)
{
    CLEANUP(layer_unpack_result_clear) struct layer_unpack_result result = {0};
    const struct layer_tree tree = merge_tree_interface(merge->tree);
    const struct layer_unpack_request request = {
        .source = layer->source,
        .media_type = layer->media_type,
        .diff_id = layer->diff_id,
        .kind = layer->is_base ? LAYER_BASE : LAYER_DIFF,
        .format = LAYER_PLAIN,
        .tree = &tree,
        .parents = &tree,
        .parent_count = layer->is_base ? 0 : 1,
        .with_utility_vm = true,
    };
    emit(layer, EVENT_LAYER_STARTED, context);
    merge_tree_begin_layer(merge->tree);
    if (!layer_unpack(&request, &result, context, err))
        return false;
    add_times(&merge->times, &result.times);
    emit(layer, EVENT_LAYER_DONE, context);
    return true;
}

struct layer_merge_result layer_merge_result(const struct layer_merge *merge)
{
    return (struct layer_merge_result){
        .content = tree_posix_content(merge->files),
        .omissions = tree_posix_omissions(merge->files),
        .times = merge->times,
    };
}
