/* SPDX-License-Identifier: MIT */
#include "layers/named_layer_work.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/guid.h"
#include "base/os.h"
#include "base/text.h"
#include "layers/chain.h"
#include "layers/layer_record.h"
#include "layers/layer_retire.h"

static bool set_state(struct named_layer_claim *claim, enum named_layer_state state,
                      struct error *err)
{
    claim->layer.state = state;
    return named_layer_write(claim, err);
}

static char *scratch_path(const struct named_layer_claim *claim)
{
    CLEANUP(str_free) char *directory = fs_join(claim->root, "scratch");
    return fs_join(directory, claim->layer.scratch);
}

/* ---- preparing ---- */

static bool random_name(char **ret, struct error *err)
{
    struct guid guid;
    char name[GUID_HEX_SIZE];
    if (!guid_random(&guid, err))
        return false;
    guid_format_hex(&guid, name);
    *ret = xstrdup(name);
    return true;
}

static bool describe(const struct named_layer_request *request, struct named_layer *ret,
                     struct error *err)
{
    struct named_layer layer = {.state = NAMED_LAYER_PREPARING};
    if (!random_name(&layer.scratch, err))
        return false;
    layer.name = xstrdup(request->name);
    layer.from = request->from ? xstrdup(request->from) : NULL;
    layer.storage_bytes = request->storage_bytes;
    strlist_add_all(&layer.labels, request->labels);
    for (size_t i = 0; i < request->parents->count; i++)
        strlist_add(&layer.parents, fs_name_of(request->parents->items[i]));
    named_layer_touch(&layer);
    layer.created = xstrdup(layer.last_used);
    *ret = layer;
    return true;
}

static bool make_scratch(const struct layer_store *store, const struct named_layer_request *request,
                         const struct named_layer_claim *claim, struct error *err)
{
    CLEANUP(str_free) char *path = scratch_path(claim);
    CLEANUP(scratch_clear) struct scratch scratch = {0};
    return scratch_create(store->api, path, request->parents, &scratch, err)
        && (request->storage_bytes == 0 || scratch_expand(&scratch, request->storage_bytes, err));
}

/* What keeps it from being taken back is told; the sweep tries again. */
static void take_back(const struct layer_store *store, struct named_layer_claim *claim,
                      const struct context *context)
{
    CLEANUP(error_clear) struct error reason = {0};
    if (!named_layer_discard(store, claim, context, &reason))
        context_step(context, "left for later: %s", reason.message);
    named_layer_close(claim);
}

bool named_layer_prepare(const struct layer_store *store, const struct named_layer_request *request,
                         struct named_layer_claim *claim, const struct context *context,
                         struct error *err)
{
    if (claim->layer.state != NAMED_LAYER_NONE) {
        error_set(err, ERR_BUSY, "there is a layer named '%s' already", request->name);
        return error_hint(err, "choose another name, or replace it with --replace");
    }
    if (!describe(request, &claim->layer, err))
        return false;
    if (named_layer_write(claim, err)
        && named_layer_write_config(claim, request->config, request->config_length, err)
        && make_scratch(store, request, claim, err)
        && set_state(claim, request->is_temporary ? NAMED_LAYER_REMOVING : NAMED_LAYER_ACTIVE, err))
        return true;
    take_back(store, claim, context);
    return error_wrap(err, "prepare the layer '%s'", request->name);
}

/* ---- mounting ---- */

static bool set_mounted(struct named_layer_claim *claim, bool mounted, struct error *err)
{
    claim->layer.mounted = mounted;
    return named_layer_write(claim, err);
}

/* One that is temporary is on its way out as long as it is used. */
static bool is_writable(const struct named_layer *layer)
{
    return layer->state == NAMED_LAYER_ACTIVE
        || (layer->state == NAMED_LAYER_REMOVING && layer->scratch);
}

bool named_layer_mount(const struct layer_store *store, struct named_layer_claim *claim,
                       const struct context *context, struct scratch *ret, struct error *err)
{
    if (!is_writable(&claim->layer)) {
        error_set(err, ERR_BUSY, "the layer '%s' is %s", claim->layer.name,
                  named_layer_state_name(claim->layer.state));
        return error_hint(err, "only writable layers can be mounted");
    }
    CLEANUP(strlist_clear) struct strlist parents = {0};
    CLEANUP(scratch_clear)
    struct scratch scratch = {.path = scratch_path(claim), .api = store->api};
    named_layer_parent_paths(claim->root, &claim->layer, &parents);
    named_layer_touch(&claim->layer);
    if (!set_mounted(claim, true, err))
        return false;
    if (scratch_mount(&scratch, &parents, context, err)) {
        *ret = TAKE(scratch);
        return true;
    }
    /* Still attached: the record keeps saying so. */
    CLEANUP(error_clear) struct error second = {0};
    if (!scratch.activated && !set_mounted(claim, false, &second))
        context_step(context, "%s", second.message);
    return false;
}

