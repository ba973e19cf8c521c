/* SPDX-License-Identifier: MIT */
#include "layers/layer_copy.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/safe_root.h"

#define PIECE_SIZE 0x40000u /* bytes */

struct copy {
    struct safe_root from;
    struct safe_root to;
    const char *from_shown;
    const char *to_shown;
    const struct context *context;
    unsigned char *piece;
};

static void copy_close(struct copy *copy)
{
    safe_root_close(&copy->from);
    safe_root_close(&copy->to);
    mem_free(&copy->piece);
}

static char *below(const char *directory, const char *name)
{
    return *directory ? str_format("%s\\%s", directory, name) : xstrdup(name);
}

/* ---- looking ---- */

enum kind { KIND_ABSENT, KIND_FILE, KIND_DIRECTORY, KIND_LINK };

static bool is_directory(const struct safe_root *root, const char *path)
{
    static const struct nt_open how = {.access = FILE_READ_ATTRIBUTES,
                                       .share = NT_SHARE_ALL,
                                       .disposition = FILE_OPEN,
                                       .options = FILE_DIRECTORY_FILE};
    CLEANUP(handle_close) HANDLE handle = NULL;
    CLEANUP(error_clear) struct error ignored = {0};
    return safe_root_open_at(root, path, &how, &handle, &ignored);
}

static bool look(const struct safe_root *root, const char *path, enum kind *ret, struct error *err)
{
    static const enum kind kinds[] = {
        [SAFE_ABSENT] = KIND_ABSENT,
        [SAFE_FILE] = KIND_FILE,
        [SAFE_DIRECTORY] = KIND_DIRECTORY,
        [SAFE_LINK] = KIND_LINK,
    };
    enum safe_type type = SAFE_DIRECTORY;
    if (*path && !safe_root_type_of(root, path, &type, err)) {
        if (err->code == (uint32_t)NT_REPARSE_POINT_ENCOUNTERED)
            error_hint(err, "a link is on the way; name the place that it leads to");
        return false;
    }
    /* What a layer below has, the filter shows in its place. */
    if (type == SAFE_PLACEHOLDER)
        *ret = is_directory(root, path) ? KIND_DIRECTORY : KIND_FILE;
    else
        *ret = kinds[type];
    return true;
}

/* ---- files ---- */

static bool read_piece(HANDLE from, unsigned char *piece, DWORD *ret, struct error *err)
{
    if (ReadFile(from, piece, PIECE_SIZE, ret, NULL))
        return true;
    return error_win32(err, GetLastError(), "read");
}

static bool write_piece(HANDLE to, const unsigned char *piece, DWORD length, struct error *err)
{
    DWORD written = 0;
    if (!WriteFile(to, piece, length, &written, NULL))
        return error_win32(err, GetLastError(), "write");
    return written == length || error_set(err, ERR_OS, "write: only a part was written");
}

static bool copy_data(const struct copy *copy, HANDLE from, HANDLE to, struct error *err)
{
    DWORD length = 0;
    do {
        if (!cancel_check(context_cancel(copy->context), err)
            || !read_piece(from, copy->piece, &length, err)
            || (length > 0 && !write_piece(to, copy->piece, length, err)))
            return false;
    } while (length > 0);
    return true;
}

/* Of the attributes, those that are the user's to set. */
#define KEPT_ATTRIBUTES                                                                            \
    (FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM                       \
     | FILE_ATTRIBUTE_ARCHIVE | FILE_ATTRIBUTE_NOT_CONTENT_INDEXED)

static bool copy_basic(HANDLE from, HANDLE to, struct error *err)
{
    FILE_BASIC_INFORMATION basic = {0};
    IO_STATUS_BLOCK io = {0};
    NTSTATUS status =
        NtQueryInformationFile(from, &io, &basic, sizeof(basic), NT_FILE_BASIC_INFORMATION);
    if (!nt_ok(status))
        return error_ntstatus(err, status, "read its times");
    basic.FileAttributes &= KEPT_ATTRIBUTES;
    if (!basic.FileAttributes)
        basic.FileAttributes = FILE_ATTRIBUTE_NORMAL;
    basic.ChangeTime.QuadPart = 0;
    status = NtSetInformationFile(to, &io, &basic, sizeof(basic), NT_FILE_BASIC_INFORMATION);
    return nt_ok(status) || error_ntstatus(err, status, "set its times");
}

