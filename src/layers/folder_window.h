/* SPDX-License-Identifier: MIT */
/* folder_window: an open file of a layer_folder, read through a window, so that a small file costs
 * one call whatever is read of it in which order. */
#pragma once

#include "layers/backup_reader.h"
#include "layers/layer_folder.h"

struct folder_window {
    const struct layer_folder *folder;
    struct folder_handle handle;
    unsigned char *data; /* owned; NULL = none yet */
    uint64_t at;
    size_t length;
};

/* Turns to another file; the memory is kept. */
void folder_window_turn(struct folder_window *window, const struct layer_folder *folder,
                        struct folder_handle handle);
/* *ret < length only at the end of the file. */
bool folder_window_read(struct folder_window *window, uint64_t offset, void *data, size_t length,
                        size_t *ret, struct error *err) MUST_USE;
/* A view. */
struct backup_source folder_window_source(struct folder_window *window, uint64_t size);
void folder_window_clear(struct folder_window *window);
