/* SPDX-License-Identifier: MIT */
#include "win32/safe_root.h"

#include <string.h>
#include <wchar.h>

#include "base/alloc.h"
#include "base/scan.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/path.h"
#include "win32/safe_name.h"
#include "win32/utf16.h"

#define TRAVERSE_AND_LIST (FILE_LIST_DIRECTORY | FILE_TRAVERSE | FILE_READ_ATTRIBUTES)

bool safe_name_check(const char *relative, struct error *err)
{
    struct scan rest = scan_text(relative);
    bool more = true;
    while (more) {
        struct scan part = scan_until(&rest, '\\');
        more = scan_char(&rest, '\\');
        if (scan_length(&part) == 0 || scan_equals(&part, ".") || scan_equals(&part, ".."))
            return error_set(err, ERR_INTEGRITY, "'%s' is not a plain relative path", relative);
    }
    if (strpbrk(relative, ":/"))
        return error_set(err, ERR_INTEGRITY, "'%s' is not a plain relative path", relative);
    return true;
}

bool safe_name_to_wide(const char *relative, wchar_t **ret, struct error *err)
{
    return safe_name_check(relative, err) && utf16_from_utf8(relative, ret, err);
}

bool safe_root_open(const char *path, struct safe_root *ret, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    if (!path_to_wide(path, &wide, err))
        return false;
    HANDLE handle =
        handle_or_null(CreateFileW(wide, TRAVERSE_AND_LIST | SYNCHRONIZE, NT_SHARE_ALL, NULL,
                                   OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL));
    if (!handle)
        return error_win32(err, GetLastError(), "open the directory '%s'", path);
    *ret = (struct safe_root){.handle = handle, .path = xstrdup(path)};
    return true;
}

void safe_root_close(struct safe_root *root)
{
    handle_close(&root->handle);
    str_free(&root->path);
}

bool safe_root_report(const struct safe_root *root, const char *name, const struct nt_open *how,
                      NTSTATUS status, struct error *err)
{
    return nt_ok(status)
        || error_ntstatus(err, status, "%s '%s' in '%s'",
                          how->disposition == FILE_OPEN ? "open" : "create", name, root->path);
}

static bool open_wide(const struct safe_root *root, const char *name, const wchar_t *wide,
                      const struct nt_open *how, HANDLE *ret, struct error *err)
{
    NTSTATUS status = nt_open_relative(root->handle, wide, wcslen(wide), how, ret);
    return safe_root_report(root, name, how, status, err);
}

bool safe_root_open_at(const struct safe_root *root, const char *relative,
                       const struct nt_open *how, HANDLE *ret, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    return safe_name_to_wide(relative, &wide, err)
        && open_wide(root, relative, wide, how, ret, err);
}

bool safe_name_of_stream(const char *relative, const char *stream, char **ret, struct error *err)
{
    if (!*stream || strpbrk(stream, "\\/:"))
        return error_set(err, ERR_INTEGRITY, "'%s' is not the name of a data stream", stream);
    if (!safe_name_check(relative, err))
        return false;
    *ret = str_format("%s:%s", relative, stream);
    return true;
}

bool safe_root_open_stream(const struct safe_root *root, const char *relative, const char *stream,
                           const struct nt_open *how, HANDLE *ret, struct error *err)
{
    CLEANUP(str_free) char *name = NULL;
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    return safe_name_of_stream(relative, stream, &name, err) && utf16_from_utf8(name, &wide, err)
        && open_wide(root, name, wide, how, ret, err);
}

bool safe_root_open_below(const struct safe_root *parent, const char *relative,
                          struct safe_root *ret, struct error *err)
{
    static const struct nt_open how = {.access = TRAVERSE_AND_LIST,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_DIRECTORY_FILE};
    HANDLE handle;
    if (!safe_root_open_at(parent, relative, &how, &handle, err))
        return false;
    *ret =
        (struct safe_root){.handle = handle, .path = str_format("%s\\%s", parent->path, relative)};
    return true;
}

bool safe_root_make_directory(const struct safe_root *root, const char *relative, struct error *err)
{
    static const struct nt_open how = {
        .share = NT_SHARE_ALL, .disposition = FILE_CREATE, .options = FILE_DIRECTORY_FILE};
    CLEANUP(handle_close) HANDLE handle = NULL;
    return safe_root_open_at(root, relative, &how, &handle, err);
}

