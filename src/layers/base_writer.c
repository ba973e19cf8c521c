/* SPDX-License-Identifier: MIT */
#include "layers/layer_writer.h"

#include "base/alloc.h"

struct base_writer {
    struct layer_tree tree;
    struct layer_handle object;
    struct layer_handle stream;
    struct win_basic_info basic; /* of the object; directories get theirs at the end */
};

static bool close_stream(struct base_writer *w, struct error *err)
{
    return w->stream.value == 0 || w->tree.ops->close(w->tree.self, &w->stream, err);
}

static bool close_object(struct base_writer *w, struct error *err)
{
    return w->object.value == 0 || w->tree.ops->close(w->tree.self, &w->object, err);
}

/* In the order in which BackupWrite is fed by Microsoft's tools: security, EAs, link data. */
static bool apply_meta(struct base_writer *w, const struct win_meta *meta, struct error *err)
{
    const struct layer_tree_ops *ops = w->tree.ops;
    struct layer_handle object = w->object;
    return (meta->security.length == 0
            || ops->set_security(w->tree.self, object, meta->security.data, meta->security.length,
                                 err))
        && (meta->ea.length == 0
            || ops->set_ea(w->tree.self, object, meta->ea.data, meta->ea.length, err))
        && (meta->reparse.length == 0
            || ops->set_reparse(w->tree.self, object, meta->reparse.data, meta->reparse.length,
                                err));
}

static bool base_implied_directory(void *self, const struct layer_path *path, struct error *err)
{
    struct base_writer *w = self;
    return w->tree.ops->make_directory(w->tree.self, path, &w->object, err) && close_object(w, err);
}

static bool base_directory(void *self, const struct layer_path *path, const struct win_meta *meta,
                           bool implied, struct error *err)
{
    struct base_writer *w = self;
    const struct layer_tree_ops *ops = w->tree.ops;
    bool (*open)(void *, const struct layer_path *, struct layer_handle *, struct error *) =
        implied ? ops->open_directory : ops->make_directory;
    w->basic = (struct win_basic_info){0};
    return open(w->tree.self, path, &w->object, err) && apply_meta(w, meta, err);
}

static bool base_file(void *self, const struct layer_path *path, const struct win_meta *meta,
                      uint64_t size, struct error *err)
{
    struct base_writer *w = self;
    w->basic = meta->basic;
    return w->tree.ops->create_file(w->tree.self, path, size, &w->object, err)
        && apply_meta(w, meta, err);
}

static bool base_link(void *self, const struct layer_path *path, const struct win_meta *meta,
                      struct error *err)
{
    return meta->is_directory ? base_directory(self, path, meta, false, err)
                              : base_file(self, path, meta, 0, err);
}

static bool base_stream(void *self, const char *name, uint64_t size, struct error *err)
{
    struct base_writer *w = self;
    return close_stream(w, err)
        && w->tree.ops->open_stream(w->tree.self, w->object, name, size, &w->stream, err);
}

static bool base_data(void *self, const void *data, size_t length, struct error *err)
{
    struct base_writer *w = self;
    struct layer_handle to = w->stream.value ? w->stream : w->object;
    return w->tree.ops->write(w->tree.self, to, data, length, err);
}

static bool has_basic(const struct win_basic_info *basic)
{
    return basic->creation_time || basic->access_time || basic->write_time || basic->change_time
        || basic->attributes;
}

static bool base_end(void *self, struct error *err)
{
    struct base_writer *w = self;
    return close_stream(w, err)
        && (!has_basic(&w->basic)
            || w->tree.ops->set_basic(w->tree.self, w->object, &w->basic, err))
        && close_object(w, err);
}

static bool base_hard_link(void *self, const struct layer_link *link, struct error *err)
{
    struct base_writer *w = self;
    return w->tree.ops->link(w->tree.self, &link->path, &w->tree, &link->target, err);
}

/* Of layers above the base one, which only LAYER_PLAIN brings here. */
static bool delete_tombstones(struct base_writer *w, const struct layer_unpack_result *result,
                              struct error *err)
{
    for (size_t i = 0; i < result->tombstone_count; i++)
        if (!w->tree.ops->remove(w->tree.self, &result->tombstones[i], err))
            return false;
    return true;
}

/* Children first: making them has changed the times of their parents. */
static bool base_finish(void *self, const struct layer_unpack_result *result, struct error *err)
{
    struct base_writer *w = self;
    if (!delete_tombstones(w, result, err))
        return false;
    for (size_t i = result->directory_count; i > 0; i--) {
        if (!layer_tree_set_directory_basic(&w->tree, &result->directories[i - 1], err))
            return false;
    }
    return true;
}

static void base_close(void *self)
{
    struct base_writer *w = self;
    struct error ignored = {0};
    /* Only after a failure is anything still open, and that is what gets reported. */
    if (!close_stream(w, &ignored))
        error_clear(&ignored);
    if (!close_object(w, &ignored))
        error_clear(&ignored);
    mem_free(&w);
}

static const struct layer_writer_ops base_ops = {
    .implied_directory = base_implied_directory,
    .directory = base_directory,
    .file = base_file,
    .link = base_link,
    .stream = base_stream,
    .data = base_data,
    .end = base_end,
    .hard_link = base_hard_link,
    .finish = base_finish,
    .close = base_close,
};

struct layer_writer base_writer_open(const struct layer_tree *tree)
{
    struct base_writer *w = xcalloc(1, sizeof(*w));
    w->tree = *tree;
    return (struct layer_writer){.ops = &base_ops, .self = w};
}

void layer_writer_close(struct layer_writer *writer)
{
    if (writer->ops)
        writer->ops->close(writer->self);
    *writer = (struct layer_writer){0};
}

bool layer_tree_set_directory_basic(const struct layer_tree *tree,
                                    const struct layer_directory *directory, struct error *err)
{
    struct layer_handle handle = {0};
    if (!has_basic(&directory->basic))
        return true;
    if (!tree->ops->open_directory(tree->self, &directory->path, &handle, err))
        return false;
    bool set = tree->ops->set_basic(tree->self, handle, &directory->basic, err);
    struct error closing = {0};
    bool closed = tree->ops->close(tree->self, &handle, set ? err : &closing);
    error_clear(&closing);
    return set && closed;
}
