/* SPDX-License-Identifier: MIT */
#include "runner/removal.h"

#include "runner/host.h"
#include "runner/removal_print.h"

bool removal_open(struct invocation *invocation, struct removal *removal, struct error *err)
{
    return host_prepare(invocation, err) && blob_store_open(invocation->root, &removal->store, err)
        && store_lock_own(&removal->store, &invocation->context, &removal->lock, err)
        && store_view_read(invocation, &removal->store, &removal->view, err);
}

void removal_untag(struct removal *removal, size_t image)
{
    const struct listed_image *listed = &removal->view.images.items[image];
    struct error failure = {0};
    removal->view.leaving[image] =
        removal->dry_run || image_record_remove(&removal->store, listed->name, &failure);
    if (removal->view.leaving[image])
        strlist_add(&removal->untagged,
                    listed->record.reference ? listed->record.reference : listed->name);
    else
        tally_add(&removal->tally, &failure);
}

bool removal_finish(struct removal *removal, struct error *err)
{
    struct error failure = {0};
    if (!removal_print(removal, &failure))
        tally_add(&removal->tally, &failure);
    return tally_finish(&removal->tally, err);
}

void removal_clear(struct removal *removal)
{
    store_lock_release(&removal->lock);
    blob_store_close(&removal->store);
    store_view_clear(&removal->view);
    strlist_clear(&removal->untagged);
    store_cleanup_clear(&removal->cleanup);
}
