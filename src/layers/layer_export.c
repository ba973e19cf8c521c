/* SPDX-License-Identifier: MIT */
#include "layers/layer_export.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "layers/export_object.h"
#include "layers/export_output.h"
#include "layers/export_walk.h"
#include "layers/link_table.h"
#include "layers/tar_writer.h"
#include "layers/unpack.h"
#include "layers/win_records.h"

/* What go-winio puts into the mode of a header; nobody reads it. */
#define MODE_DIRECTORY 0040000u
#define MODE_FILE 0100000u
#define MODE_LINK 0120000u
#define MODE_HARD_LINK 0644u

struct export
{
    const struct layer_export_request *request;
    const struct export_form *form;
    struct export_reader reader;
    struct tar_writer tar;
    struct link_table links;
    struct export_consumer to_tar;
    uint64_t entries; /* without data streams */
};

/* ---- names ---- */

/* With the separators of a tar. */
static char *tar_name(const struct layer_path *path)
{
    char *name = xstrdup(path->text);
    for (char *c = name; *c; c++) {
        if (*c == '\\')
            *c = '/';
    }
    return name;
}

static char *whiteout_name(const struct layer_path *path)
{
    CLEANUP(str_free) char *name = tar_name(path);
    const char *last = layer_path_name(path);
    return str_format("%.*s.wh.%s", (int)(last - path->text), name, last);
}

/* ---- entries ---- */

/* The entry of an object that is about to be written, and what it takes. */
struct entry {
    struct tar_item item;
    struct tar_records records;
    char *name;
    char *target; /* of a symlink or junction */
};

static void entry_clear(struct entry *entry)
{
    tar_records_clear(&entry->records);
    str_free(&entry->name);
    str_free(&entry->target);
}

static uint32_t mode_of(const struct export_object *object)
{
    bool directory = object->info.basic.attributes & WIN_ATTRIBUTE_DIRECTORY;
    return (directory ? MODE_DIRECTORY : 0) | (object->has_data ? MODE_FILE : 0)
        | (object->reparse.length > 0 ? MODE_LINK : 0);
}

/* What is refused when it is imported would better be refused now, while somebody can do something
 * about it. */
static bool check_importable(const struct tar_item *item, struct error *err)
{
    CLEANUP(win_meta_clear) struct win_meta meta = {0};
    const struct tar_entry entry = {
        .name = item->name,
        .target = item->target ? item->target : "",
        .type = item->type,
        .size = item->size,
        .mtime = item->mtime,
        .records = item->records->items,
        .record_count = item->records->count,
    };
    return win_meta_parse(&entry, &meta, err);
}

static bool compose_entry(struct entry *entry, const struct export_object *object,
                          bool is_directory, struct error *err)
{
    enum reparse_kind kind = REPARSE_SYMLINK;
    bool is_link = object->reparse.length > 0;
    if (is_link
        && !reparse_decode(object->reparse.data, object->reparse.length, &kind, &entry->target,
                           err))
        return false;
    const struct win_records_source source = {
        .basic = &object->info.basic,
        .security = &object->security,
        .ea = &object->ea,
        .is_junction = is_link && kind == REPARSE_JUNCTION,
    };
    entry->item = (struct tar_item){
        .name = entry->name,
        .target = entry->target,
        .type = is_link    ? TAR_SYMLINK
            : is_directory ? TAR_DIRECTORY
                           : TAR_FILE,
        .mode = mode_of(object),
        .size = object->size,
        .mtime = win_time_seconds(object->info.basic.write_time),
        .records = &entry->records,
    };
    return win_records_add(&entry->records, &source, err) && check_importable(&entry->item, err);
}

static bool write_streams(struct export *export, const struct export_object *object,
                          const struct entry *owner, struct error *err)
{
    for (size_t i = 0; i < object->stream_count; i++) {
        const struct export_stream *stream = &object->streams[i];
        CLEANUP(entry_clear)
        struct entry entry = {.name = str_format("%s:%s", owner->name, stream->name)};
        win_records_add_times(&entry.records, &object->info.basic);
        entry.item = (struct tar_item){
            .name = entry.name,
            .type = TAR_FILE,
            .mode = owner->item.mode,
            .size = stream->size,
            .mtime = owner->item.mtime,
            .records = &entry.records,
        };
        if (!tar_writer_begin(&export->tar, &entry.item, err)
            || !export->form->read_stream(&export->reader, object, stream, &export->to_tar, err))
            return error_wrap(err, "data stream '%s'", stream->name);
    }
    return true;
}

/* A further name of a file that has been written. */
static bool write_hard_link(struct export *export, const struct export_object *object,
                            const char *name, const char *first, struct error *err)
{
    CLEANUP(tar_records_clear) struct tar_records records = {0};
    CLEANUP(buf_clear) struct buf none = {0};
    const struct win_records_source source = {
        .basic = &object->info.basic, .security = &none, .ea = &none};
    const struct tar_item item = {
        .name = name,
        .target = first,
        .type = TAR_HARD_LINK,
        .mode = MODE_HARD_LINK,
        .mtime = win_time_seconds(object->info.basic.write_time),
        .records = &records,
    };
    return win_records_add(&records, &source, err) && tar_writer_begin(&export->tar, &item, err);
}

