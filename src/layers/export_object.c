/* SPDX-License-Identifier: MIT */
#include "layers/export_object.h"

#include <string.h>

#include "base/alloc.h"
#include "layers/path_list.h"

/* What our reader takes. */
#define SECURITY_MAXIMUM 65535
#define EA_MAXIMUM 65536
#define REPARSE_MAXIMUM 16384

void export_object_init(struct export_object *object)
{
    *object = (struct export_object){0};
    buf_init(&object->security, SECURITY_MAXIMUM);
    buf_init(&object->ea, EA_MAXIMUM);
    buf_init(&object->reparse, REPARSE_MAXIMUM);
}

void export_object_close(struct export_object *object, const struct layer_folder *folder)
{
    if (object->handle.value != 0)
        folder->ops->close(folder->self, &object->handle);
    buf_clear(&object->security);
    buf_clear(&object->ea);
    buf_clear(&object->reparse);
    for (size_t i = 0; i < object->stream_count; i++)
        str_free(&object->streams[i].name);
    mem_free(&object->streams);
    *object = (struct export_object){0};
}

void export_object_add_stream(struct export_object *object, const char *name, uint64_t size,
                              uint64_t offset)
{
    object->streams = array_room(object->streams, object->stream_count, sizeof(*object->streams));
    object->streams[object->stream_count++] =
        (struct export_stream){.name = xstrdup(name), .size = size, .offset = offset};
}

static const struct cancel *cancel_of(const struct export_reader *reader)
{
    return reader->context ? reader->context->cancel : NULL;
}

static size_t part_of(uint64_t length)
{
    return length < EXPORT_BUFFER_SIZE ? (size_t)length : EXPORT_BUFFER_SIZE;
}

bool export_copy(struct export_reader *reader, struct folder_window *window, uint64_t offset,
                 uint64_t length, const struct export_consumer *consumer, struct error *err)
{
    while (length > 0) {
        size_t part = part_of(length);
        size_t got = 0;
        if (!cancel_check(cancel_of(reader), err)
            || !folder_window_read(window, offset, reader->buffer, part, &got, err))
            return false;
        if (got < part)
            return error_set(err, ERR_INTEGRITY, "it became shorter while it was read");
        if (!consumer->take(consumer->user, reader->buffer, part, err))
            return false;
        offset += part;
        length -= part;
    }
    return true;
}

bool export_copy_zeros(struct export_reader *reader, uint64_t length,
                       const struct export_consumer *consumer, struct error *err)
{
    memset(reader->buffer, 0, part_of(length));
    while (length > 0) {
        size_t part = part_of(length);
        if (!cancel_check(cancel_of(reader), err)
            || !consumer->take(consumer->user, reader->buffer, part, err))
            return false;
        length -= part;
    }
    return true;
}
