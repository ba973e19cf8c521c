/* SPDX-License-Identifier: MIT */
/* Removal works on the names the file system reports, as UTF-16 units: a name with unpaired
 * surrogates has no UTF-8 form but must go too. Directories wait in a list of their own, because
 * strangers choose how deep a tree is; several threads take from it, because a removal is a few
 * short calls for each of very many things. */
#include <string.h>
#include <wchar.h>

#include "base/alloc.h"
#include "base/os.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/safe_name.h"
#include "win32/safe_root.h"
#include "win32/utf16.h"

#define LISTING_BYTES 65536u
#define VICTIM_ACCESS (DELETE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES)

/* Helpers come when so many directories wait; they are not worth it for less. */
#define HELP_FROM 16
/* More of them only wait for the same disk. */
#define MOST_HELPERS 7

/* A directory that goes. */
struct folder {
    struct folder *parent; /* it stays open until this one is gone; NULL: the topmost */
    struct folder *next;   /* of those that wait */
    wchar_t *name;         /* in the parent */
    HANDLE handle;         /* NULL: not opened yet */
    size_t pending;        /* directories in it, and 1 while what else is in it goes */
};

struct removal {
    SRWLOCK lock; /* of what follows, and of all 'pending' */
    CONDITION_VARIABLE change;
    struct folder *waiting; /* the deepest first: few are open at once */
    size_t waiting_count;
    size_t left; /* directories that are not gone */
    NTSTATUS failure;
    struct os_thread helpers[MOST_HELPERS];
    unsigned helper_count;
};

/* ---- one thing ---- */

/* Opens for removal, the thing itself if it is a reparse point. */
static NTSTATUS open_victim(HANDLE directory, const wchar_t *name, ACCESS_MASK more, HANDLE *ret)
{
    const struct nt_open how = {
        .access = VICTIM_ACCESS | more,
        .share = NT_SHARE_ALL,
        .disposition = FILE_OPEN,
        .options = FILE_OPEN_REPARSE_POINT,
    };
    return nt_open_relative(directory, name, wcslen(name), &how, ret);
}

static bool is_real(ULONG attributes)
{
    ULONG kind = attributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT);
    return kind == FILE_ATTRIBUTE_DIRECTORY;
}

static NTSTATUS is_real_directory(HANDLE victim, bool *ret)
{
    FILE_BASIC_INFORMATION basic = {0};
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status =
        NtQueryInformationFile(victim, &io, &basic, sizeof(basic), NT_FILE_BASIC_INFORMATION);
    *ret = nt_ok(status) && is_real(basic.FileAttributes);
    return status;
}

/* A file, a reparse point or an empty directory. */
static NTSTATUS remove_thing(HANDLE directory, const wchar_t *name)
{
    CLEANUP(handle_close) HANDLE victim = NULL;
    NTSTATUS status = open_victim(directory, name, 0, &victim);
    return nt_ok(status) ? nt_delete(victim) : status;
}

/* Opens a directory to be emptied. Anything else is removed at once, and *ret is NULL. */
static NTSTATUS open_folder(HANDLE directory, const wchar_t *name, HANDLE *ret)
{
    CLEANUP(handle_close) HANDLE victim = NULL;
    bool descend = false;
    *ret = NULL;
    NTSTATUS status = open_victim(directory, name, FILE_LIST_DIRECTORY, &victim);
    if (nt_ok(status))
        status = is_real_directory(victim, &descend);
    if (!nt_ok(status))
        return status;
    if (!descend)
        return nt_delete(victim);
    *ret = TAKE(victim);
    return status;
}

/* ---- directories ---- */

/* A failure is remembered and the rest removed all the same. */
static void note(struct removal *removal, NTSTATUS status)
{
    if (nt_ok(status) || nt_is_absence(status))
        return;
    AcquireSRWLockExclusive(&removal->lock);
    if (nt_ok(removal->failure))
        removal->failure = status;
    ReleaseSRWLockExclusive(&removal->lock);
}

static struct folder *add_folder(struct removal *removal, struct folder *parent,
                                 const wchar_t *name, size_t units)
{
    struct folder *folder = xcalloc(1, sizeof(*folder));
    *folder = (struct folder){.parent = parent, .pending = 1};
    folder->name = xcalloc(units + 1, sizeof(wchar_t));
    wmemcpy(folder->name, name, units);
    AcquireSRWLockExclusive(&removal->lock);
    folder->next = removal->waiting;
    removal->waiting = folder;
    removal->waiting_count++;
    removal->left++;
    if (parent)
        parent->pending++;
    WakeConditionVariable(&removal->change);
    ReleaseSRWLockExclusive(&removal->lock);
    return folder;
}

/* True for who ends the last of what a directory waits for. */
static bool is_done(struct removal *removal, struct folder *folder)
{
    AcquireSRWLockExclusive(&removal->lock);
    bool done = --folder->pending == 0;
    ReleaseSRWLockExclusive(&removal->lock);
    return done;
}

static void forget(struct removal *removal, struct folder *folder)
{
    handle_close(&folder->handle);
    utf16_free(&folder->name);
    mem_free(&folder);
    AcquireSRWLockExclusive(&removal->lock);
    if (--removal->left == 0)
        WakeAllConditionVariable(&removal->change);
    ReleaseSRWLockExclusive(&removal->lock);
}

/* One thing less in it; the directories that are empty by that go. */
static void finish(struct removal *removal, struct folder *folder)
{
    while (folder && is_done(removal, folder)) {
        struct folder *parent = folder->parent;
        if (folder->handle)
            note(removal, nt_delete(folder->handle));
        forget(removal, folder);
        folder = parent;
    }
}

