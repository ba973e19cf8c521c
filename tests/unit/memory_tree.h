/* SPDX-License-Identifier: MIT */
/* memory_tree: a struct layer_tree in memory that remembers what it was told and aborts when it is
 * used in a way that layer_tree.h does not allow, by several threads if need be.
 *
 * It also aborts when something is made in a directory that has its times already, or a hard link
 * to a file that is still open. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/monitor.h"
#include "base/text.h"
#include "layers/layer_tree.h"

#define MEMORY_MAXIMUM_STREAMS 8

struct memory_stream {
    char *name;
    struct buf data;
};

struct memory_node {
    char *path;
    enum layer_object_type type;
    struct buf data;
    struct buf security;
    struct buf ea;
    struct buf reparse;
    struct memory_stream streams[MEMORY_MAXIMUM_STREAMS];
    size_t stream_count;
    struct win_basic_info basic;
    uint64_t promised; /* size told to create_file */
    char *link_target; /* of hard links */
    bool is_directory; /* made as one; the type says LINK when it became a link */
    bool is_open;
    bool is_settled; /* set_basic was called since it was opened */
    bool has_times;  /* set_basic was ever called */
    bool stream_is_open;
};

struct memory_tree {
    struct monitor lock;
    struct memory_node **nodes; /* in the order of creation */
    uint32_t *hashes;           /* of their paths, side by side because they are searched */
    size_t count;
    size_t open_handles;
    size_t calls;
    size_t fail_at;   /* the call that fails; 0 = none */
    const char *full; /* a file that can have no other name; NULL = none */
    struct buf log;   /* a line for each call on directories and names; files come in any order */
};

static inline void memory_require(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "layer_tree misused: %s\n", what);
        abort();
    }
}

static inline uint32_t memory_hash(const char *path)
{
    uint32_t hash = UINT32_C(2166136261);
    for (; *path; path++)
        hash = (hash ^ (unsigned char)char_to_lower(*path)) * UINT32_C(16777619);
    return hash;
}

/* These two are for the tests themselves, once the tree is at rest. */

static inline struct memory_node *memory_find(const struct memory_tree *tree, const char *path)
{
    uint32_t hash = memory_hash(path);
    for (size_t i = 0; i < tree->count; i++) {
        if (tree->hashes[i] == hash && str_equal_nocase(tree->nodes[i]->path, path))
            return tree->nodes[i];
    }
    return NULL;
}

/* 'path' is 'directory' or lies in it, but for upper and lower case. */
static inline bool memory_is_below(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    if (strlen(path) < length || (path[length] != '\0' && path[length] != '\\'))
        return false;
    CLEANUP(str_free) char *start = xstrndup(path, length);
    return str_equal_nocase(start, directory);
}

/* As if a directory were not there, for a tree that lacks the parents of what it has. */
static inline void memory_forget(struct memory_tree *tree, const char *path)
{
    struct memory_node *node = memory_find(tree, path);
    if (!node)
        abort();
    str_free(&node->path);
    node->path = xstrdup("forgotten");
    for (size_t i = 0; i < tree->count; i++)
        if (tree->nodes[i] == node)
            tree->hashes[i] = memory_hash(node->path);
}

/* CLEANUP(memory_leave) struct memory_tree *tree = memory_enter(self); */
static inline struct memory_tree *memory_enter(void *self)
{
    struct memory_tree *tree = self;
    monitor_enter(&tree->lock);
    return tree;
}

static inline void memory_leave(struct memory_tree **tree)
{
    monitor_leave(&(*tree)->lock);
}

static inline bool memory_call(struct memory_tree *tree, struct error *err)
{
    if (++tree->calls == tree->fail_at)
        return error_set(err, ERR_OS, "injected failure");
    return true;
}

static inline bool memory_add(struct memory_tree *tree, const struct layer_path *path,
                              enum layer_object_type type, struct memory_node **ret,
                              struct error *err)
{
    CLEANUP(layer_path_clear) struct layer_path parent = {0};
    if (layer_path_parent(path, &parent)) {
        const struct memory_node *above = memory_find(tree, parent.text);
        if (!above || above->type != LAYER_DIRECTORY)
            return error_set(err, ERR_NOT_FOUND, "no directory '%s'", parent.text);
        memory_require(!above->has_times, "made in a directory that has its times");
    }
    if (memory_find(tree, path->text))
        return error_set(err, ERR_BUSY, "'%s' exists", path->text);
    struct memory_node *node = xcalloc(1, sizeof(*node));
    node->path = xstrdup(path->text);
    node->type = type;
    struct buf *bufs[] = {&node->data, &node->security, &node->ea, &node->reparse};
    for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
        buf_init(bufs[i], BUF_UNBOUNDED);
    tree->nodes = xrealloc_array(tree->nodes, tree->count + 1, sizeof(*tree->nodes));
    tree->hashes = xrealloc_array(tree->hashes, tree->count + 1, sizeof(*tree->hashes));
    tree->hashes[tree->count] = memory_hash(path->text);
    tree->nodes[tree->count++] = node;
    *ret = node;
    return true;
}

