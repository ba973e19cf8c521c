/* SPDX-License-Identifier: MIT */
#include "layers/utility_vm.h"

#include "base/alloc.h"

struct utility_vm_writer {
    struct layer_writer stage;
    struct layer_writer real; /* into the layer itself */
    struct layer_writer *current;
};

static struct layer_writer *choose(struct utility_vm_writer *w, const struct layer_path *path)
{
    w->current = path->root == LAYER_ROOT_UTILITY_VM ? &w->real : &w->stage;
    return w->current;
}

static bool implied_directory(void *self, const struct layer_path *path, struct error *err)
{
    const struct layer_writer *to = choose(self, path);
    return to->ops->implied_directory(to->self, path, err);
}

static bool directory(void *self, const struct layer_path *path, const struct win_meta *meta,
                      bool implied, struct error *err)
{
    const struct layer_writer *to = choose(self, path);
    return to->ops->directory(to->self, path, meta, implied, err);
}

static bool file(void *self, const struct layer_path *path, const struct win_meta *meta,
                 uint64_t size, struct error *err)
{
    const struct layer_writer *to = choose(self, path);
    return to->ops->file(to->self, path, meta, size, err);
}

static bool link_object(void *self, const struct layer_path *path, const struct win_meta *meta,
                        struct error *err)
{
    const struct layer_writer *to = choose(self, path);
    return to->ops->link(to->self, path, meta, err);
}

static bool stream(void *self, const char *name, uint64_t size, struct error *err)
{
    const struct layer_writer *to = ((struct utility_vm_writer *)self)->current;
    return to->ops->stream(to->self, name, size, err);
}

static bool data(void *self, const void *bytes, size_t length, struct error *err)
{
    const struct layer_writer *to = ((struct utility_vm_writer *)self)->current;
    return to->ops->data(to->self, bytes, length, err);
}

static bool end(void *self, struct error *err)
{
    const struct layer_writer *to = ((struct utility_vm_writer *)self)->current;
    return to->ops->end(to->self, err);
}

/* All of them are made after ImportLayer: they may lead to what it makes. */
static bool hard_link(void *self, const struct layer_link *link, struct error *err)
{
    const struct utility_vm_writer *w = self;
    return w->stage.ops->hard_link(w->stage.self, link, err);
}

static bool check(void *self, struct error *err)
{
    const struct utility_vm_writer *w = self;
    return w->stage.ops->check(w->stage.self, err) && w->real.ops->check(w->real.self, err);
}

static void times(const void *self, struct unpack_times *ret, uint64_t *ret_own)
{
    const struct utility_vm_writer *w = self;
    struct unpack_times more;
    uint64_t own = 0;
    w->stage.ops->times(w->stage.self, ret, ret_own);
    w->real.ops->times(w->real.self, &more, &own);
    unpack_times_add(ret, &more);
    *ret_own += own;
}

/* The times of directories are set after ImportLayer too. */
static bool finish(void *self, const struct layer_unpack_result *result, struct error *err)
{
    static const struct layer_unpack_result no_directories;
    const struct utility_vm_writer *w = self;
    return w->real.ops->finish(w->real.self, &no_directories, err)
        && w->stage.ops->finish(w->stage.self, result, err);
}

static void close_both(void *self)
{
    struct utility_vm_writer *w = self;
    layer_writer_close(&w->real);
    layer_writer_close(&w->stage);
    mem_free(&w);
}

static const struct layer_writer_ops operations = {
    .implied_directory = implied_directory,
    .directory = directory,
    .file = file,
    .link = link_object,
    .stream = stream,
    .data = data,
    .end = end,
    .hard_link = hard_link,
    .check = check,
    .finish = finish,
    .times = times,
    .close = close_both,
};

struct layer_writer utility_vm_writer_open(const struct layer_tree *staging,
                                           const struct layer_tree *layer)
{
    struct utility_vm_writer *w = xcalloc(1, sizeof(*w));
    w->stage = stage_writer_open(staging);
    w->real = base_writer_open(layer);
    return (struct layer_writer){.ops = &operations, .self = w};
}
