/* SPDX-License-Identifier: MIT */
/* store_view: the whole store at one moment: images, unpacked layers, runs, named layers, and who
 * needs what.
 *
 * Taken under the store's exclusive lock it stays true until the lock is given up. */
#pragma once

#include "layers/chain.h"
#include "layers/layer_list.h"
#include "layers/named_layer.h"
#include "registry/image_list.h"
#include "runner/invocation.h"
#include "runner/run_record.h"

struct store_view {
    struct image_list images;
    bool *leaving; /* for each image: is its reference being removed? */
    struct layer_list layers;
    struct run_record_list runs;
    struct named_layer_list names;
};

bool store_view_read(const struct invocation *invocation, const struct blob_store *store,
                     struct store_view *ret, struct error *err) MUST_USE;
/* An image that no reference leads to, to be removed; its record is taken. */
void store_view_add_leaving(struct store_view *view, const struct blob_store *store,
                            struct image_record *record);
void store_view_clear(struct store_view *view);

/* The names of the image's layers, lowest first, whether they are unpacked or not. */
void store_view_layer_names(const struct listed_image *image, struct strlist *ret);

/* A run that was started from this image, alive or with its writable layer kept; NULL when there is
 * none. */
const struct run_record *store_view_user(const struct store_view *view,
                                         const struct listed_image *image);

/* A named layer that stands on this image; NULL when there is none. */
const struct named_layer *store_view_named_user(const struct store_view *view,
                                                const struct listed_image *image);

/* True when nobody can tell what all of the runs and named layers need. */
bool store_view_is_blind(const struct store_view *view);

/* True when another reference that stays leads to the same image. */
bool store_view_has_other_name(const struct store_view *view, size_t image);
