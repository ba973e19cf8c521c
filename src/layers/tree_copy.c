/* SPDX-License-Identifier: MIT */
#include "layers/tree_copy.h"

/* An object being made. */
struct target {
    const struct layer_tree *tree;
    struct layer_handle handle;
};

static bool write_content(void *user, const void *data, size_t length, struct error *err)
{
    const struct target *target = user;
    return target->tree->ops->write(target->tree->self, target->handle, data, length, err);
}

static bool fill(const struct tree_copy *copy, struct target *target, const struct win_meta *meta,
                 struct error *err)
{
    const struct layer_tree *from = copy->from;
    const struct layer_object_meta parts = {&meta->security, &meta->ea, &meta->reparse};
    bool is_file = !meta->is_directory && meta->reparse.length == 0;
    return layer_tree_set_meta(target->tree, target->handle, &parts, err)
        && (!is_file
            || from->ops->read_content(from->self, copy->source, write_content, target, err))
        && (meta->is_directory
            || target->tree->ops->set_basic(target->tree->self, target->handle, &meta->basic, err));
}

bool tree_copy_object(const struct tree_copy *copy, struct win_basic_info *ret, struct error *err)
{
    const struct layer_tree_ops *ops = copy->to->ops;
    CLEANUP(win_meta_clear) struct win_meta meta;
    struct target target = {.tree = copy->to};
    win_meta_init(&meta);
    if (!copy->from->ops->read_object(copy->from->self, copy->source, &meta, err))
        return false;
    bool made = meta.is_directory
        ? ops->make_directory(copy->to->self, copy->target, &target.handle, err)
        : ops->create_file(copy->to->self, copy->target, 0, &target.handle, err);
    if (!made)
        return false;
    bool filled = fill(copy, &target, &meta, err);
    if (!layer_tree_close_after(copy->to, &target.handle, filled, err))
        return false;
    *ret = meta.is_directory ? meta.basic : (struct win_basic_info){0};
    return true;
}

bool tree_copy_link(const struct tree_copy *copy, struct error *err)
{
    struct win_basic_info ignored;
    if (copy->to->ops->link(copy->to->self, copy->target, copy->from, copy->source, err))
        return true;
    if (err->kind != ERR_NO_SPACE || !copy->from->ops->read_object)
        return false;
    error_clear(err);
    return tree_copy_object(copy, &ignored, err);
}
