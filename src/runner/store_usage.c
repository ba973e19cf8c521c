/* SPDX-License-Identifier: MIT */
#include "runner/store_usage.h"

#include "base/alloc.h"
#include "base/fs.h"
#include "base/text.h"
#include "registry/store_garbage.h"
#include "runner/store_cleanup.h"

struct measuring {
    const struct blob_store *store;
    const struct store_view *view;
    struct store_usage usage;
};

static uint64_t blob_size(const struct blob_store *store, const char *hex)
{
    CLEANUP(error_clear) struct error absent = {0};
    CLEANUP(str_free) char *relative = str_format("blobs/sha256/%s", hex);
    CLEANUP(str_free) char *path = fs_join(store->root, relative);
    uint64_t size = 0;
    return fs_file_size(path, &size, &absent) ? size : 0;
}

/* ---- images ---- */

static bool is_first_of_its_image(const struct store_view *view, size_t index)
{
    const struct image_record *record = &view->images.items[index].record;
    for (size_t i = 0; i < index; i++)
        if (record->reference && view->images.items[i].record.reference
            && digest_equal(&view->images.items[i].record.digest, &record->digest))
            return false;
    return true;
}

static bool is_needed_elsewhere(const struct store_view *view, size_t index, const char *hex)
{
    const struct listed_image *own = &view->images.items[index];
    for (size_t i = 0; i < view->images.count; i++) {
        CLEANUP(strlist_clear) struct strlist needs = {0};
        const struct listed_image *other = &view->images.items[i];
        if (i == index || digest_equal(&other->record.digest, &own->record.digest))
            continue;
        store_needs(other, &needs);
        if (strlist_contains(&needs, hex))
            return true;
    }
    return false;
}

static bool image_is_used(const struct store_view *view, size_t index)
{
    const struct listed_image *image = &view->images.items[index];
    return store_view_user(view, image) || store_view_named_user(view, image);
}

static void measure_image(struct measuring *m, size_t index, struct strlist *counted)
{
    CLEANUP(strlist_clear) struct strlist needs = {0};
    struct image_usage *image = &m->usage.images[index];
    struct usage *all = &m->usage.classes[USAGE_IMAGES];
    bool is_used = image_is_used(m->view, index);
    bool is_first = is_first_of_its_image(m->view, index);
    store_needs(&m->view->images.items[index], &needs);
    for (size_t i = 0; i < needs.count; i++) {
        uint64_t size = blob_size(m->store, needs.items[i]);
        bool is_shared = is_needed_elsewhere(m->view, index, needs.items[i]);
        *(is_shared ? &image->shared : &image->exclusive) += size;
        if (strlist_contains(counted, needs.items[i]))
            continue;
        strlist_add(counted, needs.items[i]);
        all->size += size;
        if (!is_used)
            all->reclaimable += size;
    }
    all->count += is_first;
    all->active += is_first && is_used;
}

/* Used ones first: what they share with unused ones is not to be had. */
static void measure_images(struct measuring *m, struct strlist *counted)
{
    m->usage.images = xcalloc(m->view->images.count + 1, sizeof(*m->usage.images));
    for (int used = 1; used >= 0; used--)
        for (size_t i = 0; i < m->view->images.count; i++)
            if (image_is_used(m->view, i) == used)
                measure_image(m, i, counted);
}

/* ---- unpacked layers ---- */

static bool stands_on(const struct listed_image *image, const char *layer)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    store_view_layer_names(image, &names);
    return strlist_contains(&names, layer);
}

static bool is_held(const struct store_view *view, const char *layer)
{
    for (size_t i = 0; i < view->runs.count; i++)
        if (strlist_contains(&view->runs.items[i].layers, layer))
            return true;
    for (size_t i = 0; i < view->names.count; i++) {
        const struct named_layer *name = &view->names.items[i];
        if (strlist_contains(&name->parents, layer) || str_equal(name->layer, layer))
            return true;
    }
    return false;
}

static bool is_below_another(const struct store_view *view, size_t index, const char *layer)
{
    const struct digest *own = &view->images.items[index].record.digest;
    for (size_t i = 0; i < view->images.count; i++) {
        const struct listed_image *other = &view->images.items[i];
        if (!digest_equal(&other->record.digest, own) && stands_on(other, layer))
            return true;
    }
    return false;
}

