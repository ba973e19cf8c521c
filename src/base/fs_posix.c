/* SPDX-License-Identifier: MIT */
/* Paths, queries and whole files; fs_file_posix.c has open files and locks, fs_tree_posix.c
 * removal. */
#include "base/fs_posix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/guid.h"
#include "base/text.h"

#define READ_SIZE ((size_t)64 * 1024)

/* ---- paths ---- */

char *fs_join(const char *directory, const char *name)
{
    bool separated = !*directory || str_ends_with(directory, "/");
    return str_format("%s%s%s", directory, separated ? "" : "/", name);
}

bool fs_absolute(const char *path, char **ret, struct error *err)
{
    if (!*path)
        return error_set(err, ERR_USAGE, "the path is empty");
    if (*path == '/') {
        *ret = xstrdup(path);
        return true;
    }
    CLEANUP(str_free) char *here = getcwd(NULL, 0);
    if (!here)
        return error_errno(err, errno, "find the working directory");
    *ret = fs_join(here, path);
    return true;
}

/* The directory that holds the last name of a path; the caller owns it. */
static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return xstrdup(".");
    return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

/* ---- queries ---- */

enum fs_type fs_type_of(const char *path)
{
    struct stat info;
    if (lstat(path, &info))
        return FS_ABSENT;
    if (S_ISREG(info.st_mode))
        return FS_FILE;
    return S_ISDIR(info.st_mode) ? FS_DIRECTORY : FS_OTHER;
}

bool fs_file_size(const char *path, uint64_t *ret, struct error *err)
{
    struct stat info;
    if (stat(path, &info))
        return error_errno(err, errno, "look at '%s'", path);
    if (!S_ISREG(info.st_mode))
        return error_set(err, ERR_OS, "'%s' is not a file", path);
    *ret = (uint64_t)info.st_size;
    return true;
}

bool fs_list(const char *path, struct strlist *ret, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int reason = descriptor < 0 ? errno : posix_list(descriptor, &names);
    if (reason && reason != ENOENT)
        return error_errno(err, reason, "list '%s'", path);
    strlist_sort(&names);
    *ret = TAKE(names);
    return true;
}

bool fs_free_space(const char *path, uint64_t *ret_bytes, struct error *err)
{
    struct statvfs info;
    if (statvfs(path, &info))
        return error_errno(err, errno, "find the free space of '%s'", path);
    *ret_bytes = (uint64_t)info.f_bavail * info.f_frsize;
    return true;
}

bool fs_age(const char *path, uint64_t *ret_seconds, struct error *err)
{
    struct stat info;
    if (lstat(path, &info))
        return error_errno(err, errno, "look at '%s'", path);
    time_t now = time(NULL);
    *ret_seconds = now > info.st_mtime ? (uint64_t)(now - info.st_mtime) : 0;
    return true;
}

/* ---- whole files ---- */

static bool make_directory(const char *path, struct error *err)
{
    if (!mkdir(path, 0777))
        return true;
    int reason = errno;
    struct stat info;
    if (!stat(path, &info) && S_ISDIR(info.st_mode))
        return true;
    return error_errno(err, reason, "create the directory '%s'", path);
}

bool fs_make_directories(const char *path, struct error *err)
{
    if (!*path)
        return error_set(err, ERR_USAGE, "the path is empty");
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        CLEANUP(str_free) char *parent = xstrndup(path, (size_t)(slash - path));
        if (!make_directory(parent, err))
            return false;
    }
    return make_directory(path, err);
}

bool fs_read_file(const char *path, size_t maximum, struct buf *ret, struct error *err)
{
    CLEANUP(posix_close) int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return error_errno(err, errno, "open '%s'", path);

    CLEANUP(mem_free) unsigned char *piece = xmalloc(READ_SIZE);
    CLEANUP(buf_clear) struct buf content;
    buf_init(&content, maximum);
    for (;;) {
        ssize_t got = read(descriptor, piece, READ_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, errno, "read '%s'", path);
        if (!got)
            break;
        if (!buf_append(&content, piece, (size_t)got, err))
            return error_wrap(err, "read '%s'", path);
    }
    *ret = TAKE(content);
    return true;
}

