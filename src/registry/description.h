/* SPDX-License-Identifier: MIT */
/* description: what is known of an image without its layers. */
#pragma once

#include "registry/image.h"

struct description {
    struct digest index_digest; /* unset when the reference leads to a manifest directly */
    struct index index; /* what there is to choose from; without an index, the image alone */
    bool has_image;     /* false: nothing in the index fits the host */
    struct image image;
    char *fetched; /* when it came into the store (RFC 3339); NULL = the registry was asked */
};

/* As the store has it, which knows the image that was pulled. Its layers need not be there.
 * Kinds as of image_read(). */
bool description_read(const struct blob_store *store, const struct reference *reference,
                      struct description *ret, struct error *err) MUST_USE;
void description_clear(struct description *description);

/* Makes an index of one entry for an image that was not chosen from any. */
void description_make_index(struct description *description);
