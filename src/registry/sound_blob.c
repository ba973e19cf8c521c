/* SPDX-License-Identifier: MIT */
#include "registry/sound_blob.h"

bool sound_blob_read(const struct blob_store *store, const struct context *context,
                     const struct digest *digest, size_t maximum, struct buf *ret)
{
    CLEANUP(error_clear) struct error err = {0};
    if (blob_store_read(store, digest, maximum, ret, &err))
        return true;
    if (err.kind == ERR_INTEGRITY) {
        context_warn(context, "%s; fetching it again", err.message);
        error_clear(&err);
        (void)!blob_store_evict(store, digest, &err);
    }
    return false;
}