/* A handle is the node's address, plus one for its stream (the last one made). */
static inline struct memory_node *memory_node_of(struct layer_handle handle)
{
    struct memory_node *node = NULL;
    intptr_t address = handle.value & ~(intptr_t)1;
    memory_require(address != 0, "closed handle");
    memcpy(&node, &address, sizeof(address));
    memory_require(node->is_open, "object is closed");
    return node;
}

static inline struct layer_handle memory_open_handle(struct memory_tree *tree,
                                                     struct memory_node *node)
{
    memory_require(!node->is_open, "opened twice");
    node->is_open = true;
    node->is_settled = false;
    tree->open_handles++;
    return (struct layer_handle){(intptr_t)node};
}

static inline bool memory_make_directory(void *self, const struct layer_path *path,
                                         struct layer_handle *ret, struct error *err)
{
    CLEANUP(memory_leave) struct memory_tree *tree = memory_enter(self);
    struct memory_node *node = NULL;
    if (!memory_call(tree, err) || !memory_add(tree, path, LAYER_DIRECTORY, &node, err))
        return false;
    node->is_directory = true;
    buf_addf(&tree->log, "mkdir %s\n", path->text);
    *ret = memory_open_handle(tree, node);
    return true;
}

static inline bool memory_create_file(void *self, const struct layer_path *path, uint64_t size,
                                      struct layer_handle *ret, struct error *err)
{
    CLEANUP(memory_leave) struct memory_tree *tree = memory_enter(self);
    struct memory_node *node = NULL;
    if (!memory_call(tree, err) || !memory_add(tree, path, LAYER_FILE, &node, err))
        return false;
    node->promised = size;
    *ret = memory_open_handle(tree, node);
    return true;
}

static inline bool memory_open_directory(void *self, const struct layer_path *path,
                                         struct layer_handle *ret, struct error *err)
{
    CLEANUP(memory_leave) struct memory_tree *tree = memory_enter(self);
    struct memory_node *node = memory_find(tree, path->text);
    if (!memory_call(tree, err))
        return false;
    if (!node || node->type == LAYER_FILE)
        return error_set(err, ERR_NOT_FOUND, "no directory '%s'", path->text);
    buf_addf(&tree->log, "open %s\n", path->text);
    /* By the next layer on top of this one. */
    node->has_times = false;
    *ret = memory_open_handle(tree, node);
    return true;
}

static inline bool memory_open_stream(void *self, struct layer_handle owner, const char *name,
                                      uint64_t size, struct layer_handle *ret, struct error *err)
{
    CLEANUP(memory_leave) struct memory_tree *tree = memory_enter(self);
    struct memory_node *node = memory_node_of(owner);
    (void)size;
    memory_require(!node->is_settled && !node->stream_is_open, "stream out of order");
    if (!memory_call(tree, err))
        return false;
    if (node->stream_count == MEMORY_MAXIMUM_STREAMS)
        return error_set(err, ERR_NO_SPACE, "too many streams");
    struct memory_stream *stream = &node->streams[node->stream_count++];
    stream->name = xstrdup(name);
    buf_init(&stream->data, BUF_UNBOUNDED);
    node->stream_is_open = true;
    tree->open_handles++;
    *ret = (struct layer_handle){owner.value + 1};
    return true;
}

static inline bool memory_write(void *self, struct layer_handle handle, const void *data,
                                size_t length, struct error *err)
{
    CLEANUP(memory_leave) struct memory_tree *tree = memory_enter(self);
    struct memory_node *node = memory_node_of(handle);
    bool to_stream = handle.value & 1;
    memory_require(to_stream == node->stream_is_open && !node->is_settled, "write out of order");
    memory_require(to_stream || node->type == LAYER_FILE, "write to no file");
    buf_add(to_stream ? &node->streams[node->stream_count - 1].data : &node->data, data, length);
    return memory_call(tree, err);
}

