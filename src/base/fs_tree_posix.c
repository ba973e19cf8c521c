/* SPDX-License-Identifier: MIT */
/* Removal of trees by names relative to open directories, so that a link put in place meanwhile
 * leads nowhere. A directory that is not empty moves to the top of the tree instead of being
 * descended into: two descriptors and no recursion suffice for any depth. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/fs_posix.h"
#include "base/guid.h"

#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int posix_list(int descriptor, struct strlist *names)
{
    DIR *directory = fdopendir(descriptor);
    if (!directory) {
        int reason = errno;
        close(descriptor);
        return reason;
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (!entry)
            break;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            strlist_add(names, entry->d_name);
    }
    int reason = errno;
    closedir(directory);
    return reason;
}

/* All functions below return 0 or an errno. */

struct removal {
    int top;                     /* the tree's own directory */
    char unique[GUID_TEXT_SIZE]; /* begins the names that directories get when they move up */
    unsigned long long moved;
};

static int list(int parent, const char *name, struct strlist *ret)
{
    int descriptor = openat(parent, name, OPEN_DIRECTORY);
    return descriptor < 0 ? errno : posix_list(descriptor, ret);
}

/* Removes a name that is a file, a link or an empty directory; ENOTEMPTY when it is none of them.
 */
static int remove_name(int parent, const char *name)
{
    if (!unlinkat(parent, name, 0) || errno == ENOENT)
        return 0;
    /* Linux answers EISDIR to a directory, POSIX says EPERM. */
    int reason = errno;
    if (reason != EISDIR && reason != EPERM)
        return reason;
    if (!unlinkat(parent, name, AT_REMOVEDIR) || errno == ENOENT)
        return 0;
    if (errno == ENOTDIR)
        return reason;
    return errno == EEXIST ? ENOTEMPTY : errno;
}

static int move_up(struct removal *r, int parent, const char *name)
{
    CLEANUP(str_free) char *unique = str_format("%s-%llu", r->unique, r->moved++);
    return renameat(parent, name, r->top, unique) ? errno : 0;
}

/* Empties one directory of the top, whose own directories move up, and removes it. */
static int dissolve(struct removal *r, const char *name)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(posix_close) int parent = openat(r->top, name, OPEN_DIRECTORY);
    if (parent < 0)
        return errno;
    int reason = list(parent, ".", &names);
    for (size_t i = 0; !reason && i < names.count; i++) {
        reason = remove_name(parent, names.items[i]);
        if (reason == ENOTEMPTY)
            reason = move_up(r, parent, names.items[i]);
    }
    return reason ? reason : remove_name(r->top, name);
}

/* One pass over what is at the top; *ret_found is how much that was. */
static int remove_pass(struct removal *r, size_t *ret_found)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    int reason = list(r->top, ".", &names);
    for (size_t i = 0; !reason && i < names.count; i++) {
        reason = remove_name(r->top, names.items[i]);
        if (reason == ENOTEMPTY)
            reason = dissolve(r, names.items[i]);
    }
    *ret_found = names.count;
    return reason;
}

static int remove_directory(const char *path, const struct guid *unique)
{
    CLEANUP(posix_close) int top = open(path, OPEN_DIRECTORY);
    if (top < 0)
        return errno;
    struct removal removal = {.top = top};
    guid_format(unique, removal.unique);

    size_t found;
    do {
        int reason = remove_pass(&removal, &found);
        if (reason)
            return reason;
    } while (found);
    return remove_name(AT_FDCWD, path);
}

bool fs_remove_tree(const char *path, struct error *err)
{
    int reason = remove_name(AT_FDCWD, path);
    /* A file stands where a parent would: the path names nothing. */
    if (reason == ENOTDIR)
        return true;
    if (reason == ENOTEMPTY) {
        struct guid unique;
        if (!guid_random(&unique, err))
            return error_wrap(err, "remove '%s'", path);
        reason = remove_directory(path, &unique);
    }
    if (reason)
        return error_errno(err, reason, "remove '%s'", path);
    return true;
}
