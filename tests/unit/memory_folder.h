/* SPDX-License-Identifier: MIT */
/* memory_folder: a struct layer_folder that reads what is in a memory_tree. */
#pragma once

#include "layers/layer_folder.h"
#include "memory_tree.h"

struct memory_folder {
    const struct memory_tree *tree;
    size_t open_handles;
    size_t calls;
    size_t fail_at;   /* the call that fails; 0 = none */
    uint64_t shorter; /* by so many bytes files are shorter when they are read than they were said
                         to be */
};

/* A handle is the number of the node and of its stream, both from 1; stream 0 is the node. */
#define MEMORY_FOLDER_STREAMS 16

static inline struct folder_handle memory_folder_handle(struct memory_folder *folder, size_t node,
                                                        size_t stream)
{
    folder->open_handles++;
    return (struct folder_handle){.value = (intptr_t)((node + 1) * MEMORY_FOLDER_STREAMS + stream)};
}

static inline const struct memory_node *memory_folder_node(const struct memory_folder *folder,
                                                           struct folder_handle handle)
{
    size_t number = (size_t)handle.value / MEMORY_FOLDER_STREAMS;
    memory_require(number > 0 && number <= folder->tree->count, "closed handle");
    return folder->tree->nodes[number - 1];
}

static inline bool memory_folder_call(struct memory_folder *folder, struct error *err)
{
    if (++folder->calls == folder->fail_at)
        return error_set(err, ERR_OS, "injected failure");
    return true;
}

static inline bool memory_folder_find(const struct memory_folder *folder, const char *path,
                                      size_t *ret)
{
    for (size_t i = 0; i < folder->tree->count; i++) {
        if (!str_equal_nocase(folder->tree->nodes[i]->path, path))
            continue;
        *ret = i;
        return true;
    }
    return false;
}

/* The number of the file: of the node that the others are links to. */
static inline size_t memory_folder_file(const struct memory_folder *folder, size_t number)
{
    const struct memory_node *node = folder->tree->nodes[number];
    size_t target = number;
    if (node->link_target)
        memory_require(memory_folder_find(folder, node->link_target, &target), "dangling link");
    return target;
}

static inline bool memory_folder_list(void *self, const char *path, struct folder_list *ret,
                                      struct error *err)
{
    struct memory_folder *folder = self;
    size_t length = strlen(path);
    size_t node = 0;
    if (!memory_folder_call(folder, err))
        return false;
    if (length > 0 && !memory_folder_find(folder, path, &node))
        return error_set(err, ERR_NOT_FOUND, "no directory '%s'", path);
    /* From the last to the first: nobody may rely on an order. */
    for (size_t i = folder->tree->count; i > 0; i--) {
        const struct memory_node *child = folder->tree->nodes[i - 1];
        const char *name = child->path + length + (length > 0);
        bool inside = length == 0 || (str_starts_with(child->path, path) && name[-1] == '\\');
        if (inside && strlen(child->path) > length && !strchr(name, '\\'))
            folder_list_add(ret, name, child->type == LAYER_DIRECTORY);
    }
    return true;
}

static inline bool memory_folder_open(void *self, const char *path, struct folder_handle *ret,
                                      struct error *err)
{
    struct memory_folder *folder = self;
    size_t node = 0;
    if (!memory_folder_call(folder, err))
        return false;
    if (!memory_folder_find(folder, path, &node))
        return error_set(err, ERR_NOT_FOUND, "there is no '%s'", path);
    *ret = memory_folder_handle(folder, memory_folder_file(folder, node), 0);
    return true;
}

static inline bool memory_folder_read_info(void *self, struct folder_handle handle,
                                           struct folder_info *ret, struct error *err)
{
    struct memory_folder *folder = self;
    size_t file = (size_t)handle.value / MEMORY_FOLDER_STREAMS - 1;
    const struct memory_node *node = memory_folder_node(folder, handle);
    *ret = (struct folder_info){.basic = node->basic, .size = node->data.length, .links = 0};
    /* A tree is only told what can be set. */
    if (node->is_directory)
        ret->basic.attributes |= WIN_ATTRIBUTE_DIRECTORY;
    if (node->type == LAYER_LINK)
        ret->basic.attributes |= WIN_ATTRIBUTE_REPARSE_POINT;
    if (ret->basic.attributes == 0)
        ret->basic.attributes = 0x20;
    for (size_t i = 0; i < folder->tree->count; i++)
        ret->links += memory_folder_file(folder, i) == file;
    memcpy(ret->id, &file, sizeof(file));
    return memory_folder_call(folder, err);
}

