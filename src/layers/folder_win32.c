/* SPDX-License-Identifier: MIT */
#include "layers/folder_win32.h"

#include "base/alloc.h"
#include "layers/object_win32.h"
#include "win32/handle.h"
#include "win32/hresult.h"

#define LARGEST_READ ((size_t)1 << 30)

static bool add_entry(void *user, const char *name, uint32_t attributes, struct error *err)
{
    (void)err;
    uint32_t kind = attributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT);
    folder_list_add(user, name, kind == FILE_ATTRIBUTE_DIRECTORY);
    return true;
}

static bool folder_list(void *self, const char *path, struct folder_list *ret, struct error *err)
{
    const struct folder_win32 *folder = self;
    return safe_root_visit(&folder->root, path, add_entry, ret, err);
}

static bool folder_open(void *self, const char *path, struct folder_handle *ret, struct error *err)
{
    static const struct nt_open how = {.access = GENERIC_READ | ACCESS_SYSTEM_SECURITY,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_OPEN_REPARSE_POINT};
    const struct folder_win32 *folder = self;
    HANDLE handle;
    if (!safe_root_open_at(&folder->root, path, &how, &handle, err))
        return false;
    ret->value = object_win32_wrap(handle, path);
    return true;
}

static bool folder_open_stream(void *self, struct folder_handle owner, const char *name,
                               struct folder_handle *ret, struct error *err)
{
    static const struct nt_open how = {.access = GENERIC_READ,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_NON_DIRECTORY_FILE};
    const struct folder_win32 *folder = self;
    const char *path = object_win32_of(owner.value)->path;
    HANDLE handle;
    if (!safe_root_open_stream(&folder->root, path, name, &how, &handle, err))
        return false;
    ret->value = object_win32_wrap(handle, path);
    return true;
}

/* The file system may give less than is asked for before the end. */
static bool folder_read_at(void *self, struct folder_handle handle, struct folder_span span,
                           void *data, size_t *ret, struct error *err)
{
    (void)self;
    const struct object_win32 *object = object_win32_of(handle.value);
    char *at = data;
    size_t got = 0;
    while (got < span.length) {
        uint64_t offset = span.offset + got;
        OVERLAPPED where = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
        size_t left = span.length - got;
        size_t wanted = left < LARGEST_READ ? left : LARGEST_READ;
        DWORD part = 0;
        if (!ReadFile(object->handle, at + got, (DWORD)wanted, &part, &where)
            && GetLastError() != ERROR_HANDLE_EOF)
            return error_win32(err, GetLastError(), "read '%s'", object->path);
        if (part == 0)
            break;
        got += part;
    }
    *ret = got;
    return true;
}

static void folder_close(void *self, struct folder_handle *handle)
{
    (void)self;
    struct object_win32 *object = object_win32_of(TAKE(handle->value));
    if (!object)
        return;
    handle_close(&object->handle);
    str_free(&object->path);
    mem_free(&object);
}

static bool folder_read_info(void *self, struct folder_handle handle, struct folder_info *ret,
                             struct error *err)
{
    (void)self;
    return object_win32_read_info(object_win32_of(handle.value)->handle, ret, err);
}

static bool folder_read_security(void *self, struct folder_handle handle, struct buf *ret,
                                 struct error *err)
{
    (void)self;
    return object_win32_read_security(object_win32_of(handle.value)->handle, ret, err);
}

static bool folder_read_ea(void *self, struct folder_handle handle, struct buf *ret,
                           struct error *err)
{
    (void)self;
    return object_win32_read_ea(object_win32_of(handle.value)->handle, ret, err);
}

static bool folder_read_reparse(void *self, struct folder_handle handle, struct buf *ret,
                                struct error *err)
{
    (void)self;
    return object_win32_read_reparse(object_win32_of(handle.value)->handle, ret, err);
}

static bool folder_list_streams(void *self, struct folder_handle handle, struct folder_streams *ret,
                                struct error *err)
{
    (void)self;
    return object_win32_list_streams(object_win32_of(handle.value)->handle, ret, err);
}

static const struct layer_folder_ops operations = {
    .list = folder_list,
    .open = folder_open,
    .read_info = folder_read_info,
    .read_at = folder_read_at,
    .close = folder_close,
    .read_security = folder_read_security,
    .read_ea = folder_read_ea,
    .read_reparse = folder_read_reparse,
    .list_streams = folder_list_streams,
    .open_stream = folder_open_stream,
};

bool folder_win32_open(const char *path, struct folder_win32 *ret, struct error *err)
{
    return safe_root_open(path, &ret->root, err);
}

void folder_win32_close(struct folder_win32 *folder)
{
    safe_root_close(&folder->root);
}

struct layer_folder folder_win32_interface(struct folder_win32 *folder)
{
    return (struct layer_folder){.ops = &operations, .self = folder};
}
