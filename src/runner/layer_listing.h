/* SPDX-License-Identifier: MIT */
/* layer_listing: named layers and the layers of images, with what they take on the disk. */
#pragma once

#include "base/json_write.h"
#include "runner/store_view.h"

/* One named layer, one layer of the store that has no name, or that of a kept run. */
struct layer_row {
    const struct named_layer *name;   /* NULL = it has none */
    const struct run_record *kept;    /* the run that has left it; NULL = none */
    const struct listed_layer *layer; /* a layer of the store; NULL = writable, or gone */
    char *parent;                     /* what it was made on: a name, an image, or a directory */
    uint64_t exclusive;               /* bytes on the disk, of itself */
    uint64_t shared;                  /* of those below it */
    bool is_held;                     /* some wrun works on it now */
    const struct run_record *user;    /* the run that does, when it is one */
};

struct layer_listing {
    char *root;
    struct blob_store store;
    struct store_view view;
    uint64_t *sizes; /* of view.layers; LAYER_SIZE_UNKNOWN until asked for */
    struct layer_row *rows;
    size_t count;
};

#define LAYER_SIZE_UNKNOWN UINT64_MAX

/* Reads the store, without any lock that others could feel. No rows yet. */
bool layer_listing_open(const struct invocation *invocation, struct layer_listing *ret,
                        struct error *err) MUST_USE;
void layer_listing_close(struct layer_listing *listing);

/* Without rows again. */
void layer_listing_clear_rows(struct layer_listing *listing);
/* Adds a row; with 'measured' its sizes, which takes a while. */
void layer_listing_add_name(struct layer_listing *listing, const struct named_layer *name,
                            bool measured);
void layer_listing_add_layer(struct layer_listing *listing, const struct listed_layer *layer,
                             bool measured);

void layer_listing_add_kept(struct layer_listing *listing, const struct run_record *run,
                            bool measured);

/* The first reference of an image whose topmost layer has this directory, or NULL. */
const char *layer_listing_image_of(const struct layer_listing *listing, const char *directory);
/* The committed name of this directory, or NULL. */
const struct named_layer *layer_listing_name_of(const struct layer_listing *listing,
                                                const char *directory);
/* Bytes of a layer of the store; measured once. */
uint64_t layer_listing_size(struct layer_listing *listing, const char *directory);

/* What the row is called, and "active", "committed", "kept" or "unnamed". */
const char *layer_row_name(const struct layer_row *row);
const char *layer_row_state(const struct layer_row *row);
/* "run 'job' (1234)", "another wrun", or "". Owned by the caller. */
char *layer_row_holder(const struct layer_row *row) __attribute__((returns_nonnull));
/* A row as JSON. */
void layer_row_put(struct json_writer *w, const struct layer_listing *listing,
                   const struct layer_row *row);