/* Placeholders are the files that wcifs, the filter beneath containers, leaves in a layer. */
static bool is_placeholder(ULONG reparse_tag)
{
    return reparse_tag == NT_REPARSE_TAG_WCI || reparse_tag == NT_REPARSE_TAG_WCI_1;
}

static NTSTATUS query_type(HANDLE handle, enum safe_type *ret)
{
    FILE_BASIC_INFORMATION basic = {0};
    struct nt_attribute_tag tag = {0};
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status =
        NtQueryInformationFile(handle, &io, &basic, sizeof(basic), NT_FILE_BASIC_INFORMATION);
    bool is_reparse = basic.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT;
    if (nt_ok(status) && is_reparse)
        status = NtQueryInformationFile(handle, &io, &tag, sizeof(tag),
                                        NT_FILE_ATTRIBUTE_TAG_INFORMATION);
    if (is_reparse)
        *ret = is_placeholder(tag.reparse_tag) ? SAFE_PLACEHOLDER : SAFE_LINK;
    else
        *ret = basic.FileAttributes & FILE_ATTRIBUTE_DIRECTORY ? SAFE_DIRECTORY : SAFE_FILE;
    return status;
}

bool safe_root_type_of(const struct safe_root *root, const char *relative, enum safe_type *ret,
                       struct error *err)
{
    static const struct nt_open how = {.access = FILE_READ_ATTRIBUTES,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_OPEN_REPARSE_POINT};
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    CLEANUP(handle_close) HANDLE handle = NULL;
    enum safe_type type = SAFE_ABSENT;
    if (!safe_name_to_wide(relative, &wide, err))
        return false;
    NTSTATUS status = nt_open_relative(root->handle, wide, wcslen(wide), &how, &handle);
    if (nt_ok(status))
        status = query_type(handle, &type);
    if (!nt_ok(status) && !nt_is_absence(status))
        return error_ntstatus(err, status, "look at '%s' in '%s'", relative, root->path);
    *ret = type;
    return true;
}

/* The directory the link goes into; NULL when that is the root itself. */
static bool open_link_parent(const struct safe_link *link, HANDLE *ret, struct error *err)
{
    static const struct nt_open how = {.access = TRAVERSE_AND_LIST,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_DIRECTORY_FILE};
    const char *separator = strrchr(link->link, '\\');
    if (!separator) {
        *ret = NULL;
        return true;
    }
    CLEANUP(str_free) char *parent = xstrndup(link->link, (size_t)(separator - link->link));
    return safe_root_open_at(link->link_root, parent, &how, ret, err);
}

static NTSTATUS set_link(HANDLE target, HANDLE directory, const wchar_t *name)
{
    size_t name_bytes = wcslen(name) * sizeof(*name);
    size_t size = offsetof(FILE_LINK_INFORMATION, FileName) + name_bytes + sizeof(*name);
    CLEANUP(mem_free) FILE_LINK_INFORMATION *information = xcalloc(1, size);
    information->RootDirectory = directory;
    information->FileNameLength = (ULONG)name_bytes;
    memcpy(information->FileName, name, name_bytes);
    IO_STATUS_BLOCK io = {0};
    return NtSetInformationFile(target, &io, information, (ULONG)size, NT_FILE_LINK_INFORMATION);
}

bool safe_root_link(const struct safe_link *link, struct error *err)
{
    static const struct nt_open how = {.access = FILE_WRITE_ATTRIBUTES,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_NON_DIRECTORY_FILE};
    CLEANUP(handle_close) HANDLE target = NULL;
    CLEANUP(handle_close) HANDLE directory = NULL;
    CLEANUP(utf16_free) wchar_t *wide_name = NULL;
    const char *separator = strrchr(link->link, '\\');
    if (!safe_name_check(link->link, err)
        || !safe_root_open_at(link->target_root, link->target, &how, &target, err)
        || !open_link_parent(link, &directory, err)
        || !utf16_from_utf8(separator ? separator + 1 : link->link, &wide_name, err))
        return error_wrap(err, "link '%s'", link->link);

    NTSTATUS status = set_link(target, directory ? directory : link->link_root->handle, wide_name);
    if (!nt_ok(status))
        return error_ntstatus(err, status, "link '%s' to '%s' in '%s'", link->link, link->target,
                              link->target_root->path);
    return true;
}
