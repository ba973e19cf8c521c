/* SPDX-License-Identifier: MIT */
#include "layers/object_writer.h"

#include "base/os.h"

struct object_writer object_writer_open(const struct layer_tree *tree)
{
    return (struct object_writer){.tree = *tree, .pool = object_pool_open(tree)};
}

static bool close_stream(struct object_writer *w, struct error *err)
{
    uint64_t mark = os_monotonic_ns();
    bool closed = w->stream.value == 0 || w->tree.ops->close(w->tree.self, &w->stream, err);
    unpack_times_lap(&w->times.close, &mark);
    return closed;
}

void object_writer_close(struct object_writer *writer)
{
    CLEANUP(error_clear) struct error ignored = {0};
    /* Only after a failure is anything still open, and that is what gets reported. */
    bool closed = close_stream(writer, &ignored);
    (void)closed;
    if (writer->job)
        object_job_abandon(writer->job, &writer->tree);
    object_job_free(&writer->job);
    object_pool_close(&writer->pool);
}

/* ---- beginning ---- */

/* Makes the object and writes what has been gathered. */
static bool stop_gathering(struct object_writer *w, struct error *err)
{
    w->is_gathered = false;
    return object_job_create(w->job, &w->tree, w->expected, &w->times, err)
        && object_job_fill(w->job, &w->tree, &w->times, err);
}

static bool make_room(struct object_writer *w, uint64_t size, struct error *err)
{
    bool is_small =
        size <= OBJECT_WRITER_SMALL && object_job_size(w->job) <= OBJECT_WRITER_SMALL - size;
    return !w->is_gathered || is_small || stop_gathering(w, err);
}

bool object_writer_file(struct object_writer *writer, struct object_job **job, uint64_t size,
                        struct error *err)
{
    writer->job = TAKE(*job);
    writer->expected = writer->job->data.length + size;
    writer->is_directory = false;
    writer->is_gathered = true;
    return make_room(writer, size, err);
}

bool object_writer_directory(struct object_writer *writer, struct object_job **job, bool exists,
                             struct error *err)
{
    const struct layer_tree *tree = &writer->tree;
    writer->job = TAKE(*job);
    writer->is_directory = true;
    writer->is_gathered = false;
    uint64_t mark = os_monotonic_ns();
    struct object_job *object = writer->job;
    bool opened = exists ? tree->ops->open_directory(tree->self, &object->path, &object->open, err)
                         : tree->ops->make_directory(tree->self, &object->path, &object->open, err);
    unpack_times_lap(&writer->times.create, &mark);
    return opened && object_job_describe(object, tree, &writer->times, err);
}

bool object_writer_stream(struct object_writer *writer, const char *name, uint64_t size,
                          struct error *err)
{
    const struct layer_tree *tree = &writer->tree;
    if (!make_room(writer, size, err) || !close_stream(writer, err))
        return false;
    if (writer->is_gathered) {
        object_job_add_stream(writer->job, name);
        return true;
    }
    uint64_t mark = os_monotonic_ns();
    bool opened =
        tree->ops->open_stream(tree->self, writer->job->open, name, size, &writer->stream, err);
    unpack_times_lap(&writer->times.create, &mark);
    return opened;
}

/* ---- content ---- */

bool object_writer_expect(struct object_writer *writer, uint64_t size, struct error *err)
{
    writer->expected += size;
    return make_room(writer, size, err);
}

bool object_writer_data(struct object_writer *writer, const void *data, size_t length,
                        struct error *err)
{
    if (writer->is_gathered) {
        buf_add(object_job_content(writer->job), data, length);
        return true;
    }
    uint64_t mark = os_monotonic_ns();
    struct layer_handle to = writer->stream.value ? writer->stream : writer->job->open;
    bool written = writer->tree.ops->write(writer->tree.self, to, data, length, err);
    unpack_times_lap(&writer->times.write, &mark);
    return written;
}

static bool end_directory(struct object_writer *w, struct error *err)
{
    bool finished = object_job_finish(w->job, &w->tree, &w->times, err);
    object_job_abandon(w->job, &w->tree);
    object_job_free(&w->job);
    return finished;
}

bool object_writer_end(struct object_writer *writer, struct error *err)
{
    if (!close_stream(writer, err))
        return false;
    if (writer->is_directory)
        return end_directory(writer, err);
    uint64_t mark = os_monotonic_ns();
    object_pool_put(writer->pool, &writer->job);
    unpack_times_lap(&writer->waited, &mark);
    return true;
}

/* ---- the pool ---- */

bool object_writer_check(struct object_writer *writer, struct error *err)
{
    return object_pool_check(writer->pool, err);
}

bool object_writer_settle(struct object_writer *writer, struct error *err)
{
    uint64_t mark = os_monotonic_ns();
    bool settled = object_pool_settle(writer->pool, err);
    unpack_times_lap(&writer->waited, &mark);
    return settled;
}

void object_writer_times(const struct object_writer *writer, struct unpack_times *ret,
                         uint64_t *ret_own)
{
    const struct unpack_times *own = &writer->times;
    *ret_own = own->create + own->write + own->close + writer->waited;
    *ret = object_pool_times(writer->pool);
    unpack_times_add(ret, own);
}
