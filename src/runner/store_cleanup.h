/* SPDX-License-Identifier: MIT */
/* store_cleanup: taking out of the store what nobody needs, for rmi and prune.
 *
 *     store_cleanup_plan()      what would go
 *     store_cleanup_remove()    moves it aside, under the store's exclusive lock
 *     store_cleanup_finish()    removes the bytes, without the lock
 *
 * Killed in between, the next wrun goes on. */
#pragma once

#include "registry/store_garbage.h"
#include "runner/store_view.h"

struct cleanup_rule {
    bool leaving_only;    /* only what the leaving images needed; else whatever nobody needs */
    bool unpacked_blobs;  /* also blobs of layers that are unpacked */
    bool stale;           /* also what broken-off pulls left */
    uint64_t minimum_age; /* seconds; what is younger stays */
    uint64_t stale_age;   /* the same for what broken-off pulls left */
};

struct cleanup {
    struct garbage files;
    struct strlist layers; /* names, children before their parents */
    uint64_t layer_bytes;  /* known once they are gone, or from store_cleanup_measure() */
};

/* ERR_INTEGRITY when an image that stays is so damaged that nobody knows what it needs; 'ret' then
 * has what goes all the same. */
bool store_cleanup_plan(const struct invocation *invocation, const struct blob_store *store,
                        const struct store_view *view, const struct cleanup_rule *rule,
                        struct cleanup *ret, struct error *err) MUST_USE;

/* How many bytes the layers have; takes a while. */
void store_cleanup_measure(const struct store_view *view, struct cleanup *cleanup);

/* Goes on after a failure and gives the first. Layers that cannot be removed leave the plan. */
bool store_cleanup_remove(const struct invocation *invocation, const struct blob_store *store,
                          struct cleanup *cleanup, struct error *err) MUST_USE;
bool store_cleanup_finish(const struct invocation *invocation, const struct blob_store *store,
                          struct cleanup *cleanup, struct error *err) MUST_USE;

void store_cleanup_clear(struct cleanup *cleanup);