static inline bool memory_set(void *self, struct layer_handle handle, struct buf *to,
                              const void *data, size_t length, struct error *err)
{
    CLEANUP(memory_leave) struct memory_tree *tree = memory_enter(self);
    const struct memory_node *node = memory_node_of(handle);
    memory_require(length > 0 && to->length == 0, "set twice, or to nothing");
    memory_require(!node->is_settled && node->data.length == 0 && node->stream_count == 0,
                   "metadata out of order");
    buf_add(to, data, length);
    return memory_call(tree, err);
}

static inline bool memory_set_security(void *self, struct layer_handle handle, const void *data,
                                       size_t length, struct error *err)
{
    return memory_set(self, handle, &memory_node_of(handle)->security, data, length, err);
}

static inline bool memory_set_ea(void *self, struct layer_handle handle, const void *data,
                                 size_t length, struct error *err)
{
    return memory_set(self, handle, &memory_node_of(handle)->ea, data, length, err);
}

static inline bool memory_set_reparse(void *self, struct layer_handle handle, const void *data,
                                      size_t length, struct error *err)
{
    struct memory_node *node = memory_node_of(handle);
    node->type = LAYER_LINK;
    return memory_set(self, handle, &node->reparse, data, length, err);
}

static inline bool memory_set_basic(void *self, struct layer_handle handle,
                                    const struct win_basic_info *basic, struct error *err)
{
    CLEANUP(memory_leave) struct memory_tree *tree = memory_enter(self);
    struct memory_node *node = memory_node_of(handle);
    memory_require(!node->is_settled && !node->stream_is_open, "basic info out of order");
    node->basic = *basic;
    node->is_settled = true;
    node->has_times = true;
    if (node->is_directory)
        buf_addf(&tree->log, "basic %s\n", node->path);
    return memory_call(tree, err);
}

static inline bool memory_close(void *self, struct layer_handle *handle, struct error *err)
{
    CLEANUP(memory_leave) struct memory_tree *tree = memory_enter(self);
    struct memory_node *node = memory_node_of(*handle);
    bool is_stream = handle->value & 1;
    if (is_stream)
        node->stream_is_open = false;
    else
        node->is_open = false;
    tree->open_handles--;
    *handle = (struct layer_handle){0};
    return memory_call(tree, err);
}

static inline bool memory_link(void *self, const struct layer_path *path,
                               const struct layer_tree *target_tree,
                               const struct layer_path *target, struct error *err)
{
    CLEANUP(memory_leave) struct memory_tree *tree = memory_enter(self);
    const struct memory_node *from = memory_find(target_tree->self, target->text);
    struct memory_node *node = NULL;
    if (!memory_call(tree, err))
        return false;
    if (!from || from->type != LAYER_FILE)
        return error_set(err, ERR_NOT_FOUND, "no file '%s'", target->text);
    if (tree->full && str_equal_nocase(tree->full, target->text))
        return error_set(err, ERR_NO_SPACE, "'%s' has too many names", target->text);
    memory_require(!from->is_open, "link to a file that is open");
    if (!memory_add(tree, path, LAYER_FILE, &node, err))
        return false;
    buf_add(&node->data, from->data.data, from->data.length);
    node->link_target = xstrdup(target->text);
    buf_addf(&tree->log, "link %s -> %s%s\n", path->text, target->text,
             target_tree->self == self ? "" : " of another layer");
    return true;
}

static inline void memory_node_free(struct memory_node *node)
{
    str_free(&node->path);
    str_free(&node->link_target);
    buf_clear(&node->data);
    buf_clear(&node->security);
    buf_clear(&node->ea);
    buf_clear(&node->reparse);
    for (size_t i = 0; i < node->stream_count; i++) {
        str_free(&node->streams[i].name);
        buf_clear(&node->streams[i].data);
    }
    mem_free(&node);
}

static inline bool memory_remove(void *self, const struct layer_path *path, struct error *err)
{
    CLEANUP(memory_leave) struct memory_tree *tree = memory_enter(self);
    if (!memory_call(tree, err))
        return false;
    buf_addf(&tree->log, "remove %s\n", path->text);
    size_t kept = 0;
    for (size_t i = 0; i < tree->count; i++) {
        struct memory_node *node = tree->nodes[i];
        /* Only applying removes, and sets all times again after that. */
        node->has_times = false;
        if (memory_is_below(node->path, path->text)) {
            memory_node_free(node);
        } else {
            tree->hashes[kept] = tree->hashes[i];
            tree->nodes[kept++] = node;
        }
    }
    tree->count = kept;
    return true;
}

