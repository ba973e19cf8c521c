/* SPDX-License-Identifier: MIT */
#include "layers/folder_window.h"

#include <string.h>

#include "base/alloc.h"

#define WINDOW_SIZE ((size_t)64 * 1024)

void folder_window_turn(struct folder_window *window, const struct layer_folder *folder,
                        struct folder_handle handle)
{
    window->folder = folder;
    window->handle = handle;
    window->length = 0;
}

static bool is_inside(const struct folder_window *window, uint64_t offset, size_t length)
{
    return offset >= window->at && offset - window->at <= window->length
        && length <= window->length - (size_t)(offset - window->at);
}

static bool read_folder(const struct folder_window *window, struct folder_span span, void *data,
                        size_t *ret, struct error *err)
{
    const struct layer_folder *folder = window->folder;
    return folder->ops->read_at(folder->self, window->handle, span, data, ret, err);
}

static bool refill(struct folder_window *window, uint64_t offset, struct error *err)
{
    if (!window->data)
        window->data = xmalloc(WINDOW_SIZE);
    window->at = offset;
    window->length = 0;
    return read_folder(window, (struct folder_span){offset, WINDOW_SIZE}, window->data,
                       &window->length, err);
}

bool folder_window_read(struct folder_window *window, uint64_t offset, void *data, size_t length,
                        size_t *ret, struct error *err)
{
    if (!is_inside(window, offset, length)) {
        if (length > WINDOW_SIZE)
            return read_folder(window, (struct folder_span){offset, length}, data, ret, err);
        if (!refill(window, offset, err))
            return false;
    }
    size_t skipped = (size_t)(offset - window->at);
    size_t got = window->length - skipped < length ? window->length - skipped : length;
    if (got > 0)
        memcpy(data, window->data + skipped, got);
    *ret = got;
    return true;
}

static bool read_at(void *user, uint64_t offset, void *data, size_t length, size_t *ret,
                    struct error *err)
{
    return folder_window_read(user, offset, data, length, ret, err);
}

struct backup_source folder_window_source(struct folder_window *window, uint64_t size)
{
    return (struct backup_source){.read_at = read_at, .user = window, .size = size};
}

void folder_window_clear(struct folder_window *window)
{
    mem_free(&window->data);
    *window = (struct folder_window){0};
}