static bool write_object(struct export *export, const struct export_object *object,
                         const struct layer_path *path, bool is_directory, struct error *err)
{
    CLEANUP(entry_clear) struct entry entry = {.name = tar_name(path)};
    /* Readers take a hard link to a link for an attack. */
    bool may_be_linked = object->info.links > 1 && !is_directory && object->reparse.length == 0;
    const char *first = may_be_linked ? link_table_find(&export->links, object->info.id) : NULL;
    if (first)
        return write_hard_link(export, object, entry.name, first, err);
    if (may_be_linked)
        link_table_put(&export->links, object->info.id, entry.name);
    if (!compose_entry(&entry, object, is_directory, err)
        || !tar_writer_begin(&export->tar, &entry.item, err))
        return false;
    if (object->has_data && object->size > 0
        && !export->form->read_data(&export->reader, object, &export->to_tar, err))
        return false;
    /* What follows a link or a hive is the next entry. */
    return entry.item.type == TAR_SYMLINK || write_streams(export, object, &entry, err);
}

/* ---- the visitor ---- */

static bool count_entry(struct export *export, struct error *err)
{
    export->entries++;
    if (export->tar.entries >= LAYER_UNPACK_MAXIMUM_ENTRIES)
        return error_set(err, ERR_UNSUPPORTED, "the layer would have more than %llu entries",
                         (unsigned long long)LAYER_UNPACK_MAXIMUM_ENTRIES);
    return true;
}

static bool export_object(void *user, const struct layer_path *path, bool is_directory,
                          bool *ret_enter, struct error *err)
{
    struct export *export = user;
    struct export_object object;
    if (!count_entry(export, err)
        || !export->form->open(&export->reader, path, is_directory, &object, err))
        return false;
    bool written = write_object(export, &object, path, is_directory, err);
    *ret_enter = is_directory && object.reparse.length == 0;
    export_object_close(&object, export->reader.folder);
    return written;
}

static bool export_deletion(void *user, const struct layer_path *path, struct error *err)
{
    struct export *export = user;
    CLEANUP(str_free) char *name = whiteout_name(path);
    const struct tar_item item = {.name = name, .type = TAR_FILE};
    return count_entry(export, err) && tar_writer_begin(&export->tar, &item, err);
}

static bool consume(void *user, const void *data, size_t length, struct error *err)
{
    struct export *export = user;
    return tar_writer_data(&export->tar, data, length, err);
}

/* ---- the whole ---- */

static void emit_event(const struct layer_export_request *request, enum event_type type,
                       uint64_t done, const struct context *context)
{
    const struct event event = {
        .type = type, .subject = request->subject, .done = done, .total = done};
    context_emit(context, &event);
}

static bool run(struct export *export, struct export_output *output,
                struct layer_export_result *ret, const struct context *context, struct error *err)
{
    const struct byte_sink sink = export_output_sink(output);
    const struct export_visitor visitor = {
        .object = export_object, .deletion = export_deletion, .user = export};
    tar_writer_init(&export->tar, &sink);
    export->to_tar = (struct export_consumer){.take = consume, .user = export};
    if (!export_walk(export->request->folder, export->request->form, &visitor, context, err)
        || !tar_writer_finish(&export->tar, err) || !export_output_finish(output, ret, err))
        return false;
    ret->entries = export->entries;
    return true;
}

bool layer_export(const struct layer_export_request *request, struct layer_export_result *ret,
                  const struct context *context, struct error *err)
{
    struct export export = {
        .request = request,
        .form = request->form == LAYER_EXPORT_BASE ? &export_form_base : &export_form_transport,
        .reader = {.folder = request->folder, .context = context},
    };
    struct export_output output;
    struct layer_export_result result = {0};
    export.reader.buffer = xmalloc(EXPORT_BUFFER_SIZE);
    emit_event(request, EVENT_EXPORT_STARTED, 0, context);
    bool done = export_output_open(request, context, &output, err)
        && run(&export, &output, &result, context, err);
    export_output_close(&output, err);
    folder_window_clear(&export.reader.window);
    mem_free(&export.reader.buffer);
    link_table_clear(&export.links);
    if (!done)
        return false;
    emit_event(request, EVENT_EXPORT_DONE, result.tar_size, context);
    *ret = result;
    return true;
}

/* ---- changes ---- */

struct changes {
    layer_change_fn on_change;
    void *user;
};

static bool tell_change(const struct changes *changes, enum layer_change_kind kind,
                        const struct layer_path *path, bool is_directory, struct error *err)
{
    const struct layer_change change = {
        .kind = kind, .path = path->text, .is_directory = is_directory};
    return path->root != LAYER_ROOT_FILES || layer_path_is_root(path)
        || changes->on_change(changes->user, &change, err);
}

static bool tell_object(void *user, const struct layer_path *path, bool is_directory,
                        bool *ret_enter, struct error *err)
{
    (void)ret_enter;
    return tell_change(user, LAYER_CHANGE_WRITTEN, path, is_directory, err);
}

static bool tell_deletion(void *user, const struct layer_path *path, struct error *err)
{
    return tell_change(user, LAYER_CHANGE_DELETED, path, false, err);
}

bool layer_export_changes(const struct layer_folder *folder, layer_change_fn on_change, void *user,
                          const struct context *context, struct error *err)
{
    struct changes changes = {.on_change = on_change, .user = user};
    const struct export_visitor visitor = {
        .object = tell_object, .deletion = tell_deletion, .user = &changes};
    return export_walk(folder, LAYER_EXPORT_TRANSPORT, &visitor, context, err);
}
