/* SPDX-License-Identifier: MIT */
/* layer_store: imported layers on disk, shared by all wrun processes without a daemon.
 *
 *     <root>\layers\<32 hex>\     one layer; the name is from its chain id and never changes,
 *                                 because Windows derives the layer's GUID from it
 *     <root>\layers\<32 hex>\wrun.json   there exactly when the layer is complete
 *     <root>\layers\rm-*          on its way out
 *     <root>\locks\<32 hex>.lock  held while the layer is imported
 *     <root>\tmp\<guid>\          staging folder of an import, <guid>.lock beside it is held
 *
 * A process may die at any instant: what it leaves is either complete, or incomplete without a
 * lock, and then the next import of the layer, or layer_store_sweep(), removes it. */
#pragma once

#include "base/byte_source.h"
#include "base/digest.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/strlist.h"
#include "layers/layer_record.h"
#include "layers/vmcompute_api.h"

struct layer_store {
    char *root;
    const struct layer_api *api; /* borrowed */
};

/* Makes the root when it is not there, for administrators only. ERR_UNSUPPORTED, with a hint, on a
 * volume that cannot hold layers (only local NTFS can); ERR_DENIED when not elevated, or when the
 * root belongs to somebody who is no administrator. */
bool layer_store_open(const char *root, const struct layer_api *api, struct layer_store *ret,
                      struct error *err) MUST_USE;
void layer_store_close(struct layer_store *store);

struct layer_import_request {
    const struct byte_source *source; /* the blob, perhaps while it is downloaded; not touched when
                                         the layer is there */
    const char *media_type;           /* NULL = not known */
    struct digest diff_id;
    struct digest chain_id;
    const struct strlist *parents; /* layer directories, topmost first; empty: a base layer */
    const struct layer_record_blob
        *blob;            /* what the source is, for the record; NULL = not a stored blob */
    bool with_utility_vm; /* unpack the files for Hyper-V isolation as well */
    /* The parents are being made: waits until they are complete, and must not need this layer for
     * that. Called when there is nothing left to do without them. NULL = they are complete. */
    bool (*await_parents)(void *user, struct error *err);
    void *await_user;
};

/* Makes the layer and gives its directory (plain form, owned by the caller). A layer that is there
 * is given at once (EVENT_LAYER_PRESENT); one that another process is importing is waited for. A
 * failure leaves nothing of the layer behind. ERR_UNSUPPORTED when the layer is there without the
 * utility VM that is wanted: it cannot be unpacked again while layers and runs depend on it. */
bool layer_store_import(const struct layer_store *store, const struct layer_import_request *request,
                        const struct context *context, char **ret_path, struct error *err) MUST_USE;

/* The directory that the layer has or would have; the caller owns the result. */
char *layer_store_path(const struct layer_store *store, const struct digest *chain_id);

/* The directory of a complete layer, or NULL in *ret_path. */
bool layer_store_find(const struct layer_store *store, const struct digest *chain_id,
                      char **ret_path, struct error *err) MUST_USE;

/* The record of a complete layer by its directory's name. */
bool layer_store_read(const struct layer_store *store, const char *name, struct layer_record *ret,
                      struct error *err) MUST_USE;
/* Records which blob a complete layer can be had from. */
bool layer_store_note_blob(const struct layer_store *store, const char *name,
                           const struct layer_record_blob *blob, struct error *err) MUST_USE;

/* Removes what dead processes left. What cannot be removed yet is told as a step and stays for the
 * next sweep. */
bool layer_store_sweep(const struct layer_store *store, const struct context *context,
                       struct error *err) MUST_USE;

/* True when a run or an import has the layer in use at this moment. */
bool layer_store_is_held(const struct layer_store *store, const char *name);

/* Takes the layer out of the store: from then on it is not found. Its bytes stay on the disk until
 * layer_store_clean(). ERR_BUSY when it is held. Children first: this does not look for them. */
bool layer_store_retire(const struct layer_store *store, const char *name, struct error *err)
    MUST_USE;

/* Removes the bytes of this layer after it was taken out; ERR_BUSY when some stay. */
bool layer_store_finish(const struct layer_store *store, const char *name,
                        const struct context *context, struct error *err) MUST_USE;

/* Removes the bytes of all that was taken out. ERR_BUSY when something is still there. */
bool layer_store_clean(const struct layer_store *store, const struct context *context,
                       struct error *err) MUST_USE;

/* Keeps layers from being removed while they are in use; given up when the process ends. */
struct layer_hold {
    struct fs_lock *locks;
    size_t count;
};

bool layer_store_hold(const struct layer_store *store, const struct strlist *layers,
                      const struct cancel *cancel, struct layer_hold *ret, struct error *err)
    MUST_USE;
void layer_hold_release(struct layer_hold *hold);
