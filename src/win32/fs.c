/* SPDX-License-Identifier: MIT */
/* Paths, queries and whole files; fs_file.c has open files and locks. */
#include "base/fs.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/guid.h"
#include "base/os.h"
#include "base/text.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/nt.h"
#include "win32/path.h"
#include "win32/safe_root.h"
#include "win32/utf16.h"

#define READ_SIZE ((size_t)64 * 1024)

/* ---- paths ---- */

char *fs_join(const char *directory, const char *name)
{
    bool separated = !*directory || str_ends_with(directory, "\\") || str_ends_with(directory, "/");
    return str_format("%s%s%s", directory, separated ? "" : "\\", name);
}

bool fs_absolute(const char *path, char **ret, struct error *err)
{
    return path_to_plain(path, ret, err);
}

/* Splits an absolute plain path into its directory and its last name; false for a root. */
static bool split(const char *plain, char **ret_directory, char **ret_name)
{
    const char *separator = strrchr(plain, '\\');
    if (!separator || !separator[1])
        return false;
    /* The directory of "C:\x" is "C:\", not "C:". */
    size_t length = (size_t)(separator - plain);
    if (length == 2)
        length++;
    *ret_directory = xstrndup(plain, length);
    *ret_name = xstrdup(separator + 1);
    return true;
}

/* ---- queries ---- */

/* Deduplicated and compressed files are reparse points too; only the kinds that stand for another
 * name are links. */
static bool is_link(const WIN32_FIND_DATAW *found)
{
    return (found->dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT)
        && IsReparseTagNameSurrogate(found->dwReserved0);
}

static enum fs_type type_of_wide(const wchar_t *wide)
{
    DWORD attributes = GetFileAttributesW(wide);
    if (attributes == INVALID_FILE_ATTRIBUTES)
        return FS_ABSENT;
    if (attributes & FILE_ATTRIBUTE_REPARSE_POINT) {
        WIN32_FIND_DATAW found;
        HANDLE search = FindFirstFileW(wide, &found);
        if (search != INVALID_HANDLE_VALUE)
            FindClose(search);
        if (search == INVALID_HANDLE_VALUE || is_link(&found))
            return FS_OTHER;
    }
    return attributes & FILE_ATTRIBUTE_DIRECTORY ? FS_DIRECTORY : FS_FILE;
}

enum fs_type fs_type_of(const char *path)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    return path_to_wide(path, &wide, &ignored) ? type_of_wide(wide) : FS_ABSENT;
}

bool fs_file_size(const char *path, uint64_t *ret, struct error *err)
{
    CLEANUP(fs_close) struct fs_file file = {0};
    return fs_open(path, FS_READ, &file, err) && fs_size(&file, ret, err);
}

static bool collect(HANDLE search, WIN32_FIND_DATAW *found, struct strlist *names,
                    struct error *err)
{
    do {
        CLEANUP(str_free) char *name = NULL;
        if (!utf16_to_utf8(found->cFileName, &name, err))
            return false;
        if (!str_equal(name, ".") && !str_equal(name, ".."))
            strlist_add_owned(names, TAKE(name));
    } while (FindNextFileW(search, found));
    return GetLastError() == ERROR_NO_MORE_FILES
        || error_win32(err, GetLastError(), "read the directory");
}

bool fs_list(const char *path, struct strlist *ret, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(str_free) char *pattern = fs_join(path, "*");
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    if (!path_to_wide(pattern, &wide, err))
        return false;

    WIN32_FIND_DATAW found;
    HANDLE search = FindFirstFileExW(wide, FindExInfoBasic, &found, FindExSearchNameMatch, NULL,
                                     FIND_FIRST_EX_LARGE_FETCH);
    DWORD reason = GetLastError();
    if (search == INVALID_HANDLE_VALUE) {
        /* An empty root directory has not even "." in it. */
        if (reason != ERROR_FILE_NOT_FOUND && reason != ERROR_PATH_NOT_FOUND)
            return error_win32(err, reason, "list '%s'", path);
    } else {
        bool collected = collect(search, &found, &names, err);
        FindClose(search);
        if (!collected)
            return error_wrap(err, "list '%s'", path);
    }
    strlist_sort(&names);
    *ret = TAKE(names);
    return true;
}

bool fs_free_space(const char *path, uint64_t *ret_bytes, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    ULARGE_INTEGER available;
    if (!path_to_wide(path, &wide, err))
        return false;
    if (!GetDiskFreeSpaceExW(wide, &available, NULL, NULL))
        return error_win32(err, GetLastError(), "find the free space of '%s'", path);
    *ret_bytes = available.QuadPart;
    return true;
}

#define FILE_TIME_PER_SECOND 10000000u

