/* SPDX-License-Identifier: MIT */
/* The import format read back, as hcsshim's exporter reads it: below "Files" every file consists of
 * its attributes and a backup stream, and what is said about a directory is in the file of its name
 * plus ".$wcidirs$". Everything else is what it is. */
#include "layers/backup_reader.h"
#include "layers/export_object.h"
#include "layers/little_endian.h"

#define ATTRIBUTES_SIZE 4
#define SYSTEM_HIVE "Hives\\System_Delta"

/* ---- below "Files" ---- */

/* Where a sparse file ends: its first block of no size says so. An empty file may have none. */
static bool measure_sparse(const struct backup_source *source, uint64_t start, uint64_t *ret,
                           struct error *err)
{
    struct backup_reader records;
    uint64_t end = 0;
    backup_reader_init(&records, source, start);
    for (bool first = true;; first = false) {
        CLEANUP(backup_record_clear) struct backup_record record = {0};
        bool no_more = false;
        if (!backup_reader_next(&records, &record, &no_more, err))
            return false;
        bool is_block = !no_more && record.id == BACKUP_STREAM_SPARSE;
        if (!is_block && !first)
            return error_set(err, ERR_INTEGRITY, "the backup stream has a sparse file without end");
        end = record.position;
        if (!is_block || record.size == 0)
            break;
    }
    *ret = end;
    return true;
}

static bool take_data(struct export_object *object, const struct backup_record *record,
                      const struct backup_source *source, struct error *err)
{
    if (object->has_data)
        return error_set(err, ERR_INTEGRITY, "the backup stream has data twice");
    object->has_data = true;
    object->size = record->size;
    object->data = record->offset;
    object->is_sparse = record->size == 0 && (record->attributes & BACKUP_ATTRIBUTE_SPARSE);
    return !object->is_sparse || measure_sparse(source, object->data, &object->size, err);
}

static bool take_stream(struct export_object *object, const struct backup_record *record,
                        struct error *err)
{
    /* Its blocks would tell its size too late, and nobody makes such files. */
    if (record->attributes & BACKUP_ATTRIBUTE_SPARSE)
        return error_set(err, ERR_UNSUPPORTED, "its data stream '%s' is sparse", record->name);
    if (!record->name)
        return error_set(err, ERR_INTEGRITY,
                         "the backup stream has a data stream without a proper name");
    export_object_add_stream(object, record->name, record->size, record->offset);
    return true;
}

static bool take_metadata(struct buf *ret, const struct backup_record *record,
                          const struct backup_source *source, struct error *err)
{
    if (ret->length > 0)
        return error_set(err, ERR_INTEGRITY, "the backup stream has the same metadata twice");
    return backup_record_read(record, source, ret, err);
}

/* go-winio ignores the same ones, and refuses what it does not know. */
static bool is_of_no_use(uint32_t id)
{
    return id == BACKUP_STREAM_LINK || id == BACKUP_STREAM_PROPERTY || id == BACKUP_STREAM_OBJECT_ID
        || id == BACKUP_STREAM_TXFS || id == BACKUP_STREAM_SPARSE;
}

static bool take_record(struct export_object *object, const struct backup_record *record,
                        const struct backup_source *source, struct error *err)
{
    if (record->id == BACKUP_STREAM_DATA)
        return take_data(object, record, source, err);
    if (record->id == BACKUP_STREAM_ALTERNATE)
        return take_stream(object, record, err);
    if (record->id == BACKUP_STREAM_SECURITY)
        return take_metadata(&object->security, record, source, err);
    if (record->id == BACKUP_STREAM_EA)
        return take_metadata(&object->ea, record, source, err);
    if (record->id == BACKUP_STREAM_REPARSE)
        return take_metadata(&object->reparse, record, source, err);
    if (is_of_no_use(record->id))
        return true;
    return error_set(err, ERR_UNSUPPORTED, "the backup stream has a record of unknown type %u",
                     (unsigned)record->id);
}

static bool read_records(struct export_reader *reader, struct export_object *object,
                         struct error *err)
{
    const struct backup_source source = folder_window_source(&reader->window, object->info.size);
    unsigned char attributes[ATTRIBUTES_SIZE];
    size_t got = 0;
    if (!source.read_at(source.user, 0, attributes, sizeof(attributes), &got, err))
        return false;
    if (got < sizeof(attributes))
        return error_set(err, ERR_INTEGRITY, "it has no attributes");
    object->info.basic.attributes = get_le32(attributes);

    struct backup_reader records;
    backup_reader_init(&records, &source, sizeof(attributes));
    for (;;) {
        CLEANUP(backup_record_clear) struct backup_record record = {0};
        bool end = false;
        if (!backup_reader_next(&records, &record, &end, err))
            return false;
        if (end)
            return true;
        if (!take_record(object, &record, &source, err))
            return false;
    }
}

