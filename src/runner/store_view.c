/* SPDX-License-Identifier: MIT */
#include "runner/store_view.h"

#include "base/alloc.h"
#include "base/text.h"
#include "runner/host.h"

bool store_view_read(const struct invocation *invocation, const struct blob_store *store,
                     struct store_view *ret, struct error *err)
{
    CLEANUP(store_view_clear) struct store_view view = {0};
    if (!image_list_read(store, &view.images, err)
        || !host_layers_list(invocation, &view.layers, err)
        || !run_record_read_all(invocation->root, &view.runs, err)
        || !named_layer_list_read(invocation->root, &view.names, err))
        return false;
    view.leaving = xcalloc(view.images.count + 1, sizeof(*view.leaving));
    *ret = TAKE(view);
    return true;
}

void store_view_add_leaving(struct store_view *view, const struct blob_store *store,
                            struct image_record *record)
{
    image_list_add(store, record, &view->images);
    view->leaving = xrealloc_array(view->leaving, view->images.count + 1, sizeof(*view->leaving));
    view->leaving[view->images.count - 1] = true;
}

void store_view_clear(struct store_view *view)
{
    image_list_clear(&view->images);
    layer_list_clear(&view->layers);
    run_record_list_clear(&view->runs);
    named_layer_list_clear(&view->names);
    mem_free(&view->leaving);
}

void store_view_layer_names(const struct listed_image *image, struct strlist *ret)
{
    struct digest chain = {0};
    for (size_t i = 0; i < image->config.diff_id_count; i++) {
        char name[LAYER_DIRECTORY_NAME_SIZE];
        chain = chain_id_next(&chain, &image->config.diff_ids[i]);
        layer_directory_name(&chain, name);
        strlist_add(ret, name);
    }
}

/* By its layers, for the same image may be known by other names; records of older versions have the
 * name only. */
static bool is_user(const struct run_record *run, const struct listed_image *image)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (run->layers.count == 0)
        return run->image && image->record.reference
            && str_equal(run->image, image->record.reference);
    if (digest_is_set(&run->image_digest) && image->record.reference
        && digest_equal(&run->image_digest, &image->record.digest))
        return true;
    store_view_layer_names(image, &names);
    return names.count > 0 && str_equal(run->layers.items[0], names.items[names.count - 1]);
}

const struct run_record *store_view_user(const struct store_view *view,
                                         const struct listed_image *image)
{
    for (size_t i = 0; i < view->runs.count; i++)
        if (is_user(&view->runs.items[i], image))
            return &view->runs.items[i];
    return NULL;
}

const struct named_layer *store_view_named_user(const struct store_view *view,
                                                const struct listed_image *image)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    store_view_layer_names(image, &names);
    for (size_t i = 0; i < view->names.count && names.count > 0; i++)
        if (strlist_contains(&view->names.items[i].parents, names.items[names.count - 1]))
            return &view->names.items[i];
    return NULL;
}

bool store_view_is_blind(const struct store_view *view)
{
    return view->runs.unreadable > 0 || view->names.damaged.count > 0;
}

bool store_view_has_other_name(const struct store_view *view, size_t image)
{
    const struct image_record *record = &view->images.items[image].record;
    for (size_t i = 0; i < view->images.count; i++) {
        const struct image_record *other = &view->images.items[i].record;
        if (i != image && !view->leaving[i] && record->reference && other->reference
            && digest_equal(&other->digest, &record->digest))
            return true;
    }
    return false;
}
