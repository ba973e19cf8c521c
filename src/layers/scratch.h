/* SPDX-License-Identifier: MIT */
/* scratch: the writable top of a container, a differencing disk over the base layer's template.
 *
 *     scratch_create   the folder with sandbox.vhdx
 *     scratch_mount    disk attached, filter over the parents attached: a volume that shows the
 * merged layers, ready to be a container's storage scratch_unmount, scratch_destroy
 *
 * The steps are the caller's undo list; nothing is undone by scratch_clear(). While it is mounted
 * the scratch is state of the host and survives the process: scratch_reclaim() ends what a dead
 * process left. */
#pragma once

#include "base/event.h"
#include "base/strlist.h"
#include "layers/vmcompute_api.h"

struct scratch {
    char *path;   /* of the folder, plain form; owned; NULL = none */
    char *volume; /* while mounted: "\\?\Volume{guid}\", as HCS is told it; owned */
    bool activated;
    bool prepared;
    const struct layer_api *api; /* borrowed */
};

/* Makes the folder (which must not exist) and the disk. 'parents' are layer directories, topmost
 * first, at least one. The last component of 'path' must be lower-case ASCII, see layer_id.h. A
 * failure leaves nothing. */
bool scratch_create(const struct layer_api *api, const char *path, const struct strlist *parents,
                    struct scratch *ret, struct error *err) MUST_USE;

/* Makes the disk bigger, before the first mount. The default is the template's, 20 GB. */
bool scratch_expand(const struct scratch *scratch, uint64_t bytes, struct error *err) MUST_USE;

/* Sets 'volume'. A failure leaves it as it was before. */
bool scratch_mount(struct scratch *scratch, const struct strlist *parents,
                   const struct context *context, struct error *err) MUST_USE;

/* For a mounted or half-mounted scratch; waits up to 10 s for others to let go of it. The disk is
 * detached even when the filter is not. Not mounted is success. */
bool scratch_unmount(struct scratch *scratch, struct error *err) MUST_USE;

/* Attaches the disk without the filter, which was on it once before: the state in which ExportLayer
 * wants a scratch (hcsshim's layer export does the same). To be ended by scratch_unmount(). A
 * failure leaves it as it was before. */
bool scratch_attach_disk(struct scratch *scratch, const struct strlist *parents,
                         const struct context *context, struct error *err) MUST_USE;

/* Removes the folder of an unmounted scratch and clears it. What cannot be removed yet stays behind
 * as rm-* beside it (told as a step) for scratch_sweep(). */
bool scratch_destroy(struct scratch *scratch, const struct context *context, struct error *err)
    MUST_USE;

/* Frees the memory. */
void scratch_clear(struct scratch *scratch);

/* Unmounts, if need be, and destroys the scratch folder of a process that died. Absent is success.
 */
bool scratch_reclaim(const struct layer_api *api, const char *path, const struct context *context,
                     struct error *err) MUST_USE;
/* Removes the rm-* in the directory that holds scratch folders. */
bool scratch_sweep(const struct layer_api *api, const char *directory,
                   const struct context *context, struct error *err) MUST_USE;
