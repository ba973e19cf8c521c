/* SPDX-License-Identifier: MIT */
/* image_unpack: the layers of an image, unpacked (natively: checked) in their order, each as soon
 * as its first bytes are there, where possible several at once.
 *
 * A layer that makes no sense is somebody's fault: that of the line (its content is coming again),
 * of the disk (the stored blob is no longer what its name says), or of who made the image. Only the
 * last is an error for the user. */
#pragma once

#include "registry/blob_feed.h"
#include "registry/image.h"
#include "runner/host.h"
#include "runner/invocation.h"

struct image_unpacking {
    const struct invocation *invocation;
    bool with_utility_vm;  /* the files for Hyper-V isolation too */
    struct strlist layers; /* the layers' directories, topmost first; empty natively */
    /* Instead of host_unpack_layer(), for who wants the layers elsewhere; NULL = none. */
    bool (*unpack_layer)(void *user, const struct host_layer *layer, struct error *err);
    void *user;
    bool evicted; /* failed: a damaged blob was taken out of the store; pulling again helps */
};

void image_unpacking_clear(struct image_unpacking *unpacking);

/* Consumes a pull (registry/pull.h); 'user' is the struct image_unpacking. ERR_INTEGRITY when the
 * image is not what it promises; nothing is left of the layer then, but its blob stays. */
bool image_unpack(void *user, const struct image *image, struct blob_feed *feed, struct error *err)
    MUST_USE;

/* The same for an image that is in the store. */
bool image_unpack_stored(struct image_unpacking *unpacking, const struct image *image,
                         struct error *err) MUST_USE;
