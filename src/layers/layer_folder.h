/* SPDX-License-Identifier: MIT */
/* layer_folder: what exporting needs from a directory tree; everything at or below one directory.
 *
 * The counterpart of layer_tree.h, for reading. Nothing is ever followed: a reparse point is an
 * object like others, and a path that leads through one fails. Paths are UTF-8, relative to the
 * directory, separated by backslashes; "" is the directory itself. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/strlist.h"
#include "layers/win_meta.h"

struct folder_entry {
    char *name;
    bool is_directory; /* never a reparse point */
};

struct folder_list {
    struct folder_entry *items;
    size_t count;
};

#define FOLDER_ID_SIZE 16

struct folder_info {
    struct win_basic_info basic;      /* with all attributes */
    uint64_t size;                    /* of the unnamed data stream */
    uint32_t links;                   /* names that the file has */
    unsigned char id[FOLDER_ID_SIZE]; /* the same for all of them */
};

/* An open object or stream; whatever the implementation needs, 0 = closed. */
struct folder_handle {
    intptr_t value;
};

/* A part of a file or stream. */
struct folder_span {
    uint64_t offset;
    size_t length;
};

struct folder_stream {
    char *name; /* of an alternate data stream: "Zone.Identifier" */
    uint64_t size;
};

struct folder_streams {
    struct folder_stream *items;
    size_t count;
};

struct layer_folder_ops {
    /* What is in a directory, in any order. A name that is no proper UTF-16 makes it fail. */
    bool (*list)(void *self, const char *path, struct folder_list *ret, struct error *err);
    /* Opens a file, a directory, or a reparse point itself. ERR_NOT_FOUND when there is none. */
    bool (*open)(void *self, const char *path, struct folder_handle *ret, struct error *err);
    bool (*read_info)(void *self, struct folder_handle handle, struct folder_info *ret,
                      struct error *err);
    /* *ret < span.length only at the end of the file or stream. */
    bool (*read_at)(void *self, struct folder_handle handle, struct folder_span span, void *data,
                    size_t *ret, struct error *err);
    void (*close)(void *self, struct folder_handle *handle);

    /* What a file system knows about an object; only used for base layers, NULL where that is no
     * use. Each appends to *ret, nothing when the object has none: a self-relative security
     * descriptor, a FILE_FULL_EA_INFORMATION list, a REPARSE_DATA_BUFFER. */
    bool (*read_security)(void *self, struct folder_handle handle, struct buf *ret,
                          struct error *err);
    bool (*read_ea)(void *self, struct folder_handle handle, struct buf *ret, struct error *err);
    bool (*read_reparse)(void *self, struct folder_handle handle, struct buf *ret,
                         struct error *err);
    /* The alternate data streams. */
    bool (*list_streams)(void *self, struct folder_handle handle, struct folder_streams *ret,
                         struct error *err);
    bool (*open_stream)(void *self, struct folder_handle owner, const char *name,
                        struct folder_handle *ret, struct error *err);
};

struct layer_folder {
    const struct layer_folder_ops *ops;
    void *self;
};

void folder_list_add(struct folder_list *list, const char *name, bool is_directory);
/* By the bytes of the names, which is how Go sorts what it walks through. */
void folder_list_sort(struct folder_list *list);
void folder_list_clear(struct folder_list *list);

void folder_streams_add(struct folder_streams *streams, const char *name, uint64_t size);
void folder_streams_clear(struct folder_streams *streams);
