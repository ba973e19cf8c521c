/* SPDX-License-Identifier: MIT */
#include "runner/layer_listing.h"

#include "base/alloc.h"
#include "base/fs.h"
#include "base/text.h"
#include "layers/chain.h"
#include "runner/layer_json.h"

#define SHORT_NAME 12 /* digits of a directory's name, for people */

bool layer_listing_open(const struct invocation *invocation, struct layer_listing *ret,
                        struct error *err)
{
    CLEANUP(layer_listing_close) struct layer_listing listing = {.root = xstrdup(invocation->root)};
    if (!blob_store_open_to_read(invocation->root, &listing.store, err)
        || !store_view_read(invocation, &listing.store, &listing.view, err))
        return false;
    listing.sizes = xcalloc(listing.view.layers.count + 1, sizeof(*listing.sizes));
    for (size_t i = 0; i < listing.view.layers.count; i++)
        listing.sizes[i] = LAYER_SIZE_UNKNOWN;
    listing.rows =
        xcalloc(listing.view.layers.count + listing.view.names.count + listing.view.runs.count + 1,
                sizeof(*listing.rows));
    *ret = TAKE(listing);
    return true;
}

void layer_listing_clear_rows(struct layer_listing *listing)
{
    for (size_t i = 0; i < listing->count; i++)
        str_free(&listing->rows[i].parent);
    listing->count = 0;
}

void layer_listing_close(struct layer_listing *listing)
{
    layer_listing_clear_rows(listing);
    mem_free(&listing->rows);
    mem_free(&listing->sizes);
    store_view_clear(&listing->view);
    blob_store_close(&listing->store);
    str_free(&listing->root);
}

/* ---- who is what ---- */

const char *layer_listing_image_of(const struct layer_listing *listing, const char *directory)
{
    for (size_t i = 0; i < listing->view.images.count; i++) {
        const struct listed_image *image = &listing->view.images.items[i];
        CLEANUP(strlist_clear) struct strlist names = {0};
        store_view_layer_names(image, &names);
        if (names.count > 0 && str_equal(names.items[names.count - 1], directory))
            return image->record.reference;
    }
    return NULL;
}

const struct named_layer *layer_listing_name_of(const struct layer_listing *listing,
                                                const char *directory)
{
    for (size_t i = 0; i < listing->view.names.count; i++) {
        const struct named_layer *name = &listing->view.names.items[i];
        if (name->state == NAMED_LAYER_COMMITTED && str_equal(name->layer, directory))
            return name;
    }
    return NULL;
}

static char *describe(const struct layer_listing *listing, const char *directory)
{
    const struct named_layer *name = layer_listing_name_of(listing, directory);
    const char *image = layer_listing_image_of(listing, directory);
    return name ? xstrdup(name->name) : image ? xstrdup(image) : xstrndup(directory, SHORT_NAME);
}

/* ---- sizes ---- */

uint64_t layer_listing_size(struct layer_listing *listing, const char *directory)
{
    const struct listed_layer *layer = layer_list_find(&listing->view.layers, directory);
    if (!layer)
        return 0;
    uint64_t *size = &listing->sizes[layer - listing->view.layers.items];
    if (*size == LAYER_SIZE_UNKNOWN)
        *size = fs_tree_size(layer->path);
    return *size;
}

static uint64_t sum_sizes(struct layer_listing *listing, const struct strlist *directories)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < directories->count; i++)
        sum += layer_listing_size(listing, directories->items[i]);
    return sum;
}

/* ---- rows ---- */

void layer_listing_add_name(struct layer_listing *listing, const struct named_layer *name,
                            bool measured)
{
    struct layer_row *row = &listing->rows[listing->count++];
    *row = (struct layer_row){
        .name = name,
        .parent = describe(listing, name->parents.items[0]),
        .is_held = named_layer_is_held(listing->root, name->name),
    };
    if (name->state == NAMED_LAYER_COMMITTED)
        row->layer = layer_list_find(&listing->view.layers, name->layer);
    if (row->is_held)
        row->user = run_record_list_find_layer(&listing->view.runs, name->name);
    if (!measured)
        return;
    CLEANUP(str_free) char *path = named_layer_path(listing->root, name);
    row->exclusive =
        row->layer ? layer_listing_size(listing, row->layer->name) : fs_tree_size(path);
    row->shared = sum_sizes(listing, &name->parents);
}

