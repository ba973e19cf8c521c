/* SPDX-License-Identifier: MIT */
#include "runner/store_cleanup.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/text.h"
#include "runner/host.h"

void store_cleanup_clear(struct cleanup *cleanup)
{
    garbage_clear(&cleanup->files);
    strlist_clear(&cleanup->layers);
    *cleanup = (struct cleanup){0};
}

/* ---- blobs ---- */

/* What an image needs, without the blobs that have become layers when those are not asked for. */
static void add_needs(const struct store_view *view, const struct listed_image *image,
                      bool unpacked_blobs, struct strlist *ret)
{
    CLEANUP(strlist_clear) struct strlist all = {0};
    CLEANUP(strlist_clear) struct strlist layers = {0};
    store_needs(image, &all);
    if (!unpacked_blobs) {
        strlist_add_all(ret, &all);
        return;
    }
    /* The layers are the last of what an image needs. */
    store_view_layer_names(image, &layers);
    size_t first = all.count - image->manifest.layers.count;
    for (size_t i = 0; i < all.count; i++) {
        const struct listed_layer *layer = NULL;
        if (i >= first && i - first < layers.count)
            layer = layer_list_find(&view->layers, layers.items[i - first]);
        if (!layer || layer->damage)
            strlist_add(ret, all.items[i]);
    }
}

static bool plan_blobs(const struct blob_store *store, const struct store_view *view,
                       const struct cleanup_rule *rule, struct cleanup *cleanup, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist needed = {0};
    CLEANUP(strlist_clear) struct strlist among = {0};
    for (size_t i = 0; i < view->images.count; i++) {
        const struct listed_image *image = &view->images.items[i];
        if (view->leaving[i])
            store_needs(image, &among);
        else
            add_needs(view, image, rule->unpacked_blobs, &needed);
    }
    strlist_sort(&needed);
    strlist_sort(&among);
    const struct garbage_rule blobs = {
        .needed = &needed,
        .among = rule->leaving_only ? &among : NULL,
        .minimum_age = rule->minimum_age,
    };
    return store_garbage_find_blobs(store, &blobs, &cleanup->files, err);
}

/* ---- layers ---- */

static void keep(struct strlist *kept, const char *name)
{
    if (!strlist_contains(kept, name))
        strlist_add(kept, name);
}

static void keep_needed(const struct invocation *invocation, const struct store_view *view,
                        const struct cleanup_rule *rule, struct strlist *kept)
{
    for (size_t i = 0; i < view->images.count; i++) {
        CLEANUP(strlist_clear) struct strlist names = {0};
        store_view_layer_names(&view->images.items[i], &names);
        for (size_t j = 0; j < names.count && !view->leaving[i]; j++)
            keep(kept, names.items[j]);
    }
    for (size_t i = 0; i < view->runs.count; i++)
        for (size_t j = 0; j < view->runs.items[i].layers.count; j++)
            keep(kept, view->runs.items[i].layers.items[j]);
    for (size_t i = 0; i < view->names.count; i++) {
        const struct named_layer *name = &view->names.items[i];
        for (size_t j = 0; j < name->parents.count; j++)
            keep(kept, name->parents.items[j]);
        if (name->layer)
            keep(kept, name->layer);
    }
    for (size_t i = 0; i < view->layers.count; i++) {
        const struct listed_layer *layer = &view->layers.items[i];
        if (layer->age < rule->minimum_age
            || (invocation->host && host_layer_is_held(invocation, layer->name)))
            keep(kept, layer->name);
    }
}

/* A layer is of no use without those below it. */
static void keep_parents(const struct store_view *view, struct strlist *kept)
{
    for (size_t i = 0; i < kept->count; i++) {
        const struct listed_layer *layer = layer_list_find(&view->layers, kept->items[i]);
        for (size_t j = 0; layer && j < layer->record.parents.count; j++)
            keep(kept, layer->record.parents.items[j]);
    }
}

static int children_first(const void *a, const void *b)
{
    const struct listed_layer *const *first = a;
    const struct listed_layer *const *second = b;
    size_t x = (*first)->record.parents.count;
    size_t y = (*second)->record.parents.count;
    return (x < y) - (x > y);
}