static bool open_and_ask(struct export_reader *reader, const char *path,
                         struct export_object *object, struct error *err)
{
    const struct layer_folder *folder = reader->folder;
    if (!folder->ops->open(folder->self, path, &object->handle, err))
        return false;
    folder_window_turn(&reader->window, folder, object->handle);
    return folder->ops->read_info(folder->self, object->handle, &object->info, err);
}

static bool open_staged(struct export_reader *reader, const struct layer_path *path,
                        bool is_directory, struct export_object *object, struct error *err)
{
    CLEANUP(layer_path_clear) struct layer_path metadata = layer_path_metadata_file(path);
    if (!open_and_ask(reader, is_directory ? metadata.text : path->text, object, err)
        || !read_records(reader, object, err))
        return false;
    bool says_directory = object->info.basic.attributes & WIN_ATTRIBUTE_DIRECTORY;
    bool is_link = object->reparse.length > 0;
    if (is_directory != says_directory && !is_link)
        return error_set(err, ERR_INTEGRITY, "its attributes say that it is %s directory",
                         says_directory ? "a" : "no");
    if (object->has_data && (is_directory || is_link))
        return error_set(err, ERR_INTEGRITY, "the backup stream has data of what is no file");
    return true;
}

/* ---- roots and hives ---- */

static bool take_times_of(struct export_reader *reader, const char *path,
                          struct win_basic_info *basic, struct error *err)
{
    const struct layer_folder *folder = reader->folder;
    struct folder_handle handle = {0};
    struct folder_info info = {0};
    if (!folder->ops->open(folder->self, path, &handle, err))
        return false;
    bool read = folder->ops->read_info(folder->self, handle, &info, err);
    folder->ops->close(folder->self, &handle);
    if (!read)
        return false;
    uint32_t attributes = basic->attributes;
    *basic = info.basic;
    basic->attributes = attributes;
    return true;
}

/* When these were made says nothing; exporting twice should give the same. */
static bool open_plain(struct export_reader *reader, const struct layer_path *path,
                       bool is_directory, struct export_object *object, struct error *err)
{
    if (!open_and_ask(reader, path->text, object, err))
        return false;
    struct win_basic_info *basic = &object->info.basic;
    if (is_directory && !take_times_of(reader, SYSTEM_HIVE, basic, err)) {
        /* A layer without hives; Windows makes none. */
        if (err->kind != ERR_NOT_FOUND)
            return false;
        error_clear(err);
    }
    basic->creation_time = basic->write_time;
    basic->access_time = basic->write_time;
    object->has_data = !is_directory;
    object->size = is_directory ? 0 : object->info.size;
    return true;
}

static bool transport_open(struct export_reader *reader, const struct layer_path *path,
                           bool is_directory, struct export_object *ret, struct error *err)
{
    bool staged = path->root == LAYER_ROOT_FILES && !layer_path_is_root(path);
    struct export_object object;
    export_object_init(&object);
    bool opened = staged ? open_staged(reader, path, is_directory, &object, err)
                         : open_plain(reader, path, is_directory, &object, err);
    if (!opened) {
        export_object_close(&object, reader->folder);
        return false;
    }
    *ret = object;
    return true;
}

/* ---- data ---- */

static bool read_sparse(struct export_reader *reader, const struct export_object *object,
                        const struct export_consumer *consumer, struct error *err)
{
    const struct backup_source source = folder_window_source(&reader->window, object->info.size);
    struct backup_reader records;
    uint64_t done = 0;
    backup_reader_init(&records, &source, object->data);
    while (done < object->size) {
        CLEANUP(backup_record_clear) struct backup_record record = {0};
        bool end = false;
        if (!backup_reader_next(&records, &record, &end, err))
            return false;
        if (end || record.position < done || record.position > object->size
            || record.size > object->size - record.position)
            return error_set(err, ERR_INTEGRITY,
                             "the backup stream has sparse blocks out of order");
        if (!export_copy_zeros(reader, record.position - done, consumer, err)
            || !export_copy(reader, &reader->window, record.offset, record.size, consumer, err))
            return false;
        done = record.position + record.size;
    }
    return true;
}

static bool transport_read_data(struct export_reader *reader, const struct export_object *object,
                                const struct export_consumer *consumer, struct error *err)
{
    if (object->is_sparse)
        return read_sparse(reader, object, consumer, err);
    return export_copy(reader, &reader->window, object->data, object->size, consumer, err);
}

static bool transport_read_stream(struct export_reader *reader, const struct export_object *object,
                                  const struct export_stream *stream,
                                  const struct export_consumer *consumer, struct error *err)
{
    (void)object;
    return export_copy(reader, &reader->window, stream->offset, stream->size, consumer, err);
}

const struct export_form export_form_transport = {
    .open = transport_open,
    .read_data = transport_read_data,
    .read_stream = transport_read_stream,
};
