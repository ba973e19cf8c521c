/* SPDX-License-Identifier: MIT */
/* archive_name: which names in an image archive mean something.
 *
 * An archive's names never become file names. These are known, with or without "./" before them;
 * everything else is passed over:
 *
 *     oci-layout, index.json      the OCI layout (image-spec image-layout.md)
 *     blobs/sha256/<hex>          its content, named by digest
 *     manifest.json               the list of images of 'docker save'
 *     <hex>.json, sha256:<hex>    a configuration in such an archive, named by digest
 *     <hex>/layer.tar, <hex>.tar, <hex>.tar.gz
 *                                 a layer there; <hex> is no digest of its bytes
 *
 * <hex> is always 64 lower-case digits. */
#pragma once

#include "base/digest.h"

#define ARCHIVE_NAME_SIZE 80

enum archive_name_kind {
    ARCHIVE_NAME_OTHER,
    ARCHIVE_NAME_LAYOUT,
    ARCHIVE_NAME_INDEX,
    ARCHIVE_NAME_MANIFEST,
    ARCHIVE_NAME_CONTENT, /* the name promises a digest */
    ARCHIVE_NAME_LAYER,
};

struct archive_name {
    enum archive_name_kind kind;
    char text[ARCHIVE_NAME_SIZE]; /* without "./"; "" for ARCHIVE_NAME_OTHER */
    struct digest digest;         /* of ARCHIVE_NAME_CONTENT */
};

struct archive_name archive_name_parse(const char *name);

/* What a symbolic link of that name points to; ARCHIVE_NAME_OTHER when it leads out of the archive
 * or to a name without meaning. */
struct archive_name archive_name_of_link(const struct archive_name *link, const char *target);
