/* SPDX-License-Identifier: MIT */
/* layer_removal: named layers go, children first, with all their bytes, or stay as they are.
 *
 *     layer_removal_take()     for each name: what can be removed loses its name
 *     layer_removal_finish()   removes the bytes of read-only layers, without the store's lock
 *
 * A committed layer that an image or another name needs, too, only loses this name. */
#pragma once

#include "registry/store_lock.h"
#include "runner/store_view.h"

struct layer_removal {
    const struct invocation *invocation;
    bool recursive;          /* with the layers that were made from it */
    struct strlist gone;     /* names, in the order they went */
    struct strlist layers;   /* directories whose bytes are to go */
    struct strlist children; /* what the last failure of take() says is in the way */

    struct blob_store store;
    struct store_lock lock;
    struct store_view view;
    bool has_view;
};

/* ERR_NOT_FOUND; ERR_BUSY, with a hint, when it has children (then 'children' has their names), or
 * when it or one of them is in use; then nothing was removed. Also ERR_BUSY when bytes of a
 * writable layer stay on the disk. */
bool layer_removal_take(struct layer_removal *removal, const char *name, struct error *err)
    MUST_USE;
/* ERR_BUSY when bytes stay on the disk. */
bool layer_removal_finish(struct layer_removal *removal, struct error *err) MUST_USE;
void layer_removal_clear(struct layer_removal *removal);