/* A file that is read-only is replaced as well: the user has named it. */
static bool copy_file(const struct copy *copy, const char *from, const char *to, struct error *err)
{
    static const struct nt_open reading = {.access = GENERIC_READ,
                                           .share = NT_SHARE_ALL,
                                           .disposition = FILE_OPEN,
                                           .options = FILE_NON_DIRECTORY_FILE};
    static const struct nt_open writing = {.access = GENERIC_WRITE,
                                           .share = FILE_SHARE_READ,
                                           .disposition = FILE_CREATE,
                                           .options = FILE_NON_DIRECTORY_FILE};
    CLEANUP(handle_close) HANDLE source = NULL;
    CLEANUP(handle_close) HANDLE target = NULL;
    return (safe_root_open_at(&copy->from, from, &reading, &source, err)
            && safe_root_remove(&copy->to, to, err)
            && safe_root_open_at(&copy->to, to, &writing, &target, err)
            && copy_data(copy, source, target, err) && copy_basic(source, target, err))
        || error_wrap(err, "copy '%s'", from);
}

/* ---- directories ---- */

static bool copy_any(const struct copy *copy, const char *from, const char *to, struct error *err);

static bool enter(const struct copy *copy, const char *to, struct error *err)
{
    enum kind kind;
    if (!look(&copy->to, to, &kind, err))
        return false;
    if (kind == KIND_DIRECTORY)
        return true;
    if (kind != KIND_ABSENT)
        return error_set(err, ERR_USAGE, "'%s%s' is not a directory", copy->to_shown, to);
    return safe_root_make_directory(&copy->to, to, err);
}

/* Times of directories come from what is made in them; they are left to the system. */
static bool copy_directory(const struct copy *copy, const char *from, const char *to,
                           struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!enter(copy, to, err) || !safe_root_list(&copy->from, from, &names, err))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(str_free) char *source = below(from, names.items[i]);
        CLEANUP(str_free) char *target = below(to, names.items[i]);
        if (!cancel_check(context_cancel(copy->context), err)
            || !copy_any(copy, source, target, err))
            return false;
    }
    return true;
}

static bool copy_any(const struct copy *copy, const char *from, const char *to, struct error *err)
{
    enum kind kind;
    enum kind old;
    if (!look(&copy->from, from, &kind, err))
        return false;
    if (kind == KIND_DIRECTORY)
        return copy_directory(copy, from, to, err);
    if (kind != KIND_FILE) {
        context_warn(copy->context, "the link '%s%s' was left out", copy->from_shown, from);
        return true;
    }
    if (!look(&copy->to, to, &old, err))
        return false;
    if (old == KIND_DIRECTORY)
        return error_set(err, ERR_USAGE, "'%s%s' is a directory; a file cannot replace it",
                         copy->to_shown, to);
    return copy_file(copy, from, to, err);
}

/* ---- where to ---- */

static bool check_parent(const struct copy *copy, const char *path, struct error *err)
{
    enum kind kind = KIND_DIRECTORY;
    const char *name = fs_name_of(path);
    if (name == path)
        return true;
    CLEANUP(str_free) char *parent = xstrndup(path, (size_t)(name - path - 1));
    if (!look(&copy->to, parent, &kind, err))
        return false;
    return kind == KIND_DIRECTORY
        || error_set(err, ERR_NOT_FOUND, "there is no directory '%s%s'", copy->to_shown, parent);
}

/* What 'from' will be called. */
static bool resolve(const struct copy *copy, const struct copy_place *from,
                    const struct copy_place *to, char **ret, struct error *err)
{
    enum kind source;
    enum kind target;
    if (!look(&copy->from, from->path, &source, err) || !look(&copy->to, to->path, &target, err))
        return false;
    if (source == KIND_ABSENT)
        return error_set(err, ERR_NOT_FOUND, "there is no '%s%s'", from->shown, from->path);
    if (source == KIND_LINK || target == KIND_LINK) {
        const struct copy_place *link = source == KIND_LINK ? from : to;
        return error_set(err, ERR_USAGE, "'%s%s' is a link; name the place that it leads to",
                         link->shown, link->path);
    }
    if (target == KIND_DIRECTORY && *from->path && !(from->is_inside && source == KIND_DIRECTORY)) {
        *ret = below(to->path, fs_name_of(from->path));
        return true;
    }
    if (target == KIND_ABSENT && to->is_inside && source == KIND_FILE)
        return error_set(err, ERR_NOT_FOUND, "there is no directory '%s%s'", to->shown, to->path);
    if (target == KIND_FILE && source == KIND_DIRECTORY)
        return error_set(err, ERR_USAGE, "'%s%s' is a file; a directory cannot replace it",
                         to->shown, to->path);
    if (!check_parent(copy, to->path, err))
        return false;
    *ret = xstrdup(to->path);
    return true;
}

bool layer_copy(const struct copy_place *from, const struct copy_place *to,
                const struct context *context, struct error *err)
{
    CLEANUP(copy_close)
    struct copy copy = {
        .from_shown = from->shown,
        .to_shown = to->shown,
        .context = context,
        .piece = xmalloc(PIECE_SIZE),
    };
    CLEANUP(str_free) char *target = NULL;
    return safe_root_open(from->root, &copy.from, err) && safe_root_open(to->root, &copy.to, err)
        && resolve(&copy, from, to, &target, err) && copy_any(&copy, from->path, target, err);
}