static uint64_t file_time_value(const FILETIME *time)
{
    return (uint64_t)time->dwHighDateTime << 32 | time->dwLowDateTime;
}

bool fs_age(const char *path, uint64_t *ret_seconds, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    WIN32_FILE_ATTRIBUTE_DATA found;
    FILETIME now;
    if (!path_to_wide(path, &wide, err))
        return false;
    if (!GetFileAttributesExW(wide, GetFileExInfoStandard, &found))
        return error_win32(err, GetLastError(), "look at '%s'", path);
    GetSystemTimeAsFileTime(&now);
    uint64_t written = file_time_value(&found.ftLastWriteTime);
    uint64_t present = file_time_value(&now);
    *ret_seconds = present > written ? (present - written) / FILE_TIME_PER_SECOND : 0;
    return true;
}

/* ---- whole files ---- */

static bool make_directories_plain(const char *plain, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    CLEANUP(str_free) char *parent = NULL;
    CLEANUP(str_free) char *name = NULL;
    if (!path_to_wide(plain, &wide, err))
        return false;
    if (CreateDirectoryW(wide, NULL))
        return true;
    DWORD reason = GetLastError();
    if (reason == ERROR_PATH_NOT_FOUND && split(plain, &parent, &name)) {
        if (!make_directories_plain(parent, err))
            return false;
        if (CreateDirectoryW(wide, NULL))
            return true;
        reason = GetLastError();
    }
    /* Roots are refused with "access denied"; the directory may also be there by a link. */
    DWORD attributes = GetFileAttributesW(wide);
    if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY))
        return true;
    return error_win32(err, reason, "create the directory '%s'", plain);
}

bool fs_make_directories(const char *path, struct error *err)
{
    CLEANUP(str_free) char *plain = NULL;
    return path_to_plain(path, &plain, err) && make_directories_plain(plain, err);
}

bool fs_read_file(const char *path, size_t maximum, struct buf *ret, struct error *err)
{
    CLEANUP(fs_close) struct fs_file file = {0};
    CLEANUP(mem_free) unsigned char *piece = xmalloc(READ_SIZE);
    CLEANUP(buf_clear) struct buf content;
    buf_init(&content, maximum);
    if (!fs_open(path, FS_READ, &file, err))
        return false;

    for (size_t got = READ_SIZE; got == READ_SIZE;) {
        if (!fs_read_at(&file, content.length, piece, READ_SIZE, &got, err)
            || !buf_append(&content, piece, got, err))
            return error_wrap(err, "read '%s'", path);
    }
    *ret = TAKE(content);
    return true;
}

static bool write_flushed(const char *path, const void *data, size_t length, struct error *err)
{
    CLEANUP(fs_close) struct fs_file file = {0};
    return fs_open(path, FS_CREATE_NEW, &file, err) && fs_write_at(&file, 0, data, length, err)
        && fs_flush(&file, err);
}

/* A sibling name that nobody can have prepared: the directory may be shared. */
static bool temporary_sibling(const char *path, char **ret, struct error *err)
{
    CLEANUP(str_free) char *plain = NULL;
    CLEANUP(str_free) char *directory = NULL;
    CLEANUP(str_free) char *last = NULL;
    struct guid unique;
    char suffix[GUID_TEXT_SIZE];
    if (!path_to_plain(path, &plain, err) || !guid_random(&unique, err))
        return false;
    if (!split(plain, &directory, &last))
        return error_set(err, ERR_USAGE, "'%s' is not the name of a file", path);
    guid_format(&unique, suffix);
    CLEANUP(str_free) char *name = str_format("%s%s", FS_TEMPORARY_PREFIX, suffix);
    *ret = fs_join(directory, name);
    return true;
}

bool fs_write_file(const char *path, const void *data, size_t length, struct error *err)
{
    CLEANUP(str_free) char *temporary = NULL;
    if (!temporary_sibling(path, &temporary, err))
        return error_wrap(err, "write '%s'", path);
    if (!write_flushed(temporary, data, length, err)
        || !fs_rename(temporary, path, /* replace= */ true, err)) {
        CLEANUP(error_clear) struct error ignored = {0};
        if (!fs_remove_file(temporary, &ignored))
            error_detail(err, ignored.message);
        return error_wrap(err, "write '%s'", path);
    }
    return true;
}

bool fs_write_private_file(const char *path, const void *data, size_t length, struct error *err)
{
    CLEANUP(str_free) char *plain = NULL;
    if (!path_to_plain(path, &plain, err))
        return false;
    char *slash = strrchr(plain, '\\');
    CLEANUP(str_free) char *directory = xstrndup(plain, slash ? (size_t)(slash - plain) : 0);
    return fs_make_directories(directory, err) && fs_write_file(plain, data, length, err);
}

