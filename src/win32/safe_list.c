/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/safe_root.h"
#include "win32/utf16.h"

#define LISTING_BYTES 65536u

struct listing {
    safe_list_fn on_entry;
    void *user;
};

static bool tell_entry(const struct listing *listing, const FILE_DIRECTORY_INFORMATION *entry,
                       struct error *err)
{
    size_t units = entry->FileNameLength / sizeof(wchar_t);
    bool is_self = units == 1 && entry->FileName[0] == L'.';
    bool is_parent = units == 2 && entry->FileName[0] == L'.' && entry->FileName[1] == L'.';
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    CLEANUP(str_free) char *name = NULL;
    if (is_self || is_parent)
        return true;
    wide = xcalloc(units + 1, sizeof(*wide));
    for (size_t i = 0; i < units; i++)
        wide[i] = entry->FileName[i];
    return utf16_to_utf8(wide, &name, err)
        && listing->on_entry(listing->user, name, entry->FileAttributes, err);
}

static bool tell_entries(const struct listing *listing, const unsigned char *bytes,
                         struct error *err)
{
    const FILE_DIRECTORY_INFORMATION *entry;
    do {
        entry = (const void *)bytes;
        if (!tell_entry(listing, entry, err))
            return false;
        bytes += entry->NextEntryOffset;
    } while (entry->NextEntryOffset);
    return true;
}

static bool list_directory(HANDLE directory, const struct listing *listing, struct error *err)
{
    CLEANUP(mem_free) unsigned char *bytes = xmalloc(LISTING_BYTES);
    BOOLEAN restart = TRUE;
    for (;;) {
        IO_STATUS_BLOCK io = {0};
        NTSTATUS status =
            NtQueryDirectoryFile(directory, NULL, NULL, NULL, &io, bytes, LISTING_BYTES,
                                 NT_FILE_DIRECTORY_INFORMATION, FALSE, NULL, restart);
        if (status == NT_NO_MORE_FILES || status == NT_NO_SUCH_FILE)
            return true;
        if (!nt_ok(status))
            return error_ntstatus(err, status, "read the directory");
        if (!tell_entries(listing, bytes, err))
            return false;
        restart = FALSE;
    }
}

bool safe_root_visit(const struct safe_root *root, const char *relative, safe_list_fn on_entry,
                     void *user, struct error *err)
{
    static const struct nt_open how = {.access = FILE_LIST_DIRECTORY,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_DIRECTORY_FILE | FILE_OPEN_REPARSE_POINT};
    const struct listing listing = {.on_entry = on_entry, .user = user};
    CLEANUP(handle_close) HANDLE opened = NULL;
    if (*relative && !safe_root_open_at(root, relative, &how, &opened, err))
        return false;
    return list_directory(opened ? opened : root->handle, &listing, err)
        || error_wrap(err, "list '%s' in '%s'", relative, root->path);
}

static bool add_name(void *user, const char *name, uint32_t attributes, struct error *err)
{
    (void)attributes;
    (void)err;
    strlist_add(user, name);
    return true;
}

bool safe_root_list(const struct safe_root *root, const char *relative, struct strlist *ret,
                    struct error *err)
{
    return safe_root_visit(root, relative, add_name, ret, err);
}
