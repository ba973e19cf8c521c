/* SPDX-License-Identifier: MIT */
/* archive_load: images from an archive into a store ('docker load', 'ctr images import').
 *
 * Known are the OCI layout, as a tar file or a directory, and what 'docker save' of any age writes;
 * an archive that is both is read as the former. Nothing is in the store before everything has been
 * found and checked, and what no image needs is not kept. */
#pragma once

#include "registry/archive_image.h"

struct load_request {
    const struct archive_source *source; /* a tar file; or NULL and: */
    const char *directory;               /* an OCI layout */
    struct archive_choice choice;
    const struct reference *name; /* for the only image in it, instead of those in the archive;
                                     NULL = those */
};

struct loaded_image {
    struct reference name;
    struct digest digest; /* of the image manifest */
};

struct loaded_list {
    struct loaded_image *items;
    size_t count;
};

/* ERR_INTEGRITY when the archive is not what it says, ERR_USAGE when an image has no name,
 * ERR_MISMATCH as archive_images_of_layout() has it. On failure the store is as before. */
bool archive_load(const struct load_request *request, const struct blob_store *store,
                  const struct context *context, struct loaded_list *ret, struct error *err)
    MUST_USE;
void loaded_list_clear(struct loaded_list *list);