static inline bool memory_read_directory(void *self, const struct layer_path *path,
                                         struct win_meta *ret, struct error *err)
{
    CLEANUP(memory_leave) struct memory_tree *tree = memory_enter(self);
    const struct memory_node *node = memory_find(tree, path->text);
    if (!memory_call(tree, err))
        return false;
    if (!node || node->type != LAYER_DIRECTORY)
        return error_set(err, ERR_NOT_FOUND, "no directory '%s'", path->text);
    win_meta_take_directory(ret, &node->basic);
    return buf_append(&ret->security, node->security.data, node->security.length, err);
}

static inline bool memory_read_object(void *self, const struct layer_path *path,
                                      struct win_meta *ret, struct error *err)
{
    const struct memory_node *node = memory_find(self, path->text);
    if (!memory_call(self, err))
        return false;
    if (!node)
        return error_set(err, ERR_NOT_FOUND, "no object '%s'", path->text);
    if (node->type == LAYER_DIRECTORY)
        win_meta_take_directory(ret, &node->basic);
    else
        win_meta_take_object(ret, &node->basic);
    return buf_append(&ret->security, node->security.data, node->security.length, err)
        && buf_append(&ret->ea, node->ea.data, node->ea.length, err)
        && buf_append(&ret->reparse, node->reparse.data, node->reparse.length, err);
}

static inline bool memory_read_content(void *self, const struct layer_path *path,
                                       bool (*consume)(void *user, const void *data, size_t length,
                                                       struct error *err),
                                       void *user, struct error *err)
{
    const struct memory_node *node = memory_find(self, path->text);
    if (!memory_call(self, err))
        return false;
    if (!node || node->type != LAYER_FILE)
        return error_set(err, ERR_NOT_FOUND, "no file '%s'", path->text);
    return node->data.length == 0 || consume(user, node->data.data, node->data.length, err);
}

/* Skips names that memory_forget() has put aside. */
static inline bool memory_list(void *self, const struct layer_path *path, struct strlist *ret,
                               struct error *err)
{
    CLEANUP(memory_leave) struct memory_tree *tree = memory_enter(self);
    const struct memory_node *node = memory_find(tree, path->text);
    size_t length = strlen(path->text);
    if (!memory_call(tree, err))
        return false;
    if (!node || node->type != LAYER_DIRECTORY)
        return error_set(err, ERR_NOT_FOUND, "no directory '%s'", path->text);
    for (size_t i = 0; i < tree->count; i++) {
        const char *child = tree->nodes[i]->path;
        if (strlen(child) > length && child[length] == '\\' && !strchr(child + length + 1, '\\')
            && memory_is_below(child, path->text))
            strlist_add(ret, child + length + 1);
    }
    return true;
}

static inline bool memory_type_of(void *self, const struct layer_path *path,
                                  enum layer_object_type *ret, struct error *err)
{
    CLEANUP(memory_leave) struct memory_tree *tree = memory_enter(self);
    const struct memory_node *node = memory_find(tree, path->text);
    *ret = node ? node->type : LAYER_ABSENT;
    return memory_call(tree, err);
}

static const struct layer_tree_ops memory_tree_ops = {
    .make_directory = memory_make_directory,
    .create_file = memory_create_file,
    .open_directory = memory_open_directory,
    .open_stream = memory_open_stream,
    .write = memory_write,
    .set_security = memory_set_security,
    .set_ea = memory_set_ea,
    .set_reparse = memory_set_reparse,
    .set_basic = memory_set_basic,
    .close = memory_close,
    .link = memory_link,
    .remove = memory_remove,
    .read_directory = memory_read_directory,
    .read_object = memory_read_object,
    .read_content = memory_read_content,
    .list = memory_list,
    .type_of = memory_type_of,
};

static inline struct layer_tree memory_tree_open(struct memory_tree *tree)
{
    *tree = (struct memory_tree){.lock = monitor_open()};
    buf_init(&tree->log, BUF_UNBOUNDED);
    return (struct layer_tree){.ops = &memory_tree_ops, .self = tree};
}

static inline void memory_tree_close(struct memory_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        memory_node_free(tree->nodes[i]);
    mem_free(&tree->nodes);
    mem_free(&tree->hashes);
    buf_clear(&tree->log);
    monitor_close(&tree->lock);
    *tree = (struct memory_tree){0};
}
