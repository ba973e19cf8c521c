/* SPDX-License-Identifier: MIT */
/* layer_transfer: how layers come into the store and out of it, as the verbs need it of the machine
 * they run on. All of it needs an open host (runner/host.h); the native build has no layers and
 * says so. */
#pragma once

#include "base/byte_source.h"
#include "layers/layer_export.h"
#include "layers/layer_record.h"
#include "layers/named_layer.h"
#include "runner/invocation.h"

/* ---- out ---- */

/* A layer in the store. */
struct layer_place {
    const char *path;              /* of its directory */
    const struct strlist *parents; /* directories, topmost first; empty: a base layer */
    bool is_scratch;               /* writable; not mounted, and nobody else works on it */
};

/* What a layer holds beyond its parents, open for layer_export(). */
struct layer_reading {
    struct layer_folder folder;
    enum layer_export_form form;
    void *opened; /* the host's; NULL = closed */
};

/* While this lasts a scratch is attached: the caller has written that down. Afterwards it is not.
 */
bool host_layer_read(const struct invocation *invocation, const struct layer_place *place,
                     struct layer_reading *ret, struct error *err) MUST_USE;
void layer_reading_close(struct layer_reading *reading);

/* The record of a complete layer by its directory's name. */
bool host_layer_record(const struct invocation *invocation, const char *name,
                       struct layer_record *ret, struct error *err) MUST_USE;
/* Records which blob a complete layer can be had from. */
bool host_layer_note_blob(const struct invocation *invocation, const char *name,
                          const struct layer_record_blob *blob, struct error *err) MUST_USE;

/* Layers, to be asked what they have. */
struct layer_below {
    void *opened; /* the host's; NULL = closed */
};

/* 'layers' are directories, topmost first. */
bool host_layer_below(const struct invocation *invocation, const struct strlist *layers,
                      struct layer_below *ret, struct error *err) MUST_USE;
/* Whether "Files\app\x.txt" is to be seen in them. */
bool layer_below_has(const struct layer_below *below, const char *path, bool *ret,
                     struct error *err) MUST_USE;
void layer_below_close(struct layer_below *below);

/* ---- in ---- */

/* A folder of the store that goes with this process. */
struct layer_workplace {
    char *path;
    void *opened; /* the host's; NULL = closed */
};

bool host_workplace_open(const struct invocation *invocation, struct layer_workplace *ret,
                         struct error *err) MUST_USE;
void layer_workplace_close(struct layer_workplace *workplace);

/* A layer that is to be made of a tar on top of others. */
struct layer_making {
    const char *path;                     /* of the file, which may be compressed */
    const char *media_type;               /* of the file; NULL = not known */
    struct digest diff_id;                /* of the tar */
    struct digest chain_id;               /* of the layer */
    const struct strlist *parents;        /* directories, topmost first, at least one */
    const struct layer_record_blob *blob; /* for the record; NULL = the file is not kept */
};

/* *ret_path gets the layer's directory; one that is there already is success. */
bool host_layer_make(const struct invocation *invocation, const struct layer_making *making,
                     char **ret_path, struct error *err) MUST_USE;

/* ---- files ---- */

/* What is copied between a layer and the host; layers/layer_copy.h. */
struct layer_copying {
    bool into_layer;
    const char *layer;      /* its name as the user wrote it */
    const char *layer_path; /* below C:\ */
    bool layer_is_inside;   /* it was written with a separator at its end */
    const char *host_path;
    bool host_is_inside;
};

/* Into a writable layer, or out of any. It is mounted meanwhile, and that is written down. */
bool host_layer_copy(const struct invocation *invocation, struct named_layer_claim *claim,
                     const struct layer_copying *copying, struct error *err) MUST_USE;

/* The same for a scratch without a name. While this lasts it is mounted: the caller has written
 * that down, and takes it back when *ret_unmounted says so, also after a failure. */
bool host_scratch_copy(const struct invocation *invocation, const struct layer_place *place,
                       const struct layer_copying *copying, bool *ret_unmounted, struct error *err)
    MUST_USE;

/* ---- a commit; as in layers/named_layer_work.h ---- */

bool host_commit_begin(const struct invocation *invocation, struct named_layer_claim *claim,
                       const char *layer, const char *commit_as, struct error *err) MUST_USE;
bool host_commit_cancel(const struct invocation *invocation, struct named_layer_claim *claim,
                        struct error *err) MUST_USE;
bool host_commit_finish(const struct invocation *invocation, struct named_layer_claim *claim,
                        struct named_layer_claim *as, struct error *err) MUST_USE;
