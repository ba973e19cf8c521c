/* SPDX-License-Identifier: MIT */
/* export_object: one file, directory or link on its way into a tar. Private to layer_export.
 *
 * Two forms: what the import format says about it (export_transport.c), and what the file system
 * says (export_base.c). Either tells everything but data first; data follows from front to back. */
#pragma once

#include "base/event.h"
#include "layers/folder_window.h"
#include "layers/layer_path.h"

struct export_stream {
    char *name;
    uint64_t size;
    uint64_t offset; /* import format: of its content */
};

struct export_object {
    struct folder_handle handle; /* 0 = not open */
    struct folder_info info;     /* info.basic is what is archived */
    struct buf security;         /* as in struct win_meta */
    struct buf ea;
    struct buf reparse;
    bool has_data;  /* regular files, also empty ones */
    uint64_t size;  /* of the data */
    uint64_t data;  /* import format: where it is, or where its sparse blocks begin */
    bool is_sparse; /* import format */
    struct export_stream *streams;
    size_t stream_count;
};

/* What reading takes; shared by all objects of an export. */
struct export_reader {
    const struct layer_folder *folder;
    const struct context *context;
    struct folder_window window; /* on the object that is open */
    unsigned char *buffer;       /* EXPORT_BUFFER_SIZE bytes */
};

#define EXPORT_BUFFER_SIZE ((size_t)512 * 1024)

/* Takes data of the object or of one of its streams. */
struct export_consumer {
    bool (*take)(void *user, const void *data, size_t length, struct error *err);
    void *user;
};

struct export_form {
    /* Opens the object and tells everything about it. On success *ret is owned by the caller. */
    bool (*open)(struct export_reader *reader, const struct layer_path *path, bool is_directory,
                 struct export_object *ret, struct error *err);
    /* Exactly object->size bytes. */
    bool (*read_data)(struct export_reader *reader, const struct export_object *object,
                      const struct export_consumer *consumer, struct error *err);
    /* Exactly stream->size bytes. */
    bool (*read_stream)(struct export_reader *reader, const struct export_object *object,
                        const struct export_stream *stream, const struct export_consumer *consumer,
                        struct error *err);
};

extern const struct export_form export_form_transport;
extern const struct export_form export_form_base;

void export_object_init(struct export_object *object);
void export_object_close(struct export_object *object, const struct layer_folder *folder);
void export_object_add_stream(struct export_object *object, const char *name, uint64_t size,
                              uint64_t offset);

/* 'length' bytes from 'offset' of the window to the consumer; fewer are ERR_INTEGRITY. */
bool export_copy(struct export_reader *reader, struct folder_window *window, uint64_t offset,
                 uint64_t length, const struct export_consumer *consumer, struct error *err)
    MUST_USE;
/* As many zeros. */
bool export_copy_zeros(struct export_reader *reader, uint64_t length,
                       const struct export_consumer *consumer, struct error *err) MUST_USE;
