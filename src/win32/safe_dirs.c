/* SPDX-License-Identifier: MIT */
#include "win32/safe_dirs.h"

#include <wchar.h>

#include "base/alloc.h"
#include "win32/handle.h"
#include "win32/safe_name.h"
#include "win32/utf16.h"

/* A directory that is worked in. */
struct visit {
    HANDLE directory;
    struct safe_dir *kept; /* NULL: it is closed after the visit */
};

/* ---- what is kept; with the lock held ---- */

static struct safe_dir *find(struct safe_dirs *dirs, const wchar_t *path, size_t units)
{
    for (size_t i = 0; i < SAFE_DIRS_COUNT; i++) {
        struct safe_dir *item = &dirs->items[i];
        if (item->path && item->units == units && !wmemcmp(item->path, path, units))
            return item;
    }
    return NULL;
}

/* A free place, else the one that has not been used for longest; NULL when all are in use. */
static struct safe_dir *choose_place(struct safe_dirs *dirs)
{
    struct safe_dir *best = NULL;
    for (size_t i = 0; i < SAFE_DIRS_COUNT; i++) {
        struct safe_dir *item = &dirs->items[i];
        if (!item->path)
            return item;
        if (item->users == 0 && (!best || item->turn < best->turn))
            best = item;
    }
    return best;
}

static void clear(struct safe_dir *item)
{
    handle_close(&item->handle);
    utf16_free(&item->path);
    *item = (struct safe_dir){0};
}

static void begin(struct safe_dirs *dirs, struct safe_dir *item, struct visit *ret)
{
    item->users++;
    item->turn = ++dirs->turn;
    *ret = (struct visit){.directory = item->handle, .kept = item};
}

/* ---- visits ---- */

static bool visit_kept(struct safe_dirs *dirs, const wchar_t *path, size_t units, struct visit *ret)
{
    AcquireSRWLockExclusive(&dirs->lock);
    struct safe_dir *item = find(dirs, path, units);
    if (item)
        begin(dirs, item, ret);
    ReleaseSRWLockExclusive(&dirs->lock);
    return item;
}

/* Keeps the directory, unless another thread has done so or there is no place. */
static void keep(struct safe_dirs *dirs, const wchar_t *path, size_t units, struct visit *visit)
{
    AcquireSRWLockExclusive(&dirs->lock);
    struct safe_dir *item = find(dirs, path, units) ? NULL : choose_place(dirs);
    if (item) {
        clear(item);
        wchar_t *copy = xcalloc(units + 1, sizeof(*copy));
        wmemcpy(copy, path, units);
        *item = (struct safe_dir){.path = copy, .units = units, .handle = visit->directory};
        begin(dirs, item, visit);
    }
    ReleaseSRWLockExclusive(&dirs->lock);
}

static bool visit_directory(struct safe_dirs *dirs, const wchar_t *path, size_t units,
                            struct visit *ret)
{
    static const struct nt_open how = {
        .access = FILE_LIST_DIRECTORY | FILE_TRAVERSE | FILE_READ_ATTRIBUTES,
        .share = NT_SHARE_ALL,
        .disposition = FILE_OPEN,
        .options = FILE_DIRECTORY_FILE,
    };
    if (visit_kept(dirs, path, units, ret))
        return true;
    struct visit visit = {0};
    if (!nt_ok(nt_open_relative(dirs->root->handle, path, units, &how, &visit.directory)))
        return false;
    keep(dirs, path, units, &visit);
    *ret = visit;
    return true;
}

static void leave(struct safe_dirs *dirs, struct visit *visit)
{
    if (!visit->kept) {
        handle_close(&visit->directory);
        return;
    }
    AcquireSRWLockExclusive(&dirs->lock);
    visit->kept->users--;
    ReleaseSRWLockExclusive(&dirs->lock);
}

/* ---- opening ---- */

static bool open_wide(struct safe_dirs *dirs, const char *name, const wchar_t *wide,
                      const struct nt_open *how, HANDLE *ret, struct error *err)
{
    const wchar_t *separator = wcsrchr(wide, L'\\');
    struct visit visit = {0};
    /* When the directory cannot be opened, the whole way tells why. */
    if (!separator || !visit_directory(dirs, wide, (size_t)(separator - wide), &visit))
        return safe_root_report(dirs->root, name, how,
                                nt_open_relative(dirs->root->handle, wide, wcslen(wide), how, ret),
                                err);
    const wchar_t *last = separator + 1;
    NTSTATUS status = nt_open_relative(visit.directory, last, wcslen(last), how, ret);
    leave(dirs, &visit);
    return safe_root_report(dirs->root, name, how, status, err);
}

bool safe_dirs_open_at(struct safe_dirs *dirs, const char *relative, const struct nt_open *how,
                       HANDLE *ret, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    return safe_name_to_wide(relative, &wide, err)
        && open_wide(dirs, relative, wide, how, ret, err);
}

bool safe_dirs_open_stream(struct safe_dirs *dirs, const char *relative, const char *stream,
                           const struct nt_open *how, HANDLE *ret, struct error *err)
{
    CLEANUP(str_free) char *name = NULL;
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    return safe_name_of_stream(relative, stream, &name, err) && utf16_from_utf8(name, &wide, err)
        && open_wide(dirs, name, wide, how, ret, err);
}

void safe_dirs_forget(struct safe_dirs *dirs)
{
    for (size_t i = 0; i < SAFE_DIRS_COUNT; i++)
        clear(&dirs->items[i]);
}
