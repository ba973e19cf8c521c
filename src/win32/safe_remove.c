/* SPDX-License-Identifier: MIT */
/* Removal works on the names the file system reports, as UTF-16 units: a name with unpaired
 * surrogates has no UTF-8 form but must go too. The walk keeps its own stack, because strangers
 * choose how deep a tree is. */
#include <string.h>
#include <wchar.h>

#include "base/alloc.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/safe_name.h"
#include "win32/safe_root.h"
#include "win32/utf16.h"

#define LISTING_BYTES 65536u

/* One directory on the way down. */
struct level {
    HANDLE directory;
    wchar_t *names; /* of the children, each NUL-terminated, with an empty one at the end */
    size_t length;  /* units in 'names', without the last NUL */
    size_t next;    /* offset of the next child */
};

struct walk {
    struct level *levels;
    size_t depth;
    size_t capacity;
};

static void level_clear(struct level *level)
{
    handle_close(&level->directory);
    utf16_free(&level->names);
}

static void walk_clear(struct walk *walk)
{
    while (walk->depth > 0)
        level_clear(&walk->levels[--walk->depth]);
    mem_free(&walk->levels);
}

static void add_name(struct level *level, const FILE_DIRECTORY_INFORMATION *entry)
{
    size_t units = entry->FileNameLength / sizeof(wchar_t);
    bool is_self = units == 1 && entry->FileName[0] == L'.';
    bool is_parent = units == 2 && entry->FileName[0] == L'.' && entry->FileName[1] == L'.';
    if (is_self || is_parent)
        return;
    level->names = xrealloc_array(level->names, level->length + units + 2, sizeof(wchar_t));
    memcpy(level->names + level->length, entry->FileName, units * sizeof(wchar_t));
    level->length += units;
    level->names[level->length++] = 0;
    level->names[level->length] = 0;
}

static void add_names(struct level *level, const unsigned char *listing)
{
    const FILE_DIRECTORY_INFORMATION *entry;
    do {
        entry = (const void *)listing;
        add_name(level, entry);
        listing += entry->NextEntryOffset;
    } while (entry->NextEntryOffset);
}

static NTSTATUS list(struct level *level)
{
    CLEANUP(mem_free) unsigned char *listing = xmalloc(LISTING_BYTES);
    for (;;) {
        IO_STATUS_BLOCK io = {0};
        NTSTATUS status =
            NtQueryDirectoryFile(level->directory, NULL, NULL, NULL, &io, listing, LISTING_BYTES,
                                 NT_FILE_DIRECTORY_INFORMATION, FALSE, NULL, FALSE);
        if (status == NT_NO_MORE_FILES || status == NT_NO_SUCH_FILE)
            return 0;
        if (!nt_ok(status))
            return status;
        add_names(level, listing);
    }
}

/* Opens for removal, the thing itself if it is a reparse point. */
static NTSTATUS open_victim(HANDLE directory, const wchar_t *name, HANDLE *ret)
{
    static const struct nt_open how = {
        .access = DELETE | FILE_LIST_DIRECTORY | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES,
        .share = NT_SHARE_ALL,
        .disposition = FILE_OPEN,
        .options = FILE_OPEN_REPARSE_POINT,
    };
    return nt_open_relative(directory, name, wcslen(name), &how, ret);
}

static NTSTATUS is_real_directory(HANDLE victim, bool *ret)
{
    FILE_BASIC_INFORMATION basic = {0};
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status =
        NtQueryInformationFile(victim, &io, &basic, sizeof(basic), NT_FILE_BASIC_INFORMATION);
    ULONG kind = basic.FileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT);
    *ret = nt_ok(status) && kind == FILE_ATTRIBUTE_DIRECTORY;
    return status;
}

static NTSTATUS push(struct walk *walk, HANDLE directory)
{
    if (walk->depth == walk->capacity) {
        walk->capacity = walk->capacity ? 2 * walk->capacity : 16;
        walk->levels = xrealloc_array(walk->levels, walk->capacity, sizeof(*walk->levels));
    }
    struct level *level = &walk->levels[walk->depth++];
    *level = (struct level){.directory = directory};
    return list(level);
}

/* Removes one thing, or steps into it when it is a directory. */
static NTSTATUS visit(struct walk *walk, HANDLE parent, const wchar_t *name)
{
    CLEANUP(handle_close) HANDLE victim = NULL;
    bool descend = false;
    NTSTATUS status = open_victim(parent, name, &victim);
    if (nt_ok(status))
        status = is_real_directory(victim, &descend);
    if (!nt_ok(status))
        return status;
    return descend ? push(walk, TAKE(victim)) : nt_delete(victim);
}

static NTSTATUS leave(struct walk *walk)
{
    struct level *level = &walk->levels[--walk->depth];
    NTSTATUS status = nt_delete(level->directory);
    level_clear(level);
    return status;
}

/* A failure is remembered and the rest removed all the same. */
static void note(NTSTATUS status, NTSTATUS *first_failure)
{
    if (!nt_ok(status) && !nt_is_absence(status) && nt_ok(*first_failure))
        *first_failure = status;
}

bool safe_root_remove_tree(const struct safe_root *root, const char *relative, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    if (!safe_name_to_wide(relative, &wide, err))
        return false;

    CLEANUP(walk_clear) struct walk walk = {0};
    NTSTATUS failure = 0;
    note(visit(&walk, root->handle, wide), &failure);
    while (walk.depth > 0) {
        struct level *level = &walk.levels[walk.depth - 1];
        if (level->next == level->length) {
            note(leave(&walk), &failure);
            continue;
        }
        const wchar_t *name = level->names + level->next;
        level->next += wcslen(name) + 1;
        note(visit(&walk, level->directory, name), &failure);
    }
    if (!nt_ok(failure))
        return error_ntstatus(err, failure, "remove '%s' in '%s'", relative, root->path);
    return true;
}

bool safe_root_remove(const struct safe_root *root, const char *relative, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    CLEANUP(handle_close) HANDLE victim = NULL;
    if (!safe_name_to_wide(relative, &wide, err))
        return false;
    NTSTATUS status = open_victim(root->handle, wide, &victim);
    if (nt_is_absence(status))
        return true;
    if (nt_ok(status))
        status = nt_delete(victim);
    if (!nt_ok(status))
        return error_ntstatus(err, status, "remove '%s' in '%s'", relative, root->path);
    return true;
}
