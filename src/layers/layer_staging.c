/* SPDX-License-Identifier: MIT */
#include "layers/layer_staging.h"

#include <string.h>

#include "base/alloc.h"
#include "base/guid.h"
#include "base/text.h"

#define LOCK_SUFFIX ".lock"

static char *temporary_directory(const struct layer_store *store)
{
    return fs_join(store->root, "tmp");
}

#define TRIES 3

static bool try_open(const struct layer_store *store, struct layer_staging *ret, struct error *err)
{
    CLEANUP(layer_staging_close) struct layer_staging staging = {0};
    CLEANUP(str_free) char *directory = temporary_directory(store);
    struct guid guid;
    char name[GUID_TEXT_SIZE];
    if (!guid_random(&guid, err))
        return false;
    guid_format(&guid, name);
    staging.path = fs_join(directory, name);
    staging.lock_path = str_format("%s%s", staging.path, LOCK_SUFFIX);
    if (!fs_lock(staging.lock_path, FS_LOCK_EXCLUSIVE, false, NULL, &staging.lock, err))
        return false;
    /* A sweep may have found the file before it was locked, and removed it. */
    if (fs_type_of(staging.lock_path) != FS_FILE)
        return error_set(err, ERR_BUSY, "'%s' was swept away", staging.lock_path);
    if (!fs_make_directories(staging.path, err))
        return false;
    *ret = TAKE(staging);
    return true;
}

bool layer_staging_open(const struct layer_store *store, struct layer_staging *ret,
                        struct error *err)
{
    for (unsigned tries = 1; !try_open(store, ret, err); tries++) {
        if (err->kind != ERR_BUSY || tries == TRIES)
            return error_wrap(err, "make a staging folder");
        error_clear(err);
    }
    return true;
}

static void remove_folder(void *argument)
{
    const struct layer_staging *staging = argument;
    CLEANUP(error_clear) struct error reason = {0};
    /* What is left, closing tries again. */
    bool removed = fs_remove_tree(staging->path, &reason);
    (void)removed;
}

void layer_staging_retire(struct layer_staging *staging)
{
    CLEANUP(error_clear) struct error reason = {0};
    /* Without a thread it is left to closing. */
    bool started = os_thread_start(&staging->removal, remove_folder, staging, &reason);
    (void)started;
}

void layer_staging_close(struct layer_staging *staging)
{
    CLEANUP(error_clear) struct error reason = {0};
    os_thread_join(&staging->removal);
    /* The lock file goes last: a folder without one belongs to nobody. */
    bool removed = !staging->path
        || (fs_remove_tree(staging->path, &reason) && fs_remove_file(staging->lock_path, &reason));
    (void)removed;
    fs_unlock(&staging->lock);
    str_free(&staging->path);
    str_free(&staging->lock_path);
}

/* False when a living process has it, or when it cannot be removed yet. */
static bool remove_abandoned(const char *path, const char *lock_path, struct error *err)
{
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    return fs_lock(lock_path, FS_LOCK_EXCLUSIVE, false, NULL, &lock, err)
        && fs_remove_tree(path, err) && fs_remove_file(lock_path, err);
}

bool layer_staging_sweep(const struct layer_store *store, const struct context *context,
                         struct error *err)
{
    CLEANUP(str_free) char *directory = temporary_directory(store);
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!fs_list(directory, &names, err))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(error_clear) struct error reason = {0};
        CLEANUP(str_free) char *path = fs_join(directory, names.items[i]);
        /* A lock file stands for its folder, whether that is there or not. */
        if (str_ends_with(path, LOCK_SUFFIX))
            path[strlen(path) - strlen(LOCK_SUFFIX)] = 0;
        CLEANUP(str_free) char *lock_path = str_format("%s%s", path, LOCK_SUFFIX);
        if (!remove_abandoned(path, lock_path, &reason) && reason.kind != ERR_BUSY)
            context_step(context, "left '%s' for later: %s", path, reason.message);
    }
    return true;
}
