/* SPDX-License-Identifier: MIT */
#include "registry/store_lock.h"

#include "base/alloc.h"

static bool lock(const struct blob_store *store, enum fs_lock_mode mode, bool wait,
                 const struct context *context, struct store_lock *ret, struct error *err)
{
    CLEANUP(str_free) char *path = blob_store_file(store, "locks", "store");
    return fs_lock(path, mode, wait, context_cancel(context), &ret->lock, err)
        || blob_store_hint_denied(store->root, err);
}

static bool take(const struct blob_store *store, enum fs_lock_mode mode, const char *others,
                 const struct context *context, struct store_lock *ret, struct error *err)
{
    if (lock(store, mode, /* wait= */ false, context, ret, err))
        return true;
    if (err->kind != ERR_BUSY)
        return false;
    error_clear(err);
    context_step(context, "waiting for %s", others);
    return lock(store, mode, /* wait= */ true, context, ret, err);
}

bool store_lock_share(const struct blob_store *store, const struct context *context,
                      struct store_lock *ret, struct error *err)
{
    return take(store, FS_LOCK_SHARED, "another wrun that cleans up the store", context, ret, err);
}

bool store_lock_own(const struct blob_store *store, const struct context *context,
                    struct store_lock *ret, struct error *err)
{
    return take(store, FS_LOCK_EXCLUSIVE, "other wruns that pull images or start containers",
                context, ret, err);
}

bool store_lock_try_own(const struct blob_store *store, struct store_lock *ret, struct error *err)
{
    return lock(store, FS_LOCK_EXCLUSIVE, /* wait= */ false, NULL, ret, err);
}

void store_lock_release(struct store_lock *lock)
{
    fs_unlock(&lock->lock);
}
