/* SPDX-License-Identifier: MIT */
#include "layers/posix_removal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs_posix.h"

int posix_directory_list(struct posix_directories *directories, const char *path,
                         struct strlist *ret)
{
    struct posix_directory *directory = NULL;
    int reason = posix_directories_take(directories, path, strlen(path), &directory);
    if (reason)
        return reason;
    /* Not a copy of the descriptor, which would share the place where reading stands. */
    int own = openat(directory->descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    reason = own < 0 ? errno : posix_list(own, ret);
    posix_directories_give_back(directories, &directory);
    return reason;
}

static void count_name(const struct stat *status, struct posix_removed *removed)
{
    if (S_ISLNK(status->st_mode)) {
        removed->links++;
        return;
    }
    removed->files++;
    if (status->st_nlink > 1)
        removed->hard_links++;
    else
        removed->bytes += (uint64_t)status->st_size;
}

/* Removes anything but a directory, which becomes one more to be emptied. */
static int remove_name(int parent, const char *name, char *path, struct strlist *found,
                       struct posix_removed *removed)
{
    CLEANUP(str_free) char *owned = path;
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno;
    if (S_ISDIR(status.st_mode)) {
        strlist_add_owned(found, TAKE(owned));
        return 0;
    }
    if (unlinkat(parent, name, 0) < 0)
        return errno;
    count_name(&status, removed);
    return 0;
}

static int empty_directory(struct posix_directories *directories, const char *path,
                           struct strlist *found, struct posix_removed *removed)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    struct posix_directory *directory = NULL;
    int reason = posix_directory_list(directories, path, &names);
    if (!reason)
        reason = posix_directories_take(directories, path, strlen(path), &directory);
    for (size_t i = 0; !reason && i < names.count; i++)
        reason = remove_name(directory->descriptor, names.items[i],
                             str_format("%s\\%s", path, names.items[i]), found, removed);
    posix_directories_give_back(directories, &directory);
    return reason;
}

static int remove_empty(struct posix_directories *directories, const char *path,
                        struct posix_removed *removed)
{
    struct posix_place place = {0};
    posix_directories_forget(directories, path);
    int reason = posix_place_take(directories, path, &place);
    if (!reason && unlinkat(place.parent->descriptor, place.name, AT_REMOVEDIR) < 0)
        reason = errno;
    posix_place_give_back(directories, &place);
    removed->directories += !reason;
    return reason;
}

int posix_remove(struct posix_directories *directories, const char *path,
                 struct posix_removed *removed)
{
    CLEANUP(strlist_clear) struct strlist found = {0};
    struct posix_place place = {0};
    int reason = posix_place_take(directories, path, &place);
    if (!reason)
        reason = remove_name(place.parent->descriptor, place.name, xstrdup(path), &found, removed);
    posix_place_give_back(directories, &place);
    /* Below a link or a file, or below nothing, there is nothing. */
    if (reason == ENOENT || reason == ENOTDIR)
        return 0;
    for (size_t i = 0; !reason && i < found.count; i++) {
        /* A copy: the list may move while it grows. The items themselves stay. */
        const char *directory = found.items[i];
        reason = empty_directory(directories, directory, &found, removed);
    }
    /* Those that were found last lie deepest. */
    for (size_t i = found.count; !reason && i > 0; i--)
        reason = remove_empty(directories, found.items[i - 1], removed);
    return reason;
}
