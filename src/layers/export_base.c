/* SPDX-License-Identifier: MIT */
/* The real files of a base layer, as the file system knows them. hcsshim reads them by BackupRead;
 * here every part comes from a call of its own, as unpacking sets every part by one. */
#include "layers/export_object.h"

static bool read_streams(const struct layer_folder *folder, struct export_object *object,
                         struct error *err)
{
    CLEANUP(folder_streams_clear) struct folder_streams streams = {0};
    if (!folder->ops->list_streams(folder->self, object->handle, &streams, err))
        return false;
    for (size_t i = 0; i < streams.count; i++) {
        if (!layer_stream_name_check(streams.items[i].name, err))
            return false;
        export_object_add_stream(object, streams.items[i].name, streams.items[i].size, 0);
    }
    return true;
}

static bool read_object(struct export_reader *reader, const char *path, bool is_directory,
                        struct export_object *object, struct error *err)
{
    const struct layer_folder *folder = reader->folder;
    const struct layer_folder_ops *ops = folder->ops;
    void *self = folder->self;
    if (!ops->open(self, path, &object->handle, err)
        || !ops->read_info(self, object->handle, &object->info, err)
        || !ops->read_security(self, object->handle, &object->security, err)
        || !ops->read_ea(self, object->handle, &object->ea, err))
        return false;
    bool is_link = object->info.basic.attributes & WIN_ATTRIBUTE_REPARSE_POINT;
    if (is_link && !ops->read_reparse(self, object->handle, &object->reparse, err))
        return false;
    object->has_data =
        !is_directory && !is_link && !(object->info.basic.attributes & WIN_ATTRIBUTE_DIRECTORY);
    object->size = object->has_data ? object->info.size : 0;
    folder_window_turn(&reader->window, folder, object->handle);
    return is_link || read_streams(folder, object, err);
}

static bool base_open(struct export_reader *reader, const struct layer_path *path,
                      bool is_directory, struct export_object *ret, struct error *err)
{
    struct export_object object;
    export_object_init(&object);
    if (!read_object(reader, path->text, is_directory, &object, err)) {
        export_object_close(&object, reader->folder);
        return false;
    }
    *ret = object;
    return true;
}

static bool base_read_data(struct export_reader *reader, const struct export_object *object,
                           const struct export_consumer *consumer, struct error *err)
{
    return export_copy(reader, &reader->window, 0, object->size, consumer, err);
}

static bool base_read_stream(struct export_reader *reader, const struct export_object *object,
                             const struct export_stream *stream,
                             const struct export_consumer *consumer, struct error *err)
{
    const struct layer_folder *folder = reader->folder;
    struct folder_handle handle = {0};
    if (!folder->ops->open_stream(folder->self, object->handle, stream->name, &handle, err))
        return false;
    folder_window_turn(&reader->window, folder, handle);
    bool copied = export_copy(reader, &reader->window, 0, stream->size, consumer, err);
    folder->ops->close(folder->self, &handle);
    folder_window_turn(&reader->window, folder, object->handle);
    return copied;
}

const struct export_form export_form_base = {
    .open = base_open,
    .read_data = base_read_data,
    .read_stream = base_read_stream,
};