/* ---- what is in them ---- */

/* Names, each NUL-terminated. */
struct names {
    wchar_t *text;
    size_t units;
};

static void names_clear(struct names *names)
{
    utf16_free(&names->text);
}

static void names_add(struct names *names, const wchar_t *name, size_t units)
{
    names->text = xrealloc_array(names->text, names->units + units + 1, sizeof(wchar_t));
    wmemcpy(names->text + names->units, name, units);
    names->units += units;
    names->text[names->units++] = 0;
}

static void sort_entry(struct removal *removal, struct folder *folder,
                       const FILE_DIRECTORY_INFORMATION *entry, struct names *things)
{
    size_t units = entry->FileNameLength / sizeof(wchar_t);
    bool is_self = units == 1 && entry->FileName[0] == L'.';
    bool is_parent = units == 2 && entry->FileName[0] == L'.' && entry->FileName[1] == L'.';
    if (is_self || is_parent)
        return;
    if (is_real(entry->FileAttributes))
        add_folder(removal, folder, entry->FileName, units);
    else
        names_add(things, entry->FileName, units);
}

static void sort_entries(struct removal *removal, struct folder *folder,
                         const unsigned char *listing, struct names *things)
{
    const FILE_DIRECTORY_INFORMATION *entry;
    do {
        entry = (const void *)listing;
        sort_entry(removal, folder, entry, things);
        listing += entry->NextEntryOffset;
    } while (entry->NextEntryOffset);
}

/* Directories begin to wait, the rest is told by name. */
static NTSTATUS list(struct removal *removal, struct folder *folder, struct names *things)
{
    CLEANUP(mem_free) unsigned char *listing = xmalloc(LISTING_BYTES);
    for (;;) {
        IO_STATUS_BLOCK io = {0};
        NTSTATUS status =
            NtQueryDirectoryFile(folder->handle, NULL, NULL, NULL, &io, listing, LISTING_BYTES,
                                 NT_FILE_DIRECTORY_INFORMATION, FALSE, NULL, FALSE);
        if (status == NT_NO_MORE_FILES || status == NT_NO_SUCH_FILE)
            return 0;
        if (!nt_ok(status))
            return status;
        sort_entries(removal, folder, listing, things);
    }
}

static void empty(struct removal *removal, struct folder *folder)
{
    CLEANUP(names_clear) struct names things = {0};
    note(removal, list(removal, folder, &things));
    for (size_t at = 0; at < things.units; at += wcslen(things.text + at) + 1)
        note(removal, remove_thing(folder->handle, things.text + at));
}

/* ---- the threads ---- */

/* NULL when all are gone. */
static struct folder *next_folder(struct removal *removal)
{
    AcquireSRWLockExclusive(&removal->lock);
    while (!removal->waiting && removal->left > 0)
        SleepConditionVariableSRW(&removal->change, &removal->lock, INFINITE, 0);
    struct folder *folder = removal->waiting;
    if (folder) {
        removal->waiting = folder->next;
        removal->waiting_count--;
    }
    ReleaseSRWLockExclusive(&removal->lock);
    return folder;
}

static void remove_folder(struct removal *removal, struct folder *folder)
{
    if (!folder->handle)
        note(removal, open_folder(folder->parent->handle, folder->name, &folder->handle));
    if (folder->handle)
        empty(removal, folder);
    finish(removal, folder);
}

static void help(void *argument)
{
    struct removal *removal = argument;
    struct folder *folder;
    while ((folder = next_folder(removal)))
        remove_folder(removal, folder);
}

static bool wants_help(struct removal *removal)
{
    AcquireSRWLockExclusive(&removal->lock);
    bool wanted = removal->waiting_count >= HELP_FROM;
    ReleaseSRWLockExclusive(&removal->lock);
    return wanted;
}

/* Who cannot be had is not missed. */
static void call_helpers(struct removal *removal)
{
    CLEANUP(error_clear) struct error ignored = {0};
    unsigned wanted = os_processor_count();
    if (wanted > MOST_HELPERS)
        wanted = MOST_HELPERS;
    while (removal->helper_count < wanted
           && os_thread_start(&removal->helpers[removal->helper_count], help, removal, &ignored))
        removal->helper_count++;
}

static void run(struct removal *removal)
{
    struct folder *folder;
    bool asked = false;
    while ((folder = next_folder(removal))) {
        remove_folder(removal, folder);
        if (!asked && wants_help(removal)) {
            asked = true;
            call_helpers(removal);
        }
    }
    for (unsigned i = 0; i < removal->helper_count; i++)
        os_thread_join(&removal->helpers[i]);
}

bool safe_root_remove_tree(const struct safe_root *root, const char *relative, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    if (!safe_name_to_wide(relative, &wide, err))
        return false;

    struct removal removal = {.lock = SRWLOCK_INIT, .change = CONDITION_VARIABLE_INIT};
    HANDLE top = NULL;
    note(&removal, open_folder(root->handle, wide, &top));
    if (top)
        add_folder(&removal, NULL, wide, wcslen(wide))->handle = top;
    run(&removal);
    if (!nt_ok(removal.failure))
        return error_ntstatus(err, removal.failure, "remove '%s' in '%s'", relative, root->path);
    return true;
}

bool safe_root_remove(const struct safe_root *root, const char *relative, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    if (!safe_name_to_wide(relative, &wide, err))
        return false;
    NTSTATUS status = remove_thing(root->handle, wide);
    if (!nt_ok(status) && !nt_is_absence(status))
        return error_ntstatus(err, status, "remove '%s' in '%s'", relative, root->path);
    return true;
}