void layer_listing_add_layer(struct layer_listing *listing, const struct listed_layer *layer,
                             bool measured)
{
    struct layer_row *row = &listing->rows[listing->count++];
    const struct strlist *parents = &layer->record.parents;
    *row = (struct layer_row){
        .layer = layer,
        .parent = parents->count > 0 ? describe(listing, parents->items[0]) : NULL,
    };
    if (!measured)
        return;
    row->exclusive = layer_listing_size(listing, layer->name);
    row->shared = sum_sizes(listing, parents);
}

void layer_listing_add_kept(struct layer_listing *listing, const struct run_record *run,
                            bool measured)
{
    struct layer_row *row = &listing->rows[listing->count++];
    *row = (struct layer_row){
        .kept = run,
        .parent = run->layers.count > 0 ? describe(listing, run->layers.items[0]) : NULL,
    };
    if (!measured)
        return;
    row->exclusive = fs_tree_size(run->scratch_directory);
    row->shared = sum_sizes(listing, &run->layers);
}

const char *layer_row_name(const struct layer_row *row)
{
    if (row->name)
        return row->name->name;
    return row->kept ? row->kept->name : row->layer->name;
}

const char *layer_row_state(const struct layer_row *row)
{
    if (row->name)
        return named_layer_state_name(row->name->state);
    return row->kept ? "kept" : "unnamed";
}

char *layer_row_holder(const struct layer_row *row)
{
    if (row->user)
        return str_format("run '%s' (%u)", row->user->name, (unsigned)row->user->process_id);
    return xstrdup(row->is_held ? "another wrun" : "");
}

/* ---- for programs ---- */

static void put_holder(struct json_writer *w, const struct layer_row *row)
{
    if (!row->is_held)
        return;
    JSON_OBJECT(w, "inUseBy") {
        if (row->user) {
            json_string(w, "run", row->user->name);
            json_uint(w, "processId", row->user->process_id);
        }
    }
}

static void put_parents(struct json_writer *w, const struct layer_listing *listing,
                        const struct strlist *parents)
{
    JSON_ARRAY(w, "parents") {
        for (size_t i = 0; i < parents->count; i++) {
            CLEANUP(str_free)
            char *path = layer_directory_path(listing->root, parents->items[i]);
            json_string(w, NULL, path);
        }
    }
}

static void put_kept(struct json_writer *w, const struct layer_listing *listing,
                     const struct run_record *run)
{
    json_string(w, "run", run->name);
    json_string(w, "path", run->scratch_directory);
    put_parents(w, listing, &run->layers);
    json_opt_string(w, "from", run->image);
}

static void put_unnamed(struct json_writer *w, const struct layer_listing *listing,
                        const struct listed_layer *layer)
{
    const struct layer_record *record = &layer->record;
    const char *image = layer_listing_image_of(listing, layer->name);
    json_string(w, "path", layer->path);
    put_parents(w, listing, &record->parents);
    json_opt_string(w, "image", image);
    json_opt_string(w, "damage", layer->damage);
    json_opt_string(w, "created", record->created);
}

static void put_ids(struct json_writer *w, const struct listed_layer *layer)
{
    if (!layer)
        return;
    json_opt_string(w, "diffId", layer->record.diff_id.text);
    json_opt_string(w, "chainId", layer->record.chain_id.text);
}

void layer_row_put(struct json_writer *w, const struct layer_listing *listing,
                   const struct layer_row *row)
{
    JSON_OBJECT(w, NULL) {
        if (!row->name)
            json_string(w, "state", layer_row_state(row));
        if (row->name)
            layer_json_put(w, listing->root, row->name);
        else if (row->kept)
            put_kept(w, listing, row->kept);
        else
            put_unnamed(w, listing, row->layer);
        put_ids(w, row->layer);
        json_opt_string(w, "parent", row->parent);
        json_uint(w, "exclusive", row->exclusive);
        json_uint(w, "shared", row->shared);
        put_holder(w, row);
    }
}
