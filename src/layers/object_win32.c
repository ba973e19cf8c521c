/* SPDX-License-Identifier: MIT */
#include "layers/object_win32.h"

#include <string.h>
#include <winioctl.h>

#include "base/alloc.h"
#include "base/text.h"
#include "win32/hresult.h"
#include "win32/utf16.h"

#define LARGEST_DESCRIPTOR 65535
#define LARGEST_EA_LIST 65536
#define LARGEST_REPARSE 16384
#define FIRST_STREAM_LIST 4096
#define LARGEST_STREAM_LIST ((size_t)1024 * 1024)
#define DATA_STREAM_TYPE ":$DATA"

union object_value {
    intptr_t value;
    struct object_win32 *object;
};

intptr_t object_win32_wrap(HANDLE handle, const char *path)
{
    struct object_win32 *object = xmalloc(sizeof(*object));
    *object = (struct object_win32){.handle = handle, .path = xstrdup(path)};
    return (union object_value){.object = object}.value;
}

struct object_win32 *object_win32_of(intptr_t value)
{
    return (union object_value){.value = value}.object;
}

/* A SACL holds more than audit rules; each kind of entry has a bit of its own. */
#define WHOLE_SECURITY                                                                             \
    (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION           \
     | SACL_SECURITY_INFORMATION | LABEL_SECURITY_INFORMATION | ATTRIBUTE_SECURITY_INFORMATION     \
     | SCOPE_SECURITY_INFORMATION)

/* The ways in which file systems say that they do not know what is asked. */
static bool is_unknown(NTSTATUS status)
{
    return status == NT_NOT_IMPLEMENTED || status == NT_NOT_SUPPORTED
        || status == NT_INVALID_INFO_CLASS || status == NT_INVALID_PARAMETER;
}

/* ---- times, attributes, size, names, number ---- */

static NTSTATUS query(HANDLE object, FILE_INFORMATION_CLASS class, void *ret, size_t size)
{
    IO_STATUS_BLOCK io = {0};
    return NtQueryInformationFile(object, &io, ret, (ULONG)size, class);
}

static NTSTATUS read_id(HANDLE object, unsigned char ret[FOLDER_ID_SIZE])
{
    struct nt_file_id id = {0};
    LARGE_INTEGER number = {0};
    NTSTATUS status = query(object, NT_FILE_ID_INFORMATION, &id, sizeof(id));
    memcpy(ret, id.id, FOLDER_ID_SIZE);
    if (!is_unknown(status))
        return status;
    status = query(object, NT_FILE_INTERNAL_INFORMATION, &number, sizeof(number));
    memcpy(ret, &number, sizeof(number));
    return status;
}

bool object_win32_read_info(HANDLE object, struct folder_info *ret, struct error *err)
{
    FILE_BASIC_INFORMATION basic = {0};
    FILE_STANDARD_INFORMATION standard = {0};
    struct folder_info info = {0};
    NTSTATUS status = query(object, NT_FILE_BASIC_INFORMATION, &basic, sizeof(basic));
    if (nt_ok(status))
        status = query(object, NT_FILE_STANDARD_INFORMATION, &standard, sizeof(standard));
    /* Only of interest when there is another name. */
    if (nt_ok(status) && standard.NumberOfLinks > 1)
        status = read_id(object, info.id);
    if (!nt_ok(status))
        return error_ntstatus(err, status, "read the times and attributes");
    info.basic = (struct win_basic_info){
        .creation_time = basic.CreationTime.QuadPart,
        .access_time = basic.LastAccessTime.QuadPart,
        .write_time = basic.LastWriteTime.QuadPart,
        .change_time = basic.ChangeTime.QuadPart,
        .attributes = basic.FileAttributes,
    };
    info.size = (uint64_t)standard.EndOfFile.QuadPart;
    info.links = standard.NumberOfLinks;
    *ret = info;
    return true;
}

/* ---- security, extended attributes, links ---- */