static inline bool memory_folder_read_at(void *self, struct folder_handle handle,
                                         struct folder_span span, void *data, size_t *ret,
                                         struct error *err)
{
    struct memory_folder *folder = self;
    size_t stream = (size_t)handle.value % MEMORY_FOLDER_STREAMS;
    const struct memory_node *node = memory_folder_node(folder, handle);
    const struct buf *content = stream ? &node->streams[stream - 1].data : &node->data;
    uint64_t size = content->length - folder->shorter;
    uint64_t left = span.offset < size ? size - span.offset : 0;
    *ret = left < span.length ? (size_t)left : span.length;
    if (*ret > 0)
        memcpy(data, content->data + span.offset, *ret);
    return memory_folder_call(folder, err);
}

static inline void memory_folder_close(void *self, struct folder_handle *handle)
{
    struct memory_folder *folder = self;
    memory_folder_node(folder, *handle);
    folder->open_handles--;
    *handle = (struct folder_handle){0};
}

static inline bool memory_folder_take(struct memory_folder *folder, const struct buf *from,
                                      struct buf *ret, struct error *err)
{
    return memory_folder_call(folder, err) && buf_append(ret, from->data, from->length, err);
}

static inline bool memory_folder_read_security(void *self, struct folder_handle handle,
                                               struct buf *ret, struct error *err)
{
    return memory_folder_take(self, &memory_folder_node(self, handle)->security, ret, err);
}

static inline bool memory_folder_read_ea(void *self, struct folder_handle handle, struct buf *ret,
                                         struct error *err)
{
    return memory_folder_take(self, &memory_folder_node(self, handle)->ea, ret, err);
}

static inline bool memory_folder_read_reparse(void *self, struct folder_handle handle,
                                              struct buf *ret, struct error *err)
{
    return memory_folder_take(self, &memory_folder_node(self, handle)->reparse, ret, err);
}

static inline bool memory_folder_list_streams(void *self, struct folder_handle handle,
                                              struct folder_streams *ret, struct error *err)
{
    const struct memory_node *node = memory_folder_node(self, handle);
    for (size_t i = 0; i < node->stream_count; i++)
        folder_streams_add(ret, node->streams[i].name, node->streams[i].data.length);
    return memory_folder_call(self, err);
}

static inline bool memory_folder_open_stream(void *self, struct folder_handle owner,
                                             const char *name, struct folder_handle *ret,
                                             struct error *err)
{
    struct memory_folder *folder = self;
    const struct memory_node *node = memory_folder_node(folder, owner);
    size_t number = (size_t)owner.value / MEMORY_FOLDER_STREAMS - 1;
    if (!memory_folder_call(folder, err))
        return false;
    for (size_t i = 0; i < node->stream_count; i++) {
        if (!str_equal(node->streams[i].name, name))
            continue;
        *ret = memory_folder_handle(folder, number, i + 1);
        return true;
    }
    return error_set(err, ERR_NOT_FOUND, "there is no stream '%s'", name);
}

static const struct layer_folder_ops memory_folder_ops = {
    .list = memory_folder_list,
    .open = memory_folder_open,
    .read_info = memory_folder_read_info,
    .read_at = memory_folder_read_at,
    .close = memory_folder_close,
    .read_security = memory_folder_read_security,
    .read_ea = memory_folder_read_ea,
    .read_reparse = memory_folder_read_reparse,
    .list_streams = memory_folder_list_streams,
    .open_stream = memory_folder_open_stream,
};

static inline struct layer_folder memory_folder_open_tree(struct memory_folder *folder,
                                                          const struct memory_tree *tree)
{
    *folder = (struct memory_folder){.tree = tree};
    return (struct layer_folder){.ops = &memory_folder_ops, .self = folder};
}
