/* SPDX-License-Identifier: MIT */
/* store_garbage: what is in a store and needed by nobody, and how it leaves.
 *
 *     store_needs() + store_garbage_find_...() -> store_garbage_discard() -> store_trash_empty()
 *
 * The first three want the store's exclusive lock (registry/store_lock.h), unless nothing is
 * discarded; the last, which takes the time, wants none. Killed in between, the next one goes on.
 */
#pragma once

#include "base/strlist.h"
#include "registry/image_list.h"

/* How long a broken-off pull can go on where it stopped. */
#define STORE_STALE_SECONDS ((uint64_t)7 * 24 * 60 * 60)

struct garbage_file {
    char *path; /* below the root, '/' between its parts */
    uint64_t size;
};

struct garbage {
    struct garbage_file *items;
    size_t count;
    uint64_t size; /* of all */
};

/* Adds the hex digits of all blobs that the image needs: index, manifest, configuration and
 * layers. */
void store_needs(const struct listed_image *image, struct strlist *ret);

struct garbage_rule {
    const struct strlist *needed; /* hex digits; sorted */
    const struct strlist *among;  /* nothing else is garbage; sorted; NULL = everything may be */
    uint64_t minimum_age;         /* seconds */
};

bool store_garbage_find_blobs(const struct blob_store *store, const struct garbage_rule *rule,
                              struct garbage *ret, struct error *err) MUST_USE;

/* What pulls left that nobody went on with for so many seconds, and the small files of killed
 * processes. */
bool store_garbage_find_stale(const struct blob_store *store, uint64_t minimum_age,
                              struct garbage *ret, struct error *err) MUST_USE;

/* Moves everything into trash/. Goes on after a failure and gives the first. */
bool store_garbage_discard(const struct blob_store *store, const struct garbage *garbage,
                           struct error *err) MUST_USE;

/* Removes what is in trash/. Goes on after a failure and gives the first. */
bool store_trash_empty(const struct blob_store *store, struct error *err) MUST_USE;

void garbage_add(struct garbage *garbage, const char *path, uint64_t size);
void garbage_clear(struct garbage *garbage);
