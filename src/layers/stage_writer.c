/* SPDX-License-Identifier: MIT */
/* The format is what hcsshim hands to ImportLayer; Microsoft has not documented it. A file consists
 * of its attributes (4 bytes) and the streams that BackupWrite would take; what is known about a
 * directory is in a file of this kind named like the directory plus ".$wcidirs$". */
#include "base/alloc.h"
#include "layers/backup_stream.h"
#include "layers/layer_writer.h"
#include "layers/little_endian.h"
#include "layers/object_writer.h"
#include "layers/path_list.h"

struct stage_writer {
    struct object_writer objects;
    bool raw;               /* the object is a registry hive: nothing but its data */
    struct path_list links; /* directory links, to be made as directories in the end */
};

static void add_stream(struct buf *out, enum backup_stream_id id, const struct buf *data)
{
    if (data->length > 0)
        backup_stream_add(out, id, data->data, data->length);
}

/* Attributes and streams of what is known without the content. */
static void add_header(struct buf *out, const struct win_meta *meta)
{
    unsigned char attributes[4];
    put_le32(attributes, meta->attributes);
    buf_add(out, attributes, sizeof(attributes));
    add_stream(out, BACKUP_STREAM_SECURITY, &meta->security);
    add_stream(out, BACKUP_STREAM_EA, &meta->ea);
    add_stream(out, BACKUP_STREAM_REPARSE, &meta->reparse);
}

static struct object_job *new_job(struct stage_writer *w, const struct layer_path *path,
                                  const struct win_meta *meta)
{
    struct object_job *job = object_job_new(path);
    w->raw = path->root == LAYER_ROOT_HIVES && !meta->is_directory;
    job->basic = meta->basic;
    /* The attributes are in the header; on the staging file they would be in the way. */
    job->basic.attributes = 0;
    if (!w->raw)
        add_header(&job->data, meta);
    return job;
}

static bool make_directory(struct stage_writer *w, const struct layer_path *path, struct error *err)
{
    struct object_job *job = object_job_new(path);
    return object_writer_directory(&w->objects, &job, false, err)
        && object_writer_end(&w->objects, err);
}

static bool stage_implied_directory(void *self, const struct layer_path *path, struct error *err)
{
    return make_directory(self, path, err);
}

static bool begin_metadata(struct stage_writer *w, const struct layer_path *directory,
                           const struct win_meta *meta, struct error *err)
{
    CLEANUP(layer_path_clear) struct layer_path path = layer_path_metadata_file(directory);
    struct object_job *job = new_job(w, &path, meta);
    return object_writer_file(&w->objects, &job, 0, err);
}

static bool stage_directory(void *self, const struct layer_path *path, const struct win_meta *meta,
                            bool implied, struct error *err)
{
    struct stage_writer *w = self;
    return (implied || make_directory(w, path, err)) && begin_metadata(w, path, meta, err);
}

static bool stage_file(void *self, const struct layer_path *path, const struct win_meta *meta,
                       uint64_t size, struct error *err)
{
    struct stage_writer *w = self;
    struct object_job *job = new_job(w, path, meta);
    if (!w->raw)
        backup_stream_add_header(&job->data, BACKUP_STREAM_DATA, size);
    return object_writer_file(&w->objects, &job, size, err);
}

/* ImportLayer makes the directory a link as soon as it sees it, and would follow it to whatever
 * lies "below" in the staging folder. Hence the directory is not there before everything else is.
 */
static bool stage_link(void *self, const struct layer_path *path, const struct win_meta *meta,
                       struct error *err)
{
    struct stage_writer *w = self;
    if (meta->is_directory) {
        path_list_add(&w->links, path);
        return begin_metadata(w, path, meta, err);
    }
    struct object_job *job = new_job(w, path, meta);
    return object_writer_file(&w->objects, &job, 0, err);
}

static bool stage_stream(void *self, const char *name, uint64_t size, struct error *err)
{
    struct stage_writer *w = self;
    CLEANUP(buf_clear) struct buf header;
    buf_init(&header, BUF_UNBOUNDED);
    return backup_stream_add_alternate(&header, name, size, err)
        && object_writer_expect(&w->objects, header.length + size, err)
        && object_writer_data(&w->objects, header.data, header.length, err);
}

static bool stage_data(void *self, const void *data, size_t length, struct error *err)
{
    struct stage_writer *w = self;
    return object_writer_data(&w->objects, data, length, err);
}

static bool stage_end(void *self, struct error *err)
{
    struct stage_writer *w = self;
    return object_writer_end(&w->objects, err);
}

static bool stage_hard_link(void *self, const struct layer_link *link, struct error *err)
{
    (void)self;
    (void)link;
    (void)err;
    return true;
}

static bool stage_check(void *self, struct error *err)
{
    struct stage_writer *w = self;
    return object_writer_check(&w->objects, err);
}

static bool stage_finish(void *self, const struct layer_unpack_result *result, struct error *err)
{
    struct stage_writer *w = self;
    (void)result;
    for (size_t i = 0; i < w->links.count; i++) {
        if (!make_directory(w, &w->links.items[i], err))
            return false;
    }
    return object_writer_settle(&w->objects, err);
}

static void stage_times(const void *self, struct unpack_times *ret, uint64_t *ret_own)
{
    const struct stage_writer *w = self;
    object_writer_times(&w->objects, ret, ret_own);
}

static void stage_close(void *self)
{
    struct stage_writer *w = self;
    object_writer_close(&w->objects);
    path_list_clear(&w->links);
    mem_free(&w);
}

static const struct layer_writer_ops stage_ops = {
    .implied_directory = stage_implied_directory,
    .directory = stage_directory,
    .file = stage_file,
    .link = stage_link,
    .stream = stage_stream,
    .data = stage_data,
    .end = stage_end,
    .hard_link = stage_hard_link,
    .check = stage_check,
    .finish = stage_finish,
    .times = stage_times,
    .close = stage_close,
};

struct layer_writer stage_writer_open(const struct layer_tree *staging)
{
    struct stage_writer *w = xcalloc(1, sizeof(*w));
    w->objects = object_writer_open(staging);
    return (struct layer_writer){.ops = &stage_ops, .self = w};
}