bool named_layer_unmount(struct named_layer_claim *claim, struct scratch *scratch,
                         struct error *err)
{
    if (!scratch->path)
        return true;
    if (!scratch_unmount(scratch, err) || !set_mounted(claim, false, err))
        return false;
    scratch_clear(scratch);
    return true;
}

/* How far the dead process came is not known; what is not mounted says so. */
static bool unmount_left(const struct layer_store *store, struct named_layer_claim *claim,
                         struct error *err)
{
    CLEANUP(str_free) char *path = scratch_path(claim);
    CLEANUP(scratch_clear)
    struct scratch scratch = {
        .path = TAKE(path), .activated = true, .prepared = true, .api = store->api};
    if (fs_type_of(scratch.path) != FS_ABSENT && !scratch_unmount(&scratch, err))
        return false;
    claim->layer.mounted = false;
    return true;
}

/* ---- removing ---- */

static bool retire_scratch(const struct layer_store *store, struct named_layer_claim *claim,
                           const struct context *context, struct error *err)
{
    CLEANUP(str_free) char *scratches = fs_join(claim->root, "scratch");
    if (!claim->layer.scratch)
        return true;
    return (!claim->layer.mounted || unmount_left(store, claim, err))
        && layer_retire_fully(store->api, scratches, claim->layer.scratch, context, err);
}

static bool is_set_aside(const struct named_layer_claim *claim)
{
    CLEANUP(str_free) char *path = claim->layer.scratch ? scratch_path(claim) : NULL;
    return !path || fs_type_of(path) == FS_ABSENT;
}

bool named_layer_discard(const struct layer_store *store, struct named_layer_claim *claim,
                         const struct context *context, struct error *err)
{
    CLEANUP(str_free) char *name = xstrdup(claim->layer.name);
    if (claim->layer.state == NAMED_LAYER_COMMITTING)
        str_free(&claim->layer.layer);
    if (!set_state(claim, NAMED_LAYER_REMOVING, err))
        return false;
    bool retired = retire_scratch(store, claim, context, err);
    CLEANUP(error_clear) struct error second = {0};
    /* What is set aside needs no name: every sweep finds it. */
    if (is_set_aside(claim) && !named_layer_forget(claim, retired ? err : &second))
        return error_wrap(err, "remove the layer '%s'", name);
    return retired || error_wrap(err, "remove the layer '%s'", name);
}

/* ---- committing ---- */

bool named_layer_begin_commit(struct named_layer_claim *claim, const char *layer,
                              const char *commit_as, struct error *err)
{
    claim->layer.layer = xstrdup(layer);
    claim->layer.commit_as = commit_as ? xstrdup(commit_as) : NULL;
    named_layer_touch(&claim->layer);
    if (set_state(claim, NAMED_LAYER_COMMITTING, err))
        return true;
    str_free(&claim->layer.layer);
    str_free(&claim->layer.commit_as);
    claim->layer.state = NAMED_LAYER_ACTIVE;
    return false;
}

bool named_layer_cancel_commit(struct named_layer_claim *claim, struct error *err)
{
    str_free(&claim->layer.layer);
    str_free(&claim->layer.commit_as);
    return set_state(claim, NAMED_LAYER_ACTIVE, err);
}

static bool publish_as(const struct named_layer_claim *claim, struct named_layer_claim *as,
                       struct error *err)
{
    CLEANUP(buf_clear) struct buf config = {0};
    if (!named_layer_read_config(claim->root, claim->layer.name, &config, err)
        || !named_layer_write_config(as, buf_str(&config), config.length, err))
        return false;
    named_layer_clear(&as->layer);
    as->layer = named_layer_copy(&claim->layer);
    str_free(&as->layer.name);
    as->layer.name = TAKE(as->layer.commit_as);
    str_free(&as->layer.scratch);
    return set_state(as, NAMED_LAYER_COMMITTED, err);
}

static bool drop_scratch(const struct layer_store *store, struct named_layer_claim *claim,
                         const struct context *context, struct error *err)
{
    if (!retire_scratch(store, claim, context, err) && !is_set_aside(claim))
        return false;
    error_clear(err);
    str_free(&claim->layer.scratch);
    return named_layer_write(claim, err);
}

bool named_layer_finish_commit(const struct layer_store *store, struct named_layer_claim *claim,
                               struct named_layer_claim *as, const struct context *context,
                               struct error *err)
{
    CLEANUP(error_clear) struct error later = {0};
    if (as) {
        if (!publish_as(claim, as, err))
            return false;
        if (!named_layer_discard(store, claim, context, &later))
            context_step(context, "left for later: %s", later.message);
        return true;
    }
    if (!set_state(claim, NAMED_LAYER_COMMITTED, err))
        return false;
    if (!drop_scratch(store, claim, context, &later))
        context_step(context, "left for later: %s", later.message);
    return true;
}

