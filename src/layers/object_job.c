/* SPDX-License-Identifier: MIT */
#include "layers/object_job.h"

#include <string.h>

#include "base/alloc.h"
#include "base/os.h"
#include "layers/path_list.h"

struct object_job *object_job_new(const struct layer_path *path)
{
    struct object_job *job = xcalloc(1, sizeof(*job));
    struct buf *bufs[] = {&job->security, &job->ea, &job->reparse, &job->data};
    for (size_t i = 0; i < ARRAY_SIZE(bufs); i++)
        buf_init(bufs[i], BUF_UNBOUNDED);
    job->path = layer_path_copy(path);
    return job;
}

void object_job_set_meta(struct object_job *job, const struct win_meta *meta)
{
    buf_add(&job->security, meta->security.data, meta->security.length);
    buf_add(&job->ea, meta->ea.data, meta->ea.length);
    buf_add(&job->reparse, meta->reparse.data, meta->reparse.length);
}

void object_job_add_stream(struct object_job *job, const char *name)
{
    job->streams = array_room(job->streams, job->stream_count, sizeof(*job->streams));
    struct object_stream *stream = &job->streams[job->stream_count++];
    *stream = (struct object_stream){.name = xstrdup(name)};
    buf_init(&stream->data, BUF_UNBOUNDED);
}

struct buf *object_job_content(struct object_job *job)
{
    return job->stream_count ? &job->streams[job->stream_count - 1].data : &job->data;
}

size_t object_job_size(const struct object_job *job)
{
    size_t size = sizeof(*job) + strlen(job->path.text) + job->security.capacity + job->ea.capacity
        + job->reparse.capacity + job->data.capacity;
    for (size_t i = 0; i < job->stream_count; i++)
        size += sizeof(*job->streams) + job->streams[i].data.capacity;
    return size;
}

static void clear_streams(struct object_job *job)
{
    for (size_t i = 0; i < job->stream_count; i++) {
        str_free(&job->streams[i].name);
        buf_clear(&job->streams[i].data);
    }
    mem_free(&job->streams);
    job->stream_count = 0;
}

void object_job_free(struct object_job **job)
{
    if (!*job)
        return;
    layer_path_clear(&(*job)->path);
    buf_clear(&(*job)->security);
    buf_clear(&(*job)->ea);
    buf_clear(&(*job)->reparse);
    buf_clear(&(*job)->data);
    clear_streams(*job);
    mem_free(job);
}

/* ---- the steps ---- */

static bool set_meta(const struct object_job *job, const struct layer_tree *tree, struct error *err)
{
    const struct layer_object_meta meta = {&job->security, &job->ea, &job->reparse};
    return layer_tree_set_meta(tree, job->open, &meta, err);
}

bool object_job_describe(struct object_job *job, const struct layer_tree *tree,
                         struct unpack_times *times, struct error *err)
{
    uint64_t mark = os_monotonic_ns();
    bool described = set_meta(job, tree, err);
    unpack_times_lap(&times->create, &mark);
    return described;
}

bool object_job_create(struct object_job *job, const struct layer_tree *tree, uint64_t size,
                       struct unpack_times *times, struct error *err)
{
    uint64_t mark = os_monotonic_ns();
    bool created = tree->ops->create_file(tree->self, &job->path, size, &job->open, err)
        && set_meta(job, tree, err);
    unpack_times_lap(&times->create, &mark);
    return created;
}

static bool write_stream(const struct object_job *job, const struct object_stream *stream,
                         const struct layer_tree *tree, struct error *err)
{
    struct layer_handle handle = {0};
    const struct buf *data = &stream->data;
    if (!tree->ops->open_stream(tree->self, job->open, stream->name, data->length, &handle, err))
        return false;
    bool written =
        data->length == 0 || tree->ops->write(tree->self, handle, data->data, data->length, err);
    CLEANUP(error_clear) struct error closing = {0};
    bool closed = tree->ops->close(tree->self, &handle, written ? err : &closing);
    return written && closed;
}

static bool write_all(const struct object_job *job, const struct layer_tree *tree,
                      struct error *err)
{
    const struct buf *data = &job->data;
    if (data->length > 0 && !tree->ops->write(tree->self, job->open, data->data, data->length, err))
        return false;
    for (size_t i = 0; i < job->stream_count; i++)
        if (!write_stream(job, &job->streams[i], tree, err))
            return false;
    return true;
}

bool object_job_fill(struct object_job *job, const struct layer_tree *tree,
                     struct unpack_times *times, struct error *err)
{
    uint64_t mark = os_monotonic_ns();
    bool filled = write_all(job, tree, err);
    unpack_times_lap(&times->write, &mark);
    buf_reset(&job->data);
    clear_streams(job);
    return filled;
}

bool object_has_basic(const struct win_basic_info *basic)
{
    return basic->creation_time || basic->access_time || basic->write_time || basic->change_time
        || basic->attributes;
}

bool object_job_finish(struct object_job *job, const struct layer_tree *tree,
                       struct unpack_times *times, struct error *err)
{
    uint64_t mark = os_monotonic_ns();
    bool finished = (!object_has_basic(&job->basic)
                     || tree->ops->set_basic(tree->self, job->open, &job->basic, err))
        && tree->ops->close(tree->self, &job->open, err);
    unpack_times_lap(&times->close, &mark);
    return finished;
}

bool object_job_run(struct object_job *job, const struct layer_tree *tree,
                    struct unpack_times *times, struct error *err)
{
    bool made = job->open.value != 0
        || (object_job_create(job, tree, job->data.length, times, err)
            && object_job_fill(job, tree, times, err));
    bool done = made && object_job_finish(job, tree, times, err);
    object_job_abandon(job, tree);
    return done;
}

void object_job_abandon(struct object_job *job, const struct layer_tree *tree)
{
    CLEANUP(error_clear) struct error ignored = {0};
    bool closed = job->open.value == 0 || tree->ops->close(tree->self, &job->open, &ignored);
    (void)closed;
}
