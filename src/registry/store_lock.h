/* SPDX-License-Identifier: MIT */
/* store_lock: between those who count on what is in a store and those who take things out of it.
 *
 *     <root>/locks/store   held shared by pulls, loads and runs, from before they look until what
 *                          they need is recorded; held exclusively while it is decided what nobody
 *                          needs, and that is moved aside
 *
 * It dies with its process. Nobody who holds it shared may ask for it exclusively: the process
 * would wait for itself. */
#pragma once

#include "base/event.h"
#include "base/fs.h"
#include "registry/blob_store.h"

struct store_lock {
    struct fs_lock lock;
};

/* Each waits, tells so, and gives up with ERR_CANCELLED. ERR_DENIED, with a hint, when the store
 * cannot be written. */
bool store_lock_share(const struct blob_store *store, const struct context *context,
                      struct store_lock *ret, struct error *err) MUST_USE;
bool store_lock_own(const struct blob_store *store, const struct context *context,
                    struct store_lock *ret, struct error *err) MUST_USE;
/* The same without waiting: ERR_BUSY when others have it. */
bool store_lock_try_own(const struct blob_store *store, struct store_lock *ret, struct error *err)
    MUST_USE;
void store_lock_release(struct store_lock *lock);
