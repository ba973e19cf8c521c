/* SPDX-License-Identifier: MIT */
#include "layers/layer_tree.h"

bool layer_tree_set_meta(const struct layer_tree *tree, struct layer_handle object,
                         const struct layer_object_meta *meta, struct error *err)
{
    const struct layer_tree_ops *ops = tree->ops;
    const struct buf *security = meta->security;
    const struct buf *ea = meta->ea;
    const struct buf *reparse = meta->reparse;
    return (security->length == 0
            || ops->set_security(tree->self, object, security->data, security->length, err))
        && (ea->length == 0 || ops->set_ea(tree->self, object, ea->data, ea->length, err))
        && (reparse->length == 0
            || ops->set_reparse(tree->self, object, reparse->data, reparse->length, err));
}

bool layer_tree_close_after(const struct layer_tree *tree, struct layer_handle *object, bool done,
                            struct error *err)
{
    CLEANUP(error_clear) struct error second = {0};
    return tree->ops->close(tree->self, object, done ? err : &second) && done;
}
