/* SPDX-License-Identifier: MIT */
/* image_compose: a new image from an older one and layers on top of it ('docker commit').
 *
 * The configuration is the older one with what is new: layers, history, what instructions change.
 * Members that wrun does not know stay as they are and where they are; only what speaks of the
 * container that the older image was made from ("container", "container_config") is left out. The
 * same request gives the same bytes. */
#pragma once

#include "base/strlist.h"
#include "registry/archive_staging.h"
#include "registry/descriptor.h"
#include "registry/reference.h"

enum image_family { IMAGE_FAMILY_DOCKER, IMAGE_FAMILY_OCI };

/* Whose media types a manifest of this type has. */
enum image_family image_family_of(const char *manifest_type);
/* The type of a layer that is compressed with gzip. */
const char *image_family_gzip_layer(enum image_family family);

struct image_compose_request {
    const char *config; /* of the older image */
    size_t config_length;
    enum image_family family;
    const struct descriptor_list *layers; /* all of the new image, lowest first */
    const struct digest *diff_ids;        /* as many; those of the older image may be packed anew */
    const char *created;                  /* RFC 3339 */
    const char *created_by;               /* what the new layers were made by; NULL = not known */
    const char *message;                  /* NULL = none */
    const char *author;                   /* NULL = none */
    const struct strlist *changes;        /* instructions, registry/image_instruction.h */
};

struct composed_image {
    char *config;
    char *manifest;
    struct descriptor descriptor; /* of the manifest */
};

/* ERR_USAGE when an instruction is not understood; ERR_INTEGRITY when the older configuration is
 * malformed or has more layers. */
bool image_compose(const struct image_compose_request *request, struct composed_image *ret,
                   struct error *err) MUST_USE;
void composed_image_clear(struct composed_image *image);

/* Whether the instructions are understood, before any work is done for them. */
bool image_compose_check_changes(const struct strlist *changes, struct error *err) MUST_USE;

/* Into a store: a promise, the documents, the layers (by the caller), and last the reference, which
 * leads to them all. What a process that was killed on the way has left is then found by its
 * promise: the manifest, which is stored first, names the rest. */
bool image_compose_promise(const struct composed_image *image, const struct reference *name,
                           struct archive_staging *staging, struct error *err) MUST_USE;
bool image_compose_store(const struct composed_image *image, const struct archive_staging *staging,
                         struct error *err) MUST_USE;
bool image_compose_name(const struct composed_image *image, const struct reference *name,
                        struct archive_staging *staging, struct error *err) MUST_USE;
