/* SPDX-License-Identifier: MIT */
/* export_walk: the order in which a layer is exported. Private to layer_export.
 *
 * A directory comes before what is in it, siblings by the bytes of their names, as Go's
 * filepath.Walk goes; what a directory lacks of its parents' content comes right behind it. */
#pragma once

#include "base/event.h"
#include "layers/layer_export.h"
#include "layers/layer_path.h"

struct export_visitor {
    /* *ret_enter is true for directories; set it to false for a directory that is a link. */
    bool (*object)(void *user, const struct layer_path *path, bool is_directory, bool *ret_enter,
                   struct error *err);
    bool (*deletion)(void *user, const struct layer_path *path, struct error *err);
    void *user;
};

/* Errors name what they are about. */
bool export_walk(const struct layer_folder *folder, enum layer_export_form form,
                 const struct export_visitor *visitor, const struct context *context,
                 struct error *err) MUST_USE;
