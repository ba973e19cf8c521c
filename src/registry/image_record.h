/* SPDX-License-Identifier: MIT */
/* image_record: what a reference stood for when it was pulled last.
 *
 * One small file per reference, <root>/refs/<sha256 of the canonical reference>.json, replaced as a
 * whole. It is written after everything it leads to is in the store. */
#pragma once

#include "base/strlist.h"
#include "registry/blob_store.h"
#include "registry/reference.h"

struct image_record {
    char *reference;            /* canonical text */
    struct digest digest;       /* of the image manifest */
    char *media_type;           /* of the image manifest */
    uint64_t size;              /* of the image manifest */
    struct digest index_digest; /* of the index the manifest was chosen from; unset without one */
    char *fetched;              /* RFC 3339 */
};

/* ERR_NOT_FOUND when the reference was never pulled. */
bool image_record_read(const struct blob_store *store, const struct reference *reference,
                       struct image_record *ret, struct error *err) MUST_USE;
/* The same by the name of the record's file without its ending, 64 hex digits. */
bool image_record_read_named(const struct blob_store *store, const char *name,
                             struct image_record *ret, struct error *err) MUST_USE;
/* The names of all records, 64 hex digits each. */
bool image_record_list(const struct blob_store *store, struct strlist *ret, struct error *err)
    MUST_USE;
/* Seconds since it was written. */
bool image_record_age(const struct blob_store *store, const char *name, uint64_t *ret_seconds,
                      struct error *err) MUST_USE;
/* Success when it is not there. */
bool image_record_remove(const struct blob_store *store, const char *name, struct error *err)
    MUST_USE;

/* 'fetched' is set here. */
bool image_record_write(const struct blob_store *store, const struct reference *reference,
                        const struct image_record *record, struct error *err) MUST_USE;

/* The same in a file of any name, for an image that no reference leads to yet. */
bool image_record_save(const char *path, const struct reference *reference,
                       const struct image_record *record, struct error *err) MUST_USE;
bool image_record_load(const char *path, struct image_record *ret, struct error *err) MUST_USE;

void image_record_clear(struct image_record *record);