/* Makes the names in a directory survive a power cut. */
static bool flush_directory(const char *path, struct error *err)
{
    CLEANUP(posix_close) int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 || fsync(descriptor))
        return error_errno(err, errno, "flush the directory '%s'", path);
    return true;
}

/* The mode is set before there is anything to read; 0 = what the umask leaves. */
static bool write_flushed(const char *path, const void *data, size_t length, mode_t mode,
                          struct error *err)
{
    CLEANUP(fs_close) struct fs_file file = {0};
    if (!fs_open(path, FS_CREATE_NEW, &file, err))
        return false;
    if (mode && fchmod((int)file.handle - 1, mode))
        return error_errno(err, errno, "set the mode of '%s'", path);
    return fs_write_at(&file, 0, data, length, err) && fs_flush(&file, err);
}

static bool replace_file(const char *path, const void *data, size_t length, mode_t mode,
                         struct error *err)
{
    /* A name that nobody can have prepared: the directory may be shared. */
    struct guid unique;
    if (!guid_random(&unique, err))
        return error_wrap(err, "write '%s'", path);
    char suffix[GUID_TEXT_SIZE];
    guid_format(&unique, suffix);

    CLEANUP(str_free) char *parent = parent_of(path);
    CLEANUP(str_free) char *name = str_format("%s%s", FS_TEMPORARY_PREFIX, suffix);
    CLEANUP(str_free) char *temporary = fs_join(parent, name);
    if (!write_flushed(temporary, data, length, mode, err)
        || !fs_rename(temporary, path, /* replace= */ true, err)) {
        unlink(temporary);
        return error_wrap(err, "write '%s'", path);
    }
    return true;
}

bool fs_write_file(const char *path, const void *data, size_t length, struct error *err)
{
    return replace_file(path, data, length, 0, err);
}

static bool make_private_directory(const char *path, struct error *err)
{
    CLEANUP(str_free) char *parent = parent_of(path);
    if (fs_type_of(path) == FS_ABSENT && !fs_make_directories(parent, err))
        return false;
    return mkdir(path, 0700) == 0 || make_directory(path, err);
}

bool fs_write_private_file(const char *path, const void *data, size_t length, struct error *err)
{
    CLEANUP(str_free) char *directory = parent_of(path);
    CLEANUP(str_free) char *target = realpath(path, NULL);
    return make_private_directory(directory, err)
        && replace_file(target ? target : path, data, length, 0600, err);
}

bool fs_remove_file(const char *path, struct error *err)
{
    if (unlink(path) && errno != ENOENT)
        return error_errno(err, errno, "remove '%s'", path);
    return true;
}

/* What file systems without RENAME_NOREPLACE offer: link() and mkdir() both refuse an existing
 * name, and renaming a directory over an empty one is atomic. */
static int rename_by_reservation(const char *from, const char *to)
{
    struct stat info;
    if (lstat(from, &info))
        return -1;
    if (!S_ISDIR(info.st_mode))
        return link(from, to) ? -1 : unlink(from);
    if (mkdir(to, 0700))
        return -1;
    if (!rename(from, to))
        return 0;
    int reason = errno;
    rmdir(to);
    errno = reason;
    return -1;
}

static int rename_exclusive(const char *from, const char *to)
{
    if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
        return 0;
    return errno == EINVAL || errno == ENOSYS ? rename_by_reservation(from, to) : -1;
}

bool fs_publish(const char *from, const char *to, struct error *err)
{
    return !rename_exclusive(from, to) || error_errno(err, errno, "rename '%s' to '%s'", from, to);
}

bool fs_rename(const char *from, const char *to, bool replace, struct error *err)
{
    if ((replace ? rename(from, to) : rename_exclusive(from, to)))
        return error_errno(err, errno, "rename '%s' to '%s'", from, to);
    CLEANUP(str_free) char *parent = parent_of(to);
    return flush_directory(parent, err);
}
