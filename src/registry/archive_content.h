/* SPDX-License-Identifier: MIT */
/* archive_content: what an image archive holds, found by name and by digest.
 *
 * A tar file is read once, from front to back, and everything in it that may matter is staged,
 * since its table of contents may come last. Of a directory in the OCI layout only what is asked
 * for is staged. Whatever has a digest for a name is checked against it. */
#pragma once

#include "registry/archive_name.h"
#include "registry/archive_staging.h"
#include "registry/archive_walk.h"
#include "registry/descriptor.h"

#define ARCHIVE_DOCUMENT_MAXIMUM ((size_t)4 << 20) /* bytes */

struct archive_item {
    struct archive_name name;
    struct archive_name target; /* of a link; ARCHIVE_NAME_OTHER for content */
    struct staged_blob blob;
};

struct archive_content {
    struct archive_staging staging;
    char *directory;     /* NULL: it came as a tar file */
    struct buf layout;   /* oci-layout; empty when absent, as the next two */
    struct buf index;    /* index.json */
    struct buf manifest; /* manifest.json */
    struct archive_item *items;
    size_t count;
};

bool archive_content_read(const struct blob_store *store, const struct archive_source *source,
                          const struct context *context, struct archive_content *ret,
                          struct error *err) MUST_USE;
bool archive_content_read_directory(const struct blob_store *store, const char *path,
                                    const struct context *context, struct archive_content *ret,
                                    struct error *err) MUST_USE;
/* Removes what was not published. */
void archive_content_close(struct archive_content *content);

/* The member of that name, links followed; NULL when there is none. Valid until the next call of
 * archive_content_need(), as what that gives. */
struct archive_item *archive_content_find(const struct archive_content *content, const char *name);

/* The content of that digest from the archive or else from the store. ERR_INTEGRITY when neither
 * has it in this size; a size of 0 is any. */
bool archive_content_need(struct archive_content *content, const struct digest *digest,
                          uint64_t size, struct archive_item **ret, struct error *err) MUST_USE;

/* Reads all of a member, at most 'maximum' bytes. 'ret' must be empty. */
bool archive_content_read_item(const struct archive_content *content,
                               const struct archive_item *item, size_t maximum, struct buf *ret,
                               struct error *err) MUST_USE;
