/* SPDX-License-Identifier: MIT */
#include "layers/posix_directories.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs_posix.h"

#define SEPARATOR '\\'
#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static struct posix_directory *directory_new(const char *path, size_t length, int descriptor)
{
    struct posix_directory *directory = xmalloc(sizeof(*directory));
    *directory = (struct posix_directory){
        .path = xstrndup(path, length),
        .length = length,
        .descriptor = descriptor,
        .users = 1,
    };
    return directory;
}

static void drop(struct posix_directory *directory)
{
    if (--directory->users > 0)
        return;
    posix_close(&directory->descriptor);
    str_free(&directory->path);
    mem_free(&directory);
}

bool posix_directories_open(const char *root, struct posix_directories *ret, struct error *err)
{
    int descriptor = open(root, OPEN_DIRECTORY);
    if (descriptor < 0)
        return error_errno(err, errno, "open '%s'", root);
    *ret = (struct posix_directories){
        .mutex = PTHREAD_MUTEX_INITIALIZER,
        .root = directory_new("", 0, descriptor),
    };
    return true;
}

void posix_directories_close(struct posix_directories *directories)
{
    for (size_t i = 0; i < POSIX_DIRECTORIES_KEPT; i++)
        if (directories->kept[i])
            drop(directories->kept[i]);
    if (directories->root)
        drop(directories->root);
    *directories = (struct posix_directories){0};
}

/* ---- what is open ---- */

static struct posix_directory *find(struct posix_directories *directories, const char *path,
                                    size_t length)
{
    struct posix_directory *found = length == 0 ? directories->root : NULL;
    for (size_t i = 0; !found && i < POSIX_DIRECTORIES_KEPT; i++) {
        struct posix_directory *kept = directories->kept[i];
        if (kept && kept->length == length && !memcmp(kept->path, path, length))
            found = kept;
    }
    if (found) {
        found->users++;
        found->used = ++directories->calls;
    }
    return found;
}

static struct posix_directory *find_locked(struct posix_directories *directories, const char *path,
                                           size_t length)
{
    pthread_mutex_lock(&directories->mutex);
    struct posix_directory *found = find(directories, path, length);
    pthread_mutex_unlock(&directories->mutex);
    return found;
}

/* Takes the place of the one that has been used longest ago. */
static void keep(struct posix_directories *directories, struct posix_directory *directory)
{
    size_t oldest = 0;
    for (size_t i = 0; i < POSIX_DIRECTORIES_KEPT && directories->kept[oldest]; i++)
        if (!directories->kept[i] || directories->kept[i]->used < directories->kept[oldest]->used)
            oldest = i;
    if (directories->kept[oldest])
        drop(directories->kept[oldest]);
    directories->kept[oldest] = directory;
    directory->users++;
    directory->used = ++directories->calls;
}

/* ---- opening ---- */

static size_t parent_length(const char *path, size_t length)
{
    while (length > 0 && path[length - 1] != SEPARATOR)
        length--;
    return length > 0 ? length - 1 : 0;
}

static int open_component(int parent, const char *name, size_t length, int *ret)
{
    char text[NAME_MAX + 1];
    if (length >= sizeof(text))
        return ENAMETOOLONG;
    memcpy(text, name, length);
    text[length] = '\0';
    *ret = openat(parent, text, OPEN_DIRECTORY);
    return *ret < 0 ? errno : 0;
}

/* Opens what follows 'known' bytes of the path, which are 'from'. */
static int walk(const struct posix_directory *from, const char *path, size_t length, int *ret)
{
    CLEANUP(posix_close) int at = -1;
    size_t start = from->length ? from->length + 1 : 0;
    while (start < length) {
        const char *end = memchr(path + start, SEPARATOR, length - start);
        size_t size = end ? (size_t)(end - path) - start : length - start;
        int next = -1;
        int reason = open_component(at < 0 ? from->descriptor : at, path + start, size, &next);
        if (reason)
            return reason;
        posix_close(&at);
        at = next;
        start += size + 1;
    }
    *ret = at;
    at = -1;
    return 0;
}

int posix_directories_take(struct posix_directories *directories, const char *path, size_t length,
                           struct posix_directory **ret)
{
    struct posix_directory *found = find_locked(directories, path, length);
    if (found) {
        *ret = found;
        return 0;
    }
    size_t known = parent_length(path, length);
    struct posix_directory *from = find_locked(directories, path, known);
    if (!from)
        from = find_locked(directories, "", 0);
    int descriptor = -1;
    int reason = walk(from, path, length, &descriptor);
    posix_directories_give_back(directories, &from);
    if (reason)
        return reason;
    /* Two threads may have opened the same one: the older is simply found first. */
    struct posix_directory *made = directory_new(path, length, descriptor);
    pthread_mutex_lock(&directories->mutex);
    keep(directories, made);
    pthread_mutex_unlock(&directories->mutex);
    *ret = made;
    return 0;
}

void posix_directories_give_back(struct posix_directories *directories,
                                 struct posix_directory **directory)
{
    if (!*directory)
        return;
    pthread_mutex_lock(&directories->mutex);
    drop(*directory);
    pthread_mutex_unlock(&directories->mutex);
    *directory = NULL;
}

void posix_directories_forget(struct posix_directories *directories, const char *path)
{
    size_t length = strlen(path);
    pthread_mutex_lock(&directories->mutex);
    for (size_t i = 0; i < POSIX_DIRECTORIES_KEPT; i++) {
        struct posix_directory *kept = directories->kept[i];
        if (!kept || kept->length < length || memcmp(kept->path, path, length) != 0)
            continue;
        if (kept->length == length || kept->path[length] == SEPARATOR) {
            directories->kept[i] = NULL;
            drop(kept);
        }
    }
    pthread_mutex_unlock(&directories->mutex);
}

/* ---- places ---- */

int posix_place_take(struct posix_directories *directories, const char *path,
                     struct posix_place *ret)
{
    size_t length = strlen(path);
    size_t parent = parent_length(path, length);
    const char *name = parent ? path + parent + 1 : path;
    size_t size = length - (size_t)(name - path);
    if (size >= sizeof(ret->name))
        return ENAMETOOLONG;
    int reason = posix_directories_take(directories, path, parent, &ret->parent);
    if (reason)
        return reason;
    memcpy(ret->name, name, size + 1);
    return 0;
}

void posix_place_give_back(struct posix_directories *directories, struct posix_place *place)
{
    posix_directories_give_back(directories, &place->parent);
}
