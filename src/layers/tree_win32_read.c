/* SPDX-License-Identifier: MIT */
#include "layers/tree_win32_read.h"

#include <winioctl.h>

#include "base/alloc.h"
#include "win32/handle.h"
#include "win32/hresult.h"

#define LARGEST_DESCRIPTOR 65535
#define LARGEST_EA_LIST 65536
#define LARGEST_REPARSE 16384
#define READ_SIZE ((size_t)1 << 20)

struct object {
    HANDLE handle;
    const char *path;
};

static bool read_security(const struct object *object, struct buf *ret, struct error *err)
{
    CLEANUP(mem_free) void *descriptor = xmalloc(LARGEST_DESCRIPTOR);
    ULONG length = 0;
    NTSTATUS status = NtQuerySecurityObject(object->handle,
                                            OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION
                                                | DACL_SECURITY_INFORMATION | WHOLE_SACL,
                                            descriptor, LARGEST_DESCRIPTOR, &length);
    if (!nt_ok(status))
        return error_ntstatus(err, status, "read the security of '%s'", object->path);
    return buf_append(ret, descriptor, length, err);
}

static bool read_basic(const struct object *object, struct win_basic_info *ret, struct error *err)
{
    FILE_BASIC_INFORMATION information = {0};
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status = NtQueryInformationFile(object->handle, &io, &information, sizeof(information),
                                             NT_FILE_BASIC_INFORMATION);
    if (!nt_ok(status))
        return error_ntstatus(err, status, "read the attributes of '%s'", object->path);
    *ret = (struct win_basic_info){
        .creation_time = information.CreationTime.QuadPart,
        .access_time = information.LastAccessTime.QuadPart,
        .write_time = information.LastWriteTime.QuadPart,
        .change_time = information.ChangeTime.QuadPart,
        .attributes = information.FileAttributes,
    };
    return true;
}

/* Most objects have none, and some file systems know of none. */
static bool read_ea(const struct object *object, struct buf *ret, struct error *err)
{
    ULONG size = 0;
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status =
        NtQueryInformationFile(object->handle, &io, &size, sizeof(size), NT_FILE_EA_INFORMATION);
    if (nt_ok(status) && size == 0)
        return true;
    CLEANUP(mem_free) void *list = xmalloc(LARGEST_EA_LIST);
    if (nt_ok(status))
        status =
            NtQueryEaFile(object->handle, &io, list, LARGEST_EA_LIST, FALSE, NULL, 0, NULL, TRUE);
    if (!nt_ok(status))
        return error_ntstatus(err, status, "read the extended attributes of '%s'", object->path);
    return buf_append(ret, list, io.Information, err);
}

static bool read_reparse(const struct object *object, struct buf *ret, struct error *err)
{
    CLEANUP(mem_free) void *data = xmalloc(LARGEST_REPARSE);
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status = NtFsControlFile(object->handle, NULL, NULL, NULL, &io,
                                      FSCTL_GET_REPARSE_POINT, NULL, 0, data, LARGEST_REPARSE);
    if (!nt_ok(status))
        return error_ntstatus(err, status, "read where '%s' leads", object->path);
    return buf_append(ret, data, io.Information, err);
}

bool tree_win32_read_directory(const struct safe_root *root, const char *path, struct win_meta *ret,
                               struct error *err)
{
    static const struct nt_open how = {.access = GENERIC_READ | ACCESS_SYSTEM_SECURITY,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT};
    struct win_basic_info basic;
    CLEANUP(handle_close) HANDLE handle = NULL;
    if (!safe_root_open_at(root, path, &how, &handle, err))
        return false;
    const struct object object = {.handle = handle, .path = path};
    if (!read_security(&object, &ret->security, err) || !read_basic(&object, &basic, err))
        return false;
    win_meta_take_directory(ret, &basic);
    return true;
}

bool tree_win32_read_object(const struct safe_root *root, const char *path, struct win_meta *ret,
                            struct error *err)
{
    static const struct nt_open how = {.access = GENERIC_READ | ACCESS_SYSTEM_SECURITY,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_OPEN_REPARSE_POINT};
    struct win_basic_info basic;
    CLEANUP(handle_close) HANDLE handle = NULL;
    if (!safe_root_open_at(root, path, &how, &handle, err))
        return false;
    const struct object object = {.handle = handle, .path = path};
    if (!read_security(&object, &ret->security, err) || !read_basic(&object, &basic, err)
        || !read_ea(&object, &ret->ea, err)
        || (basic.attributes & FILE_ATTRIBUTE_REPARSE_POINT
            && !read_reparse(&object, &ret->reparse, err)))
        return false;
    win_meta_take_object(ret, &basic);
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
