/* SPDX-License-Identifier: MIT */
/* named_layer_work: making, mounting, committing and removing what names stand for.
 *
 * Everything here needs a claim on the name (named_layer.h). Each step is written down before it is
 * taken; named_layers_sweep() ends or takes back what dead processes began. */
#pragma once

#include "layers/layer_store.h"
#include "layers/named_layer.h"
#include "layers/scratch.h"

/* Makes a writable layer; the claimed name must be free. A failure leaves nothing, and closes the
 * claim. The caller keeps the parents from being removed until the record is written, that is until
 * this returns. */
bool named_layer_prepare(const struct layer_store *store, const struct named_layer_request *request,
                         struct named_layer_claim *claim, const struct context *context,
                         struct error *err) MUST_USE;

/* Mounts the scratch of an active layer; *ret is to be given to named_layer_unmount(). A failure
 * leaves it as it was. */
bool named_layer_mount(const struct layer_store *store, struct named_layer_claim *claim,
                       const struct context *context, struct scratch *ret, struct error *err)
    MUST_USE;
bool named_layer_unmount(struct named_layer_claim *claim, struct scratch *scratch,
                         struct error *err) MUST_USE;

/* Writes down that the (unmounted) scratch becomes the layer with this directory name, 32 hex. From
 * then on the sweep finishes the commit if that layer is complete, else it is active again.
 * 'commit_as' is the name that the layer will have, claimed by the caller; NULL = the same. */
bool named_layer_begin_commit(struct named_layer_claim *claim, const char *layer,
                              const char *commit_as, struct error *err) MUST_USE;
/* The layer did not come to be: active again. */
bool named_layer_cancel_commit(struct named_layer_claim *claim, struct error *err) MUST_USE;
/* The layer is complete: the name stands for it and the scratch goes. With 'as', the claim on the
 * name of 'commit_as', that name gets the layer and the old name is free and its claim closed. Once
 * the name stands for the layer only the scratch's removal can fail; that is told as a step and
 * tried again by the sweep. */
bool named_layer_finish_commit(const struct layer_store *store, struct named_layer_claim *claim,
                               struct named_layer_claim *as, const struct context *context,
                               struct error *err) MUST_USE;

/* Removes a layer that has a scratch; the name is free and the claim closed. ERR_BUSY when bytes of
 * it are still on the disk: later sweeps go on. */
bool named_layer_discard(const struct layer_store *store, struct named_layer_claim *claim,
                         const struct context *context, struct error *err) MUST_USE;

/* Ends or takes back what a dead process began with this layer. The claim is closed when that
 * leaves nothing. */
bool named_layer_recover(const struct layer_store *store, struct named_layer_claim *claim,
                         const struct context *context, struct error *err) MUST_USE;
/* The same for all that nobody works on. What cannot be done now is told as a step. */
bool named_layers_sweep(const struct layer_store *store, const struct context *context,
                        struct error *err) MUST_USE;
