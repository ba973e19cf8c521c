/* SPDX-License-Identifier: MIT */
#include "runner/image_pending.h"

#include "registry/archive_staging.h"
#include "registry/store_lock.h"
#include "runner/store_cleanup.h"
#include "runner/store_view.h"

/* Pending images are to the view like images whose names are being removed. */
static bool read_view(const struct invocation *invocation, const struct pending_images *pending,
                      struct store_view *ret, struct error *err)
{
    if (!store_view_read(invocation, pending->store, ret, err))
        return false;
    for (size_t i = 0; i < pending->folders.count; i++) {
        CLEANUP(image_record_clear) struct image_record record = {0};
        if (!pending_images_read(pending, i, &record, err))
            return false;
        store_view_add_leaving(ret, pending->store, &record);
    }
    return true;
}

static bool take_back(const struct invocation *invocation, struct pending_images *pending,
                      struct error *err)
{
    const struct cleanup_rule rule = {.leaving_only = true};
    CLEANUP(store_view_clear) struct store_view view = {0};
    CLEANUP(store_cleanup_clear) struct cleanup cleanup = {0};
    return read_view(invocation, pending, &view, err)
        && store_cleanup_plan(invocation, pending->store, &view, &rule, &cleanup, err)
        && store_cleanup_remove(invocation, pending->store, &cleanup, err)
        && pending_images_remove(pending, err)
        && store_cleanup_finish(invocation, pending->store, &cleanup, err);
}

bool image_pending_sweep(const struct invocation *invocation, const struct blob_store *store,
                         struct error *err)
{
    CLEANUP(pending_images_close) struct pending_images pending = {0};
    CLEANUP(store_lock_release) struct store_lock lock = {0};
    CLEANUP(error_clear) struct error reason = {0};
    if (!pending_images_open(store, &pending, err))
        return false;
    if (pending.folders.count > 0
        && (!store_lock_try_own(store, &lock, &reason)
            || !take_back(invocation, &pending, &reason)))
        context_step(&invocation->context, "left for later: %s", reason.message);
    return true;
}
