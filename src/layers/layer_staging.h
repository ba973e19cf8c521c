/* SPDX-License-Identifier: MIT */
/* layer_staging: a temporary folder in the store that is known to be in use while its owner lives.
 * Private to layer_store. */
#pragma once

#include "base/event.h"
#include "base/fs.h"
#include "base/os.h"
#include "layers/layer_store.h"

struct layer_staging {
    char *path; /* plain; NULL = none */
    char *lock_path;
    struct fs_lock lock;
    struct os_thread removal;
};

bool layer_staging_open(const struct layer_store *store, struct layer_staging *ret,
                        struct error *err) MUST_USE;
/* Begins to remove the folder, beside what the caller goes on with; 'staging' stays where it is
 * until it is closed. */
void layer_staging_retire(struct layer_staging *staging);
/* Removes the folder; what cannot be removed is left to the sweep. */
void layer_staging_close(struct layer_staging *staging);
/* Removes the folders of dead processes. */
bool layer_staging_sweep(const struct layer_store *store, const struct context *context,
                         struct error *err) MUST_USE;
