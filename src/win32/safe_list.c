/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/safe_root.h"
#include "win32/utf16.h"

#define LISTING_BYTES 65536u

static bool add_name(const FILE_DIRECTORY_INFORMATION *entry, struct strlist *ret,
                     struct error *err)
{
    size_t units = entry->FileNameLength / sizeof(wchar_t);
    bool is_self = units == 1 && entry->FileName[0] == L'.';
    bool is_parent = units == 2 && entry->FileName[0] == L'.' && entry->FileName[1] == L'.';
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    char *name = NULL;
    if (is_self || is_parent)
        return true;
    wide = xcalloc(units + 1, sizeof(*wide));
    for (size_t i = 0; i < units; i++)
        wide[i] = entry->FileName[i];
    if (!utf16_to_utf8(wide, &name, err))
        return false;
    strlist_add_owned(ret, name);
    return true;
}

static bool add_names(const unsigned char *listing, struct strlist *ret, struct error *err)
{
    const FILE_DIRECTORY_INFORMATION *entry;
    do {
        entry = (const void *)listing;
        if (!add_name(entry, ret, err))
            return false;
        listing += entry->NextEntryOffset;
    } while (entry->NextEntryOffset);
    return true;
}

bool safe_root_list(const struct safe_root *root, const char *relative, struct strlist *ret,
                    struct error *err)
{
    static const struct nt_open how = {.access = FILE_LIST_DIRECTORY,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT};
    CLEANUP(handle_close) HANDLE directory = NULL;
    CLEANUP(mem_free) unsigned char *listing = xmalloc(LISTING_BYTES);
    if (!safe_root_open_at(root, relative, &how, &directory, err))
        return false;
    for (;;) {
        IO_STATUS_BLOCK io = {0};
        NTSTATUS status =
            NtQueryDirectoryFile(directory, NULL, NULL, NULL, &io, listing, LISTING_BYTES,
                                 NT_FILE_DIRECTORY_INFORMATION, FALSE, NULL, FALSE);
        if (status == NT_NO_MORE_FILES || status == NT_NO_SUCH_FILE)
            return true;
        if (!nt_ok(status))
            return error_ntstatus(err, status, "list '%s' in '%s'", relative, root->path);
        if (!add_names(listing, ret, err))
            return error_wrap(err, "list '%s' in '%s'", relative, root->path);
    }
}
