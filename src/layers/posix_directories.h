/* SPDX-License-Identifier: MIT */
/* posix_directories: the directories of a tree that are open at this moment, shared by threads.
 *
 * Files of a layer come directory by directory. Keeping a few directories open spares the way
 * from the root, and a name in an open directory cannot be led elsewhere by a link. */
#pragma once

#include <limits.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define POSIX_DIRECTORIES_KEPT 64

struct posix_directory {
    char *path; /* relative to the root, '\' between names; "" is the root itself */
    size_t length;
    int descriptor;
    unsigned users;
    uint64_t used; /* when, in calls */
};

struct posix_directories {
    pthread_mutex_t mutex;
    struct posix_directory *root;
    struct posix_directory *kept[POSIX_DIRECTORIES_KEPT]; /* NULL = free */
    uint64_t calls;
};

/* A name in an open directory. */
struct posix_place {
    struct posix_directory *parent;
    char name[NAME_MAX + 1];
};

bool posix_directories_open(const char *root, struct posix_directories *ret, struct error *err)
    MUST_USE;
/* Nothing may be in use. */
void posix_directories_close(struct posix_directories *directories);

/* Opens the directory of that path. Returns 0 or an errno: ENOENT, ENOTDIR when something on the
 * way, or the end, is a link or a file. */
int posix_directories_take(struct posix_directories *directories, const char *path, size_t length,
                           struct posix_directory **ret);
void posix_directories_give_back(struct posix_directories *directories,
                                 struct posix_directory **directory);
/* The directory and those below it are no more, or others: whoever asks for one opens it anew. */
void posix_directories_forget(struct posix_directories *directories, const char *path);

/* The parent of 'path', opened, and its last name. 0 or an errno, ENAMETOOLONG too. */
int posix_place_take(struct posix_directories *directories, const char *path,
                     struct posix_place *ret);
void posix_place_give_back(struct posix_directories *directories, struct posix_place *place);