/* With 'leaving_only', what the leaving images do not need stays, although nobody may need it. */
static void keep_others(const struct store_view *view, struct strlist *kept)
{
    CLEANUP(strlist_clear) struct strlist leaving = {0};
    for (size_t i = 0; i < view->images.count; i++)
        if (view->leaving[i])
            store_view_layer_names(&view->images.items[i], &leaving);
    for (size_t i = 0; i < view->layers.count; i++)
        if (!strlist_contains(&leaving, view->layers.items[i].name))
            keep(kept, view->layers.items[i].name);
}

static void plan_layers(const struct invocation *invocation, const struct store_view *view,
                        const struct cleanup_rule *rule, struct cleanup *cleanup)
{
    CLEANUP(strlist_clear) struct strlist kept = {0};
    CLEANUP(mem_free)
    const struct listed_layer **going = xcalloc(view->layers.count + 1, sizeof(*going));
    size_t count = 0;
    keep_needed(invocation, view, rule, &kept);
    if (rule->leaving_only)
        keep_others(view, &kept);
    keep_parents(view, &kept);
    for (size_t i = 0; i < view->layers.count; i++)
        if (!strlist_contains(&kept, view->layers.items[i].name))
            going[count++] = &view->layers.items[i];
    qsort(going, count, sizeof(*going), children_first);
    for (size_t i = 0; i < count; i++)
        strlist_add(&cleanup->layers, going[i]->name);
}

/* ---- the whole ---- */

static bool check_sound(const struct store_view *view, struct error *err)
{
    for (size_t i = 0; i < view->images.count; i++) {
        const struct listed_image *image = &view->images.items[i];
        if (view->leaving[i] || !image->damage)
            continue;
        const char *name = image->record.reference ? image->record.reference : image->name;
        error_set(err, ERR_INTEGRITY, "the image %s is damaged, so nobody knows what it needs: %s",
                  name, image->damage);
        return error_hint(err, "mend it with 'wrun pull', or remove it with 'wrun rmi %s'", name);
    }
    return true;
}

bool store_cleanup_plan(const struct invocation *invocation, const struct blob_store *store,
                        const struct store_view *view, const struct cleanup_rule *rule,
                        struct cleanup *ret, struct error *err)
{
    if (rule->stale && !store_garbage_find_stale(store, rule->stale_age, &ret->files, err))
        return false;
    if (!check_sound(view, err) || !plan_blobs(store, view, rule, ret, err))
        return false;
    if (!store_view_is_blind(view))
        plan_layers(invocation, view, rule, ret);
    else
        context_warn(&invocation->context,
                     "layers are left alone: the records of %zu runs and %zu named layers cannot "
                     "be read",
                     view->runs.unreadable, view->names.damaged.count);
    return true;
}

void store_cleanup_measure(const struct store_view *view, struct cleanup *cleanup)
{
    cleanup->layer_bytes = 0;
    for (size_t i = 0; i < cleanup->layers.count; i++) {
        const struct listed_layer *layer = layer_list_find(&view->layers, cleanup->layers.items[i]);
        cleanup->layer_bytes += layer ? fs_tree_size(layer->path) : 0;
    }
}

/* Keeps the first failure of several. */
static void note(struct error *failure, struct error *next)
{
    if (error_is_set(next) && !error_is_set(failure))
        *failure = TAKE(*next);
    error_clear(next);
}

static bool conclude(struct error *failure, struct error *err)
{
    if (!error_is_set(failure))
        return true;
    *err = TAKE(*failure);
    return false;
}

bool store_cleanup_remove(const struct invocation *invocation, const struct blob_store *store,
                          struct cleanup *cleanup, struct error *err)
{
    struct error failure = {0};
    struct error next = {0};
    CLEANUP(strlist_clear) struct strlist removed = {0};
    for (size_t i = 0; i < cleanup->layers.count; i++) {
        if (host_layer_retire(invocation, cleanup->layers.items[i], &next))
            strlist_add(&removed, cleanup->layers.items[i]);
        note(&failure, &next);
    }
    strlist_clear(&cleanup->layers);
    cleanup->layers = TAKE(removed);
    (void)!store_garbage_discard(store, &cleanup->files, &next);
    note(&failure, &next);
    return conclude(&failure, err);
}

bool store_cleanup_finish(const struct invocation *invocation, const struct blob_store *store,
                          struct cleanup *cleanup, struct error *err)
{
    struct error failure = {0};
    struct error next = {0};
    (void)!store_trash_empty(store, &failure);
    (void)!host_layers_clean(invocation, &cleanup->layer_bytes, &next);
    note(&failure, &next);
    return conclude(&failure, err);
}
