/* SPDX-License-Identifier: MIT */
/* scratch_export: what a layer holds beyond its parents, laid open for reading.
 *
 * Windows writes it into a folder in the transport format (ExportLayer): what a scratch changed, or
 * what a read-only layer was imported with. The folder is <root>\tmp\<guid>\export and goes with
 * its process. A base layer needs no folder, its directory is read as it is. */
#pragma once

#include "layers/folder_win32.h"
#include "layers/layer_export.h"
#include "layers/layer_staging.h"
#include "layers/layer_store.h"

struct scratch_export_source {
    const char *path;              /* of the scratch's or layer's directory, plain form */
    const struct strlist *parents; /* layer directories, topmost first; empty: a base layer */
    bool is_scratch; /* writable; then it is not mounted, and nobody else works on it */
};

/* Must not move while it is open. */
struct scratch_export {
    struct layer_staging staging;
    struct folder_win32 directory;
    struct layer_folder folder; /* for layer_export() */
    enum layer_export_form form;
};

/* While this lasts a scratch is attached, which survives the process: the caller has written that
 * down. Afterwards it is not, or the call has failed and says what is left. The caller keeps the
 * layers from being removed until the export is closed. */
bool scratch_export_open(const struct layer_store *store,
                         const struct scratch_export_source *source, const struct context *context,
                         struct scratch_export *ret, struct error *err) MUST_USE;
/* Removes the folder; what cannot be removed is left to the sweep of the store. */
void scratch_export_close(struct scratch_export *export);
