/* SPDX-License-Identifier: MIT */
/* layer_merge: the layers of an image become one tree of plain files, for those who look at images
 * instead of running them. */
#pragma once

#include "base/event.h"
#include "layers/layer_check.h"
#include "layers/tree_posix.h"
#include "layers/unpack.h"

struct layer_merge; /* opaque: one allocation */

/* 'directory' is empty and nobody else changes it. */
bool layer_merge_open(const char *directory, struct layer_merge **ret, struct error *err) MUST_USE;
void layer_merge_close(struct layer_merge **merge);

/* Puts one layer on top of those that were added before, the base layer first. Checks all that
 * layer_unpack() checks. Emits EVENT_LAYER_STARTED, _PROGRESS, _DONE. After a failure there is only
 * garbage in the directory. */
bool layer_merge_add(struct layer_merge *merge, const struct layer_check_request *layer,
                     const struct context *context, struct error *err) MUST_USE;

struct layer_merge_result {
    struct tree_posix_content content;
    struct tree_posix_omissions omissions;
    struct unpack_times times; /* of all layers */
};

struct layer_merge_result layer_merge_result(const struct layer_merge *merge);
