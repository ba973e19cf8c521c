/* SPDX-License-Identifier: MIT */
#include "layers/tree_win32_read.h"

#include "base/alloc.h"
#include "layers/object_win32.h"
#include "win32/handle.h"
#include "win32/hresult.h"

#define READ_SIZE ((size_t)1 << 20)

bool tree_win32_read_directory(const struct safe_root *root, const char *path, struct win_meta *ret,
                               struct error *err)
{
    static const struct nt_open how = {.access = GENERIC_READ | ACCESS_SYSTEM_SECURITY,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT};
    struct folder_info info;
    CLEANUP(handle_close) HANDLE handle = NULL;
    if (!safe_root_open_at(root, path, &how, &handle, err))
        return false;
    if (!object_win32_read_security(handle, &ret->security, err)
        || !object_win32_read_info(handle, &info, err))
        return error_wrap(err, "'%s'", path);
    win_meta_take_directory(ret, &info.basic);
    return true;
}

bool tree_win32_read_object(const struct safe_root *root, const char *path, struct win_meta *ret,
                            struct error *err)
{
    static const struct nt_open how = {.access = GENERIC_READ | ACCESS_SYSTEM_SECURITY,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_OPEN_REPARSE_POINT};
    struct folder_info info;
    CLEANUP(handle_close) HANDLE handle = NULL;
    if (!safe_root_open_at(root, path, &how, &handle, err))
        return false;
    if (!object_win32_read_security(handle, &ret->security, err)
        || !object_win32_read_info(handle, &info, err)
        || !object_win32_read_ea(handle, &ret->ea, err)
        || (info.basic.attributes & FILE_ATTRIBUTE_REPARSE_POINT
            && !object_win32_read_reparse(handle, &ret->reparse, err)))
        return error_wrap(err, "'%s'", path);
    win_meta_take_object(ret, &info.basic);
    return true;
}

bool tree_win32_read_content(const struct safe_root *root, const char *path,
                             const struct tree_win32_consumer *to, struct error *err)
{
    static const struct nt_open how = {.access = GENERIC_READ,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_NON_DIRECTORY_FILE};
    CLEANUP(handle_close) HANDLE handle = NULL;
    CLEANUP(mem_free) void *data = xmalloc(READ_SIZE);
    if (!safe_root_open_at(root, path, &how, &handle, err))
        return false;
    for (;;) {
        DWORD length = 0;
        if (!ReadFile(handle, data, READ_SIZE, &length, NULL))
            return error_win32(err, GetLastError(), "read '%s'", path);
        if (length == 0)
            return true;
        if (!to->consume(to->user, data, length, err))
            return false;
    }
}