/* They go with the last image, run or name that needs them, as blobs do. */
static void add_to_images(struct measuring *m, const char *layer, uint64_t size)
{
    bool held = is_held(m->view, layer);
    for (size_t i = 0; i < m->view->images.count; i++) {
        struct image_usage *image = &m->usage.images[i];
        if (!stands_on(&m->view->images.items[i], layer))
            continue;
        bool is_shared = held || is_below_another(m->view, i, layer);
        *(is_shared ? &image->shared : &image->exclusive) += size;
    }
}

/* ---- the rest ---- */

static bool measure_blobs(struct measuring *m, struct strlist *needed, struct error *err)
{
    CLEANUP(garbage_clear) struct garbage garbage = {0};
    strlist_sort(needed);
    const struct garbage_rule rule = {.needed = needed};
    if (!store_garbage_find_blobs(m->store, &rule, &garbage, err))
        return false;
    m->usage.classes[USAGE_BLOBS] = (struct usage){garbage.count, 0, garbage.size, garbage.size};
    return true;
}

static bool measure_layers(const struct invocation *invocation, struct measuring *m,
                           struct error *err)
{
    CLEANUP(store_cleanup_clear) struct cleanup cleanup = {0};
    CLEANUP(error_clear) struct error damaged = {0};
    const struct cleanup_rule rule = {0};
    struct usage *layers = &m->usage.classes[USAGE_LAYERS];
    if (!store_cleanup_plan(invocation, m->store, m->view, &rule, &cleanup, &damaged)
        && damaged.kind != ERR_INTEGRITY) {
        *err = TAKE(damaged);
        return false;
    }
    for (size_t i = 0; i < m->view->layers.count; i++) {
        const struct listed_layer *layer = &m->view->layers.items[i];
        uint64_t size = fs_tree_size(layer->path);
        bool is_garbage = strlist_contains(&cleanup.layers, layer->name);
        layers->count++;
        layers->active += !is_garbage;
        layers->size += size;
        layers->reclaimable += is_garbage ? size : 0;
        add_to_images(m, layer->name, size);
    }
    return true;
}

static bool measure_directory(const struct measuring *m, const char *name, struct usage *usage,
                              struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(str_free) char *path = fs_join(m->store->root, name);
    if (!fs_list(path, &names, err))
        return false;
    usage->count += names.count;
    usage->size += fs_tree_size(path);
    return true;
}

/* Partial downloads go on where they stopped, writable layers belong to runs and names: neither is
 * garbage yet. */
static bool measure_rest(struct measuring *m, struct error *err)
{
    struct usage *runs = &m->usage.classes[USAGE_RUNS];
    struct usage *trash = &m->usage.classes[USAGE_TRASH];
    if (!measure_directory(m, "ingest", &m->usage.classes[USAGE_INGEST], err)
        || !measure_directory(m, "scratch", runs, err)
        || !measure_directory(m, "trash", trash, err))
        return false;
    runs->count = 0;
    for (size_t i = 0; i < m->view->runs.count; i++) {
        runs->count += !m->view->runs.items[i].layer;
        runs->active += !m->view->runs.items[i].layer && !m->view->runs.items[i].done;
    }
    for (size_t i = 0; i < m->view->names.count; i++) {
        runs->count += m->view->names.items[i].scratch != NULL;
        runs->active += m->view->names.items[i].scratch != NULL;
    }
    trash->size += layer_retired_size(m->store->root);
    trash->reclaimable = trash->size;
    return true;
}

void store_usage_clear(struct store_usage *usage)
{
    mem_free(&usage->images);
    *usage = (struct store_usage){0};
}

bool store_usage_measure(const struct invocation *invocation, const struct blob_store *store,
                         const struct store_view *view, struct store_usage *ret, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist needed = {0};
    CLEANUP(error_clear) struct error ignored = {0};
    struct measuring m = {.store = store, .view = view};
    measure_images(&m, &needed);
    m.usage.free_space_known = fs_free_space(store->root, &m.usage.free_space, &ignored);
    if (!measure_blobs(&m, &needed, err) || !measure_layers(invocation, &m, err)
        || !measure_rest(&m, err)) {
        store_usage_clear(&m.usage);
        return false;
    }
    *ret = m.usage;
    return true;
}
