/* SPDX-License-Identifier: MIT */
#include "runner/layer_removal.h"

#include "base/alloc.h"
#include "base/text.h"
#include "runner/host.h"
#include "runner/layer_host.h"

/* The names that go together, claimed, children first. */
struct family {
    struct named_layer_claim *claims;
    size_t count;
};

static void family_clear(struct family *family)
{
    for (size_t i = 0; i < family->count; i++)
        named_layer_close(&family->claims[i]);
    mem_free(&family->claims);
    family->count = 0;
}

void layer_removal_clear(struct layer_removal *removal)
{
    strlist_clear(&removal->gone);
    strlist_clear(&removal->layers);
    strlist_clear(&removal->children);
    store_lock_release(&removal->lock);
    blob_store_close(&removal->store);
    store_view_clear(&removal->view);
}

/* ---- who needs it ---- */

/* Read-only layers are shared, so what others need of them must not change meanwhile. */
static bool look(struct layer_removal *removal, struct error *err)
{
    const struct invocation *invocation = removal->invocation;
    if (removal->has_view)
        return true;
    if (!blob_store_open(invocation->root, &removal->store, err)
        || !store_lock_own(&removal->store, &invocation->context, &removal->lock, err)
        || !store_view_read(invocation, &removal->store, &removal->view, err))
        return false;
    removal->has_view = true;
    if (!store_view_is_blind(&removal->view))
        return true;
    error_set(err, ERR_INTEGRITY, "records of runs or named layers cannot be read");
    return error_hint(err, "nobody knows what they need; 'wrun prune' names them");
}

static bool is_gone(const struct layer_removal *removal, const struct named_layer *layer)
{
    for (size_t i = 0; i < removal->gone.count; i++)
        if (str_equal_nocase(removal->gone.items[i], layer->name))
            return true;
    return false;
}

static bool image_needs(const struct store_view *view, const char *layer)
{
    for (size_t i = 0; i < view->images.count; i++) {
        CLEANUP(strlist_clear) struct strlist names = {0};
        store_view_layer_names(&view->images.items[i], &names);
        if (strlist_contains(&names, layer))
            return true;
    }
    return false;
}

/* The layer stays for others, whatever becomes of this name. */
static bool stays_for_others(const struct layer_removal *removal, const struct named_layer *layer)
{
    const struct store_view *view = &removal->view;
    for (size_t i = 0; i < view->names.count; i++) {
        const struct named_layer *other = &view->names.items[i];
        if (!str_equal_nocase(other->name, layer->name) && !is_gone(removal, other)
            && str_equal(other->layer, layer->layer))
            return true;
    }
    return image_needs(view, layer->layer);
}

static const struct run_record *run_on(const struct store_view *view, const char *layer)
{
    for (size_t i = 0; i < view->runs.count; i++)
        if (!view->runs.items[i].layer && strlist_contains(&view->runs.items[i].layers, layer))
            return &view->runs.items[i];
    return NULL;
}

static bool check_runs(const struct layer_removal *removal, const struct named_layer *layer,
                       struct error *err)
{
    const struct run_record *run = run_on(&removal->view, layer->layer);
    if (!run)
        return true;
    if (run->done) {
        error_set(err, ERR_BUSY, "the layer '%s' is used by the kept layer of the run '%s'",
                  layer->name, run->name);
        return error_hint(err, "remove that first: wrun rm %s", run->name);
    }
    error_set(err, ERR_BUSY, "the layer '%s' is used by the run '%s' (process %u)", layer->name,
              run->name, (unsigned)run->process_id);
    return error_hint(err, "wait until it ends, or stop the wrun that runs it");
}

static void find_children(const struct layer_removal *removal, const struct named_layer *layer,
                          struct strlist *ret)
{
    for (size_t i = 0; i < removal->view.names.count; i++) {
        const struct named_layer *child = &removal->view.names.items[i];
        if (!is_gone(removal, child) && strlist_contains(&child->parents, layer->layer))
            strlist_add(ret, child->name);
    }
}

static bool refuse_children(struct layer_removal *removal, const struct named_layer *layer,
                            struct error *err)
{
    CLEANUP(str_free) char *names = strlist_join(&removal->children, ", ");
    error_set(err, ERR_BUSY, "the layer '%s' has %zu %s: %s", layer->name, removal->children.count,
              removal->children.count == 1 ? "child" : "children", names);
    return error_hint(err, "remove them first, or all of them with -r");
}

/* ---- claiming ---- */