/* ---- recovering ---- */

static bool layer_is_complete(const struct named_layer_claim *claim)
{
    CLEANUP(str_free) char *path = layer_directory_path(claim->root, claim->layer.layer);
    CLEANUP(str_free) char *record = fs_join(path, LAYER_RECORD_NAME);
    return fs_type_of(record) != FS_ABSENT;
}

/* Under another name: that must be free, or have this very layer already. */
static bool finish_as(const struct layer_store *store, struct named_layer_claim *claim,
                      const struct context *context, struct error *err)
{
    CLEANUP(named_layer_close) struct named_layer_claim as = {0};
    if (!named_layer_claim(claim->root, claim->layer.commit_as, &as, err))
        return false;
    if (as.layer.state == NAMED_LAYER_NONE)
        return named_layer_finish_commit(store, claim, &as, context, err);
    return as.layer.state == NAMED_LAYER_COMMITTED && str_equal(as.layer.layer, claim->layer.layer)
        ? named_layer_discard(store, claim, context, err)
        : named_layer_cancel_commit(claim, err);
}

static bool recover_commit(const struct layer_store *store, struct named_layer_claim *claim,
                           const struct context *context, struct error *err)
{
    if (!layer_is_complete(claim))
        return named_layer_cancel_commit(claim, err);
    return claim->layer.commit_as ? finish_as(store, claim, context, err)
                                  : named_layer_finish_commit(store, claim, NULL, context, err);
}

/* The layer is there, whole, or it is not, and then its name goes. */
static bool recover_import(struct named_layer_claim *claim, struct error *err)
{
    return layer_is_complete(claim) ? set_state(claim, NAMED_LAYER_COMMITTED, err)
                                    : named_layer_forget(claim, err);
}

/* Of a layer that is still there nothing was removed yet. */
static bool recover_removal(const struct layer_store *store, struct named_layer_claim *claim,
                            const struct context *context, struct error *err)
{
    if (claim->layer.scratch)
        return named_layer_discard(store, claim, context, err);
    if (claim->layer.layer && layer_is_complete(claim))
        return set_state(claim, NAMED_LAYER_COMMITTED, err);
    return named_layer_forget(claim, err);
}

static bool recover_state(const struct layer_store *store, struct named_layer_claim *claim,
                          const struct context *context, struct error *err)
{
    switch (claim->layer.state) {
    case NAMED_LAYER_NONE:
        return named_layer_forget(claim, err);
    case NAMED_LAYER_ACTIVE:
        return true;
    case NAMED_LAYER_PREPARING:
        return named_layer_discard(store, claim, context, err);
    case NAMED_LAYER_COMMITTING:
        return recover_commit(store, claim, context, err);
    case NAMED_LAYER_IMPORTING:
        return recover_import(claim, err);
    case NAMED_LAYER_COMMITTED:
        return !claim->layer.scratch || drop_scratch(store, claim, context, err);
    case NAMED_LAYER_REMOVING:
        return recover_removal(store, claim, context, err);
    }
    return true;
}

bool named_layer_recover(const struct layer_store *store, struct named_layer_claim *claim,
                         const struct context *context, struct error *err)
{
    if (claim->layer.mounted && claim->layer.scratch
        && (!unmount_left(store, claim, err) || !named_layer_write(claim, err)))
        return false;
    return recover_state(store, claim, context, err);
}

/* ---- sweeping ---- */

static bool is_settled(const struct named_layer *layer)
{
    return !layer->mounted
        && (layer->state == NAMED_LAYER_ACTIVE
            || (layer->state == NAMED_LAYER_COMMITTED && !layer->scratch));
}

static bool sweep_name(const struct layer_store *store, const char *name,
                       const struct context *context, struct error *err)
{
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    CLEANUP(named_layer_clear) struct named_layer layer = {0};
    if (named_layer_read(store->root, name, &layer, err)) {
        if (is_settled(&layer))
            return true;
    } else if (err->kind != ERR_NOT_FOUND) {
        return false;
    }
    error_clear(err);
    return named_layer_claim(store->root, name, &claim, err)
        && named_layer_recover(store, &claim, context, err);
}

bool named_layers_sweep(const struct layer_store *store, const struct context *context,
                        struct error *err)
{
    CLEANUP(str_free) char *directory = fs_join(store->root, "names");
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!fs_list(directory, &names, err))
        return error_wrap(err, "sweep the named layers");
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(error_clear) struct error reason = {0};
        if (!sweep_name(store, names.items[i], context, &reason) && reason.kind != ERR_BUSY)
            context_step(context, "left the layer '%s' for later: %s", names.items[i],
                         reason.message);
    }
    return named_layer_sweep_locks(store->root, err) || error_wrap(err, "sweep the named layers");
}
