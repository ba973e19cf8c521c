/* SPDX-License-Identifier: MIT */
/* store_usage: how many bytes of the disk the store takes, and for what. */
#pragma once

#include "runner/store_view.h"

enum usage_class {
    USAGE_IMAGES,
    USAGE_BLOBS,
    USAGE_LAYERS,
    USAGE_INGEST,
    USAGE_RUNS,
    USAGE_TRASH,
    USAGE_COUNT,
};

struct usage {
    size_t count;
    size_t active; /* those that cannot be removed without harm to an image or a run */
    uint64_t size;
    uint64_t reclaimable;
};

/* Of one image, its blobs and its unpacked layers: what goes with it, and what stays because others
 * need it, too. */
struct image_usage {
    uint64_t exclusive;
    uint64_t shared;
};

struct store_usage {
    struct usage classes[USAGE_COUNT]; /* no byte is in two */
    struct image_usage *images;        /* as many as the view has */
    uint64_t free_space;
    bool free_space_known;
};

/* Needs no lock; what others do meanwhile may be counted or not. */
bool store_usage_measure(const struct invocation *invocation, const struct blob_store *store,
                         const struct store_view *view, struct store_usage *ret, struct error *err)
    MUST_USE;
void store_usage_clear(struct store_usage *usage);