static bool add_claim(const struct layer_removal *removal, const char *name, struct family *family,
                      struct error *err)
{
    if (!host_layer_open(removal->invocation, name, &family->claims[family->count], err))
        return false;
    family->count++;
    return true;
}

static size_t parent_count(const struct layer_removal *removal, const char *name)
{
    const struct named_layer *layer = named_layer_list_find(&removal->view.names, name);
    return layer ? layer->parents.count : 0;
}

/* The most parents first: nothing has more than what stands on it. */
static void order_children(const struct layer_removal *removal, struct strlist *children)
{
    for (size_t i = 0; i < children->count; i++) {
        for (size_t j = i + 1; j < children->count; j++) {
            if (parent_count(removal, children->items[j])
                <= parent_count(removal, children->items[i]))
                continue;
            char *child = children->items[i];
            children->items[i] = children->items[j];
            children->items[j] = child;
        }
    }
}

static bool claim_committed(struct layer_removal *removal, const struct named_layer *layer,
                            struct family *family, struct error *err)
{
    if (!look(removal, err))
        return false;
    if (stays_for_others(removal, layer)) {
        family->claims = xcalloc(1, sizeof(*family->claims));
        return add_claim(removal, layer->name, family, err);
    }
    find_children(removal, layer, &removal->children);
    if (removal->children.count > 0 && !removal->recursive)
        return refuse_children(removal, layer, err);
    order_children(removal, &removal->children);
    family->claims = xcalloc(removal->children.count + 1, sizeof(*family->claims));
    for (size_t i = 0; i < removal->children.count; i++)
        if (!add_claim(removal, removal->children.items[i], family, err))
            return false;
    strlist_clear(&removal->children);
    return check_runs(removal, layer, err) && add_claim(removal, layer->name, family, err);
}

static bool claim_family(struct layer_removal *removal, const char *name, struct family *family,
                         struct error *err)
{
    CLEANUP(named_layer_clear) struct named_layer layer = {0};
    if (!named_layer_read(removal->invocation->root, name, &layer, err))
        return false;
    if (layer.state == NAMED_LAYER_COMMITTED)
        return claim_committed(removal, &layer, family, err);
    family->claims = xcalloc(1, sizeof(*family->claims));
    if (!add_claim(removal, name, family, err))
        return false;
    if (family->claims[0].layer.state != NAMED_LAYER_COMMITTED)
        return true;
    /* It was committed just now, and may have children. */
    family_clear(family);
    return claim_family(removal, name, family, err);
}

/* ---- removing ---- */

/* Its layer is set aside before the name goes; killed in between, the sweep ends it. */
static bool remove_committed(struct layer_removal *removal, struct named_layer_claim *claim,
                             struct error *err)
{
    if (stays_for_others(removal, &claim->layer))
        return named_layer_forget(claim, err);
    if (!check_runs(removal, &claim->layer, err))
        return false;
    claim->layer.state = NAMED_LAYER_REMOVING;
    if (!named_layer_write(claim, err))
        return false;
    if (!host_layer_retire(removal->invocation, claim->layer.layer, err)) {
        CLEANUP(error_clear) struct error second = {0};
        claim->layer.state = NAMED_LAYER_COMMITTED;
        if (!named_layer_write(claim, &second))
            context_warn(&removal->invocation->context, "%s", second.message);
        return false;
    }
    strlist_add(&removal->layers, claim->layer.layer);
    return named_layer_forget(claim, err);
}

static bool remove_one(struct layer_removal *removal, struct named_layer_claim *claim,
                       struct error *err)
{
    CLEANUP(str_free) char *name = xstrdup(claim->layer.name);
    bool is_committed = claim->layer.state == NAMED_LAYER_COMMITTED;
    if (!(is_committed ? remove_committed(removal, claim, err)
                       : host_layer_discard(removal->invocation, claim, err)))
        return false;
    strlist_add(&removal->gone, name);
    return true;
}

bool layer_removal_take(struct layer_removal *removal, const char *name, struct error *err)
{
    CLEANUP(family_clear) struct family family = {0};
    strlist_clear(&removal->children);
    if (!claim_family(removal, name, &family, err))
        return false;
    for (size_t i = 0; i < family.count; i++)
        if (!remove_one(removal, &family.claims[i], err))
            return false;
    return true;
}

bool layer_removal_finish(struct layer_removal *removal, struct error *err)
{
    store_lock_release(&removal->lock);
    for (size_t i = 0; i < removal->layers.count; i++)
        if (!host_layer_finish(removal->invocation, removal->layers.items[i], err))
            return false;
    return true;
}
