/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/os.h"
#include "layers/layer_writer.h"
#include "layers/object_writer.h"
#include "layers/tree_copy.h"

struct base_writer {
    struct object_writer objects;
};

static bool base_implied_directory(void *self, const struct layer_path *path, struct error *err)
{
    struct base_writer *w = self;
    struct object_job *job = object_job_new(path);
    return object_writer_directory(&w->objects, &job, false, err)
        && object_writer_end(&w->objects, err);
}

/* Directories get their times at the end. */
static bool base_directory(void *self, const struct layer_path *path, const struct win_meta *meta,
                           bool implied, struct error *err)
{
    struct base_writer *w = self;
    /* What lies in it inherits from it when it is made: what came before the directory does not. */
    if (implied && meta->security.length > 0 && !object_writer_settle(&w->objects, err))
        return false;
    struct object_job *job = object_job_new(path);
    object_job_set_meta(job, meta);
    return object_writer_directory(&w->objects, &job, implied, err);
}

static bool base_file(void *self, const struct layer_path *path, const struct win_meta *meta,
                      uint64_t size, struct error *err)
{
    struct base_writer *w = self;
    struct object_job *job = object_job_new(path);
    object_job_set_meta(job, meta);
    job->basic = meta->basic;
    return object_writer_file(&w->objects, &job, size, err);
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
    return object_writer_stream(&w->objects, name, size, err);
}

static bool base_data(void *self, const void *data, size_t length, struct error *err)
{
    struct base_writer *w = self;
    return object_writer_data(&w->objects, data, length, err);
}

static bool base_end(void *self, struct error *err)
{
    struct base_writer *w = self;
    return object_writer_end(&w->objects, err);
}

/* What this layer has may still be on its way; what lower layers have may soon be replaced. */
static bool base_hard_link(void *self, const struct layer_link *link, struct error *err)
{
    struct base_writer *w = self;
    const struct layer_tree *tree = &w->objects.tree;
    return link->parent == LAYER_LINK_IN_LAYER
        || tree->ops->link(tree->self, &link->path, tree, &link->target, err);
}

/* Of layers above the base one, which only LAYER_PLAIN brings here. */
static bool delete_tombstones(const struct layer_tree *tree,
                              const struct layer_unpack_result *result, struct error *err)
{
    for (size_t i = 0; i < result->tombstone_count; i++)
        if (!tree->ops->remove(tree->self, &result->tombstones[i], err))
            return false;
    return true;
}

static bool base_check(void *self, struct error *err)
{
    struct base_writer *w = self;
    return object_writer_check(&w->objects, err);
}

static bool make_links(const struct layer_tree *tree, const struct layer_unpack_result *result,
                       struct error *err)
{
    for (size_t i = 0; i < result->link_count; i++) {
        const struct layer_link *link = &result->links[i];
        const struct tree_copy copy = {
            .from = tree, .source = &link->target, .to = tree, .target = &link->path};
        if (link->parent == LAYER_LINK_IN_LAYER && !tree_copy_link(&copy, err))
            return false;
    }
    return true;
}

/* Children first: making them has changed the times of their parents. */
static bool set_directories(const struct layer_tree *tree, const struct layer_unpack_result *result,
                            struct error *err)
{
    for (size_t i = result->directory_count; i > 0; i--)
        if (!layer_tree_set_directory_basic(tree, &result->directories[i - 1], err))
            return false;
    return true;
}

static bool base_finish(void *self, const struct layer_unpack_result *result, struct error *err)
{
    struct base_writer *w = self;
    const struct layer_tree *tree = &w->objects.tree;
    if (!object_writer_settle(&w->objects, err))
        return false;
    uint64_t mark = os_monotonic_ns();
    if (!delete_tombstones(tree, result, err) || !make_links(tree, result, err))
        return false;
    unpack_times_lap(&w->objects.times.create, &mark);
    if (!set_directories(tree, result, err))
        return false;
    unpack_times_lap(&w->objects.times.close, &mark);
    return true;
}

static void base_times(const void *self, struct unpack_times *ret, uint64_t *ret_own)
{
    const struct base_writer *w = self;
    object_writer_times(&w->objects, ret, ret_own);
}

static void base_close(void *self)
{
    struct base_writer *w = self;
    object_writer_close(&w->objects);
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
    .check = base_check,
    .finish = base_finish,
    .times = base_times,
    .close = base_close,
};

struct layer_writer base_writer_open(const struct layer_tree *tree)
{
    struct base_writer *w = xcalloc(1, sizeof(*w));
    w->objects = object_writer_open(tree);
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
    if (!object_has_basic(&directory->basic))
        return true;
    if (!tree->ops->open_directory(tree->self, &directory->path, &handle, err))
        return false;
    bool set = tree->ops->set_basic(tree->self, handle, &directory->basic, err);
    return layer_tree_close_after(tree, &handle, set, err);
}
