/* SPDX-License-Identifier: MIT */
/* export_support: folders of the import format in memory, exported into memory. */
#pragma once

#include "check.h"
#include "layers/layer_export.h"
#include "memory_folder.h"

static inline bool export_collect(void *user, const void *data, size_t length, struct error *err)
{
    return buf_append(user, data, length, err);
}

/* A file or directory of a tree, with a path that need not be one that layers may have. */
static inline struct memory_node *export_plant(struct memory_tree *tree, const char *path,
                                               enum layer_object_type type, const void *data,
                                               size_t length)
{
    struct error err = {0};
    struct memory_node *node = NULL;
    struct layer_path layer_path = {.text = xstrdup(path)};
    CLEANUP(layer_path_clear) struct layer_path parent = {0};
    struct memory_node *above =
        layer_path_parent(&layer_path, &parent) ? memory_find(tree, parent.text) : NULL;
    if (above)
        above->has_times = false; /* whoever plants does not care */
    assert_ok(memory_add(tree, &layer_path, type, &node, &err));
    node->is_directory = type == LAYER_DIRECTORY;
    buf_add(&node->data, data, length);
    layer_path_clear(&layer_path);
    return node;
}

static inline struct memory_node *export_node(const struct memory_tree *tree, const char *path)
{
    struct memory_node *node = memory_find(tree, path);
    if (!node) {
        fail_msg("there is no '%s'", path);
        abort(); /* not reached, but not known to be */
    }
    return node;
}

/* Everything at once; 'ret' gets what the sink got. The folder is closed again afterwards. */
static inline bool export_folder(struct memory_folder *memory, const struct memory_tree *tree,
                                 const struct layer_export_request *request, struct buf *ret,
                                 struct layer_export_result *ret_result, struct error *err)
{
    struct layer_export_request complete = *request;
    size_t fail_at = memory->fail_at;
    uint64_t shorter = memory->shorter;
    struct layer_folder folder = memory_folder_open_tree(memory, tree);
    const struct byte_sink sink = {.write = export_collect, .user = ret};
    memory->fail_at = fail_at;
    memory->shorter = shorter;
    complete.folder = &folder;
    complete.sink = &sink;
    complete.subject = "layer";
    if (!complete.compression)
        complete.compression = COMPRESS_NONE;
    buf_init(ret, BUF_UNBOUNDED);
    bool done = layer_export(&complete, ret_result, NULL, err);
    assert_int_equal(memory->open_handles, 0);
    return done;
}
