/* SPDX-License-Identifier: MIT */
/* image_list: every image of a store, also those that are damaged. */
#pragma once

#include "registry/blob_store.h"
#include "registry/image_config.h"
#include "registry/image_record.h"
#include "registry/manifest.h"

struct listed_image {
    char *name;                 /* of the record's file: 64 hex digits */
    struct image_record record; /* empty when it is the record that is damaged */
    struct manifest manifest;   /* empty when damaged */
    struct image_config config; /* empty when damaged */
    char *damage;               /* what is wrong with record, manifest or configuration; or NULL */
};

/* Ordered by reference; damaged records come last. */
struct image_list {
    struct listed_image *items;
    size_t count;
};

/* Needs no lock and changes nothing. Fails only when the store itself cannot be read. */
bool image_list_read(const struct blob_store *store, struct image_list *ret, struct error *err)
    MUST_USE;
/* An image that no reference leads to comes last; its record is taken. */
void image_list_add(const struct blob_store *store, struct image_record *record,
                    struct image_list *list);
void image_list_clear(struct image_list *list);

/* Compressed bytes: the layers, the configuration and the manifest. */
uint64_t listed_image_size(const struct listed_image *image);

/* The images that 'name' may mean: a reference, a digest of a manifest or configuration or a unique
 * beginning of one with at least two digits, or the name of a damaged record. *ret_matches has one
 * entry per reference, indexes into the list; several when a digest has several references.
 * ERR_NOT_FOUND when there is none, ERR_USAGE when it is ambiguous or no name at all. */
struct image_matches {
    size_t *items;
    size_t count;
    bool by_reference;
};

bool image_list_find(const struct image_list *list, const char *name, struct image_matches *ret,
                     struct error *err) MUST_USE;
void image_matches_clear(struct image_matches *matches);
