/* SPDX-License-Identifier: MIT */
#include "runner/layer_transfer.h"

#include "base/alloc.h"
#include "layers/layer_lookup.h"
#include "layers/named_layer_work.h"
#include "layers/scratch_export.h"
#include "runner/windows_host.h"

static const struct layer_store *store_of(const struct invocation *invocation)
{
    return &invocation->host->layers;
}

/* ---- out ---- */

bool host_layer_read(const struct invocation *invocation, const struct layer_place *place,
                     struct layer_reading *ret, struct error *err)
{
    const struct scratch_export_source source = {place->path, place->parents, place->is_scratch};
    struct scratch_export *export = xcalloc(1, sizeof(*export));
    if (!scratch_export_open(store_of(invocation), &source, &invocation->context, export, err)) {
        mem_free(&export);
        return false;
    }
    *ret = (struct layer_reading){export->folder, export->form, export};
    return true;
}

void layer_reading_close(struct layer_reading *reading)
{
    if (reading->opened)
        scratch_export_close(reading->opened);
    mem_free(&reading->opened);
    *reading = (struct layer_reading){0};
}

bool host_layer_record(const struct invocation *invocation, const char *name,
                       struct layer_record *ret, struct error *err)
{
    return layer_store_read(store_of(invocation), name, ret, err);
}

bool host_layer_note_blob(const struct invocation *invocation, const char *name,
                          const struct layer_record_blob *blob, struct error *err)
{
    return layer_store_note_blob(store_of(invocation), name, blob, err);
}

bool host_layer_below(const struct invocation *invocation, const struct strlist *layers,
                      struct layer_below *ret, struct error *err)
{
    struct layer_lookup *lookup = xcalloc(1, sizeof(*lookup));
    (void)invocation;
    if (!layer_lookup_open(layers, lookup, err)) {
        mem_free(&lookup);
        return false;
    }
    *ret = (struct layer_below){lookup};
    return true;
}

bool layer_below_has(const struct layer_below *below, const char *path, bool *ret,
                     struct error *err)
{
    return layer_lookup_has(below->opened, path, ret, err);
}

void layer_below_close(struct layer_below *below)
{
    if (below->opened)
        layer_lookup_close(below->opened);
    mem_free(&below->opened);
}

/* ---- in ---- */

bool host_workplace_open(const struct invocation *invocation, struct layer_workplace *ret,
                         struct error *err)
{
    struct layer_staging *staging = xcalloc(1, sizeof(*staging));
    if (!layer_staging_open(store_of(invocation), staging, err)) {
        mem_free(&staging);
        return false;
    }
    *ret = (struct layer_workplace){xstrdup(staging->path), staging};
    return true;
}

void layer_workplace_close(struct layer_workplace *workplace)
{
    if (workplace->opened)
        layer_staging_close(workplace->opened);
    mem_free(&workplace->opened);
    str_free(&workplace->path);
}

bool host_layer_make(const struct invocation *invocation, const struct layer_making *making,
                     char **ret_path, struct error *err)
{
    CLEANUP(file_source_close) struct file_source file = {0};
    if (!file_source_open(making->path, &file, err))
        return false;
    const struct byte_source source = file_source_interface(&file);
    const struct layer_import_request request = {
        .source = &source,
        .media_type = making->media_type,
        .diff_id = making->diff_id,
        .chain_id = making->chain_id,
        .parents = making->parents,
        .blob = making->blob,
    };
    return layer_store_import(store_of(invocation), &request, &invocation->context, ret_path, err);
}

/* ---- a commit ---- */

bool host_commit_begin(const struct invocation *invocation, struct named_layer_claim *claim,
                       const char *layer, const char *commit_as, struct error *err)
{
    (void)invocation;
    return named_layer_begin_commit(claim, layer, commit_as, err);
}

bool host_commit_cancel(const struct invocation *invocation, struct named_layer_claim *claim,
                        struct error *err)
{
    (void)invocation;
    return named_layer_cancel_commit(claim, err);
}

bool host_commit_finish(const struct invocation *invocation, struct named_layer_claim *claim,
                        struct named_layer_claim *as, struct error *err)
{
    return named_layer_finish_commit(store_of(invocation), claim, as, &invocation->context, err);
}