bool fs_remove_file(const char *path, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    if (!path_to_wide(path, &wide, err))
        return false;
    CLEANUP(handle_close)
    HANDLE file = handle_or_null(
        CreateFileW(wide, DELETE | FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES, NT_SHARE_ALL, NULL,
                    OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL));
    if (!file) {
        DWORD reason = GetLastError();
        return reason == ERROR_FILE_NOT_FOUND || reason == ERROR_PATH_NOT_FOUND
            || error_win32(err, reason, "remove '%s'", path);
    }
    NTSTATUS status = nt_delete(file);
    return nt_ok(status) || error_ntstatus(err, status, "remove '%s'", path);
}

bool fs_remove_tree(const char *path, struct error *err)
{
    CLEANUP(str_free) char *plain = NULL;
    CLEANUP(str_free) char *directory = NULL;
    CLEANUP(str_free) char *name = NULL;
    CLEANUP(safe_root_close) struct safe_root parent = {0};
    if (!path_to_plain(path, &plain, err))
        return false;
    if (!split(plain, &directory, &name))
        return error_set(err, ERR_USAGE, "'%s' is a root and is not removed", path);
    if (fs_type_of(directory) == FS_ABSENT)
        return true;
    return safe_root_open(directory, &parent, err) && safe_root_remove_tree(&parent, name, err);
}

/* FILE_RENAME_INFO as SetFileInformationByHandle takes it; mingw's lacks the flags, and its number
 * of the class is wrong. */
struct rename_information {
    DWORD flags;
    HANDLE root;
    DWORD name_bytes;
    wchar_t name[1];
};
#define RENAME_INFO_EX ((FILE_INFO_BY_HANDLE_CLASS)22)
#define RENAME_REPLACE 0x1u
#define RENAME_POSIX_SEMANTICS 0x2u

/* Replaces the target although others have it open, as long as they share deletion. */
static bool rename_over(const wchar_t *from, const wchar_t *to)
{
    CLEANUP(handle_close)
    HANDLE file = handle_or_null(CreateFileW(from, DELETE | SYNCHRONIZE, NT_SHARE_ALL, NULL,
                                             OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT, NULL));
    if (!file)
        return false;
    size_t name_bytes = wcslen(to) * sizeof(*to);
    size_t size = offsetof(struct rename_information, name) + name_bytes + sizeof(*to);
    CLEANUP(mem_free) struct rename_information *information = xcalloc(1, size);
    information->flags = RENAME_REPLACE | RENAME_POSIX_SEMANTICS;
    information->name_bytes = (DWORD)name_bytes;
    memcpy(information->name, to, name_bytes);
    return SetFileInformationByHandle(file, RENAME_INFO_EX, information, (DWORD)size);
}

static bool try_rename(const wchar_t *from, const wchar_t *to, DWORD flags)
{
    /* The first way is not there on every file system; the second then says what is wrong. */
    if (flags & MOVEFILE_REPLACE_EXISTING && rename_over(from, to))
        return true;
    return MoveFileExW(from, to, flags);
}

/* Pauses of 10, 20, 40 ... ms between the tries: 0.15 and 4.6 seconds in all. */
#define RENAME_TRIES 5
#define PUBLISH_TRIES 10
#define RENAME_FIRST_PAUSE_MS 10u
#define RENAME_LONGEST_PAUSE_MS 2000u

static bool rename_patiently(const char *from, const char *to, DWORD flags, unsigned patience,
                             struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide_from = NULL;
    CLEANUP(utf16_free) wchar_t *wide_to = NULL;
    if (!path_to_wide(from, &wide_from, err) || !path_to_wide(to, &wide_to, err))
        return false;

    /* Virus scanners and indexers open what was just written, for an instant. */
    for (unsigned tries = 1;; tries++) {
        if (try_rename(wide_from, wide_to, flags))
            return true;
        DWORD reason = GetLastError();
        bool is_transient = reason == ERROR_SHARING_VIOLATION || reason == ERROR_ACCESS_DENIED;
        if (!is_transient || tries == patience)
            return error_win32(err, reason, "rename '%s' to '%s'", from, to);
        unsigned pause = RENAME_FIRST_PAUSE_MS << (tries - 1);
        os_sleep_ms(pause < RENAME_LONGEST_PAUSE_MS ? pause : RENAME_LONGEST_PAUSE_MS);
    }
}

bool fs_rename(const char *from, const char *to, bool replace, struct error *err)
{
    return rename_patiently(from, to,
                            MOVEFILE_WRITE_THROUGH | (replace ? MOVEFILE_REPLACE_EXISTING : 0),
                            RENAME_TRIES, err);
}

bool fs_publish(const char *from, const char *to, struct error *err)
{
    return rename_patiently(from, to, 0, PUBLISH_TRIES, err);
}