bool object_win32_read_security(HANDLE object, struct buf *ret, struct error *err)
{
    CLEANUP(mem_free) void *descriptor = xmalloc(LARGEST_DESCRIPTOR);
    ULONG length = 0;
    NTSTATUS status =
        NtQuerySecurityObject(object, WHOLE_SECURITY, descriptor, LARGEST_DESCRIPTOR, &length);
    if (!nt_ok(status))
        return error_ntstatus(err, status, "read the security descriptor");
    return buf_append(ret, descriptor, length, err);
}

bool object_win32_read_ea(HANDLE object, struct buf *ret, struct error *err)
{
    CLEANUP(mem_free) void *list = xmalloc(LARGEST_EA_LIST);
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status = NtQueryEaFile(object, &io, list, LARGEST_EA_LIST, FALSE, NULL, 0, NULL, TRUE);
    if (status == NT_NO_EAS_ON_FILE || status == NT_NO_MORE_EAS || status == NT_EAS_NOT_SUPPORTED
        || is_unknown(status))
        return true;
    /* Only part of them, else. */
    if (!nt_ok(status) || status == NT_BUFFER_OVERFLOW)
        return error_ntstatus(err, status, "read the extended attributes");
    return buf_append(ret, list, io.Information, err);
}

bool object_win32_read_reparse(HANDLE object, struct buf *ret, struct error *err)
{
    CLEANUP(mem_free) void *data = xmalloc(LARGEST_REPARSE);
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status = NtFsControlFile(object, NULL, NULL, NULL, &io, FSCTL_GET_REPARSE_POINT, NULL,
                                      0, data, LARGEST_REPARSE);
    if (!nt_ok(status))
        return error_ntstatus(err, status, "read the target of the link");
    return buf_append(ret, data, io.Information, err);
}

/* ---- data streams ---- */

/* ":NAME:$DATA"; the unnamed stream is "::$DATA". */
static bool add_stream(const FILE_STREAM_INFORMATION *entry, struct folder_streams *ret,
                       struct error *err)
{
    size_t units = entry->StreamNameLength / sizeof(wchar_t);
    CLEANUP(str_free) char *name = NULL;
    CLEANUP(utf16_free) wchar_t *wide = xcalloc(units + 1, sizeof(*wide));
    memcpy(wide, entry->StreamName, units * sizeof(wchar_t));
    if (!utf16_to_utf8(wide, &name, err))
        return error_wrap(err, "the name of a data stream");
    if (!str_ends_with(name, DATA_STREAM_TYPE) || name[0] != ':' || name[1] == ':')
        return true;
    name[strlen(name) - strlen(DATA_STREAM_TYPE)] = '\0';
    folder_streams_add(ret, name + 1, (uint64_t)entry->StreamSize.QuadPart);
    return true;
}

static bool add_streams(const unsigned char *list, struct folder_streams *ret, struct error *err)
{
    const FILE_STREAM_INFORMATION *entry;
    do {
        entry = (const void *)list;
        if (!add_stream(entry, ret, err))
            return false;
        list += entry->NextEntryOffset;
    } while (entry->NextEntryOffset);
    return true;
}

bool object_win32_list_streams(HANDLE object, struct folder_streams *ret, struct error *err)
{
    CLEANUP(mem_free) unsigned char *list = NULL;
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status = NT_BUFFER_OVERFLOW;
    for (size_t size = FIRST_STREAM_LIST;
         status == NT_BUFFER_OVERFLOW && size <= LARGEST_STREAM_LIST; size *= 2) {
        list = xrealloc_array(list, size, 1);
        io = (IO_STATUS_BLOCK){0};
        status = NtQueryInformationFile(object, &io, list, (ULONG)size, NT_FILE_STREAM_INFORMATION);
    }
    if (is_unknown(status))
        return true;
    if (!nt_ok(status) || status == NT_BUFFER_OVERFLOW)
        return error_ntstatus(err, status, "list the data streams");
    return io.Information == 0 || add_streams(list, ret, err);
}
