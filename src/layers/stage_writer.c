/* SPDX-License-Identifier: MIT */
/* The format is what hcsshim hands to ImportLayer; Microsoft has not documented it. A file consists
 * of its attributes (4 bytes) and the streams that BackupWrite would take; what is known about a
 * directory is in a file of this kind named like the directory plus ".$wcidirs$". */
#include "layers/layer_writer.h"

#include "base/alloc.h"
#include "layers/backup_stream.h"
#include "layers/little_endian.h"
#include "layers/path_list.h"

/* Small files, which are most, are written by one call. */
#define GATHER_SIZE ((size_t)64 * 1024)

struct stage_writer {
    struct layer_tree tree;
    struct layer_handle object;
    struct win_basic_info basic; /* of the object */
    struct buf gathered;         /* not yet written */
    bool raw;                    /* the object is a registry hive: nothing but its data */
    struct path_list links;      /* directory links, to be made as directories in the end */
};

static bool write_gathered(struct stage_writer *w, struct error *err)
{
    bool written = w->gathered.length == 0
        || w->tree.ops->write(w->tree.self, w->object, w->gathered.data, w->gathered.length, err);
    buf_reset(&w->gathered);
    return written;
}

static bool stage_data(void *self, const void *data, size_t length, struct error *err)
{
    struct stage_writer *w = self;
    if (length <= GATHER_SIZE - w->gathered.length) {
        buf_add(&w->gathered, data, length);
        return true;
    }
    if (!write_gathered(w, err))
        return false;
    if (length > GATHER_SIZE)
        return w->tree.ops->write(w->tree.self, w->object, data, length, err);
    buf_add(&w->gathered, data, length);
    return true;
}

/* Headers do not stay in the buffer when there is no room left for data. */
static bool settle(struct stage_writer *w, struct error *err)
{
    return w->gathered.length < GATHER_SIZE || write_gathered(w, err);
}

static void add_stream(struct buf *out, enum backup_stream_id id, const struct buf *data)
{
    if (data->length > 0)
        backup_stream_add(out, id, data->data, data->length);
}

static bool begin(struct stage_writer *w, const struct layer_path *path,
                  const struct win_meta *meta, uint64_t size, struct error *err)
{
    buf_reset(&w->gathered);
    w->raw = path->root == LAYER_ROOT_HIVES && !meta->is_directory;
    w->basic = meta->basic;
    /* The attributes are in the header; on the staging file they would be in the way. */
    w->basic.attributes = 0;
    if (!w->raw) {
        unsigned char attributes[4];
        put_le32(attributes, meta->attributes);
        buf_add(&w->gathered, attributes, sizeof(attributes));
        add_stream(&w->gathered, BACKUP_STREAM_SECURITY, &meta->security);
        add_stream(&w->gathered, BACKUP_STREAM_EA, &meta->ea);
        add_stream(&w->gathered, BACKUP_STREAM_REPARSE, &meta->reparse);
    }
    return w->tree.ops->create_file(w->tree.self, path, w->gathered.length + size, &w->object, err);
}

static bool make_directory(struct stage_writer *w, const struct layer_path *path, struct error *err)
{
    struct layer_handle handle = {0};
    return w->tree.ops->make_directory(w->tree.self, path, &handle, err)
        && w->tree.ops->close(w->tree.self, &handle, err);
}

static bool stage_implied_directory(void *self, const struct layer_path *path, struct error *err)
{
    return make_directory(self, path, err);
}

static bool begin_metadata(struct stage_writer *w, const struct layer_path *directory,
                           const struct win_meta *meta, struct error *err)
{
    CLEANUP(layer_path_clear) struct layer_path path = layer_path_metadata_file(directory);
    return begin(w, &path, meta, 0, err) && settle(w, err);
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
    if (!begin(w, path, meta, size, err))
        return false;
    if (!w->raw)
        backup_stream_add_header(&w->gathered, BACKUP_STREAM_DATA, size);
    return settle(w, err);
}

/* ImportLayer makes the directory a link as soon as it sees it, and would follow it to whatever
 * lies "below" in the staging folder. Hence the directory is not there before everything else is.
 */
static bool stage_link(void *self, const struct layer_path *path, const struct win_meta *meta,
                       struct error *err)
{
    struct stage_writer *w = self;
    if (!meta->is_directory)
        return begin(w, path, meta, 0, err) && settle(w, err);
    path_list_add(&w->links, path);
    return begin_metadata(w, path, meta, err);
}

static bool stage_stream(void *self, const char *name, uint64_t size, struct error *err)
{
    struct stage_writer *w = self;
    return backup_stream_add_alternate(&w->gathered, name, size, err) && settle(w, err);
}

static bool stage_end(void *self, struct error *err)
{
    struct stage_writer *w = self;
    return write_gathered(w, err) && w->tree.ops->set_basic(w->tree.self, w->object, &w->basic, err)
        && w->tree.ops->close(w->tree.self, &w->object, err);
}

static bool stage_hard_link(void *self, const struct layer_link *link, struct error *err)
{
    (void)self;
    (void)link;
    (void)err;
    return true;
}

static bool stage_finish(void *self, const struct layer_unpack_result *result, struct error *err)
{
    struct stage_writer *w = self;
    (void)result;
    for (size_t i = 0; i < w->links.count; i++) {
        if (!make_directory(w, &w->links.items[i], err))
            return false;
    }
    return true;
}

static void stage_close(void *self)
{
    struct stage_writer *w = self;
    struct error ignored = {0};
    /* Only after a failure is it still open, and that is what gets reported. */
    if (w->object.value != 0 && !w->tree.ops->close(w->tree.self, &w->object, &ignored))
        error_clear(&ignored);
    buf_clear(&w->gathered);
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
    .finish = stage_finish,
    .close = stage_close,
};

struct layer_writer stage_writer_open(const struct layer_tree *staging)
{
    struct stage_writer *w = xcalloc(1, sizeof(*w));
    w->tree = *staging;
    buf_init(&w->gathered, BUF_UNBOUNDED);
    return (struct layer_writer){.ops = &stage_ops, .self = w};
}
