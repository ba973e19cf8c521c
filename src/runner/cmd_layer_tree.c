/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "runner/layer_listing.h"
#include "runner/size_text.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

#define SHORT_NAME 12 /* digits of a directory's name */
#define INDENT 2      /* spaces */

struct tree {
    struct layer_listing listing;
    struct buf text;
};

static const char *parent_of(const struct listed_layer *layer)
{
    return layer->record.parents.count > 0 ? layer->record.parents.items[0] : NULL;
}

/* ---- for people ---- */

static void add_line(struct tree *tree, unsigned depth, const char *what, const char *kind,
                     uint64_t size)
{
    CLEANUP(str_free) char *shown = str_printable(what, SIZE_MAX);
    CLEANUP(str_free) char *bytes = size_text(size);
    buf_addf(&tree->text, "%*s%s  (%s, %s)\n", (int)(depth * INDENT), "", shown, kind, bytes);
}

/* What a layer is called: its names, the images it is the top of, or its directory. */
static void add_layer(struct tree *tree, unsigned depth, const struct listed_layer *layer)
{
    const struct layer_listing *listing = &tree->listing;
    const char *image = layer_listing_image_of(listing, layer->name);
    const struct named_layer *name = layer_listing_name_of(listing, layer->name);
    CLEANUP(str_free) char *directory = xstrndup(layer->name, SHORT_NAME);
    CLEANUP(str_free)
    char *what = str_format("%s%s%s", name ? name->name : "", name && image ? " = " : "",
                            image      ? image
                                : name ? ""
                                       : directory);
    add_line(tree, depth, what,
             name        ? "committed"
                 : image ? "image"
                         : "layer",
             layer_listing_size(&tree->listing, layer->name));
}

static void add_writable(struct tree *tree, unsigned depth, const char *parent)
{
    const struct named_layer_list *names = &tree->listing.view.names;
    for (size_t i = 0; i < names->count; i++) {
        const struct named_layer *layer = &names->items[i];
        CLEANUP(str_free) char *path = named_layer_path(tree->listing.root, layer);
        if (layer->state != NAMED_LAYER_COMMITTED && str_equal(layer->parents.items[0], parent))
            add_line(tree, depth, layer->name, named_layer_state_name(layer->state),
                     fs_tree_size(path));
    }
}

/* As deep as a chain of layers, which Windows limits to about a hundred. */
static void add_children(struct tree *tree, unsigned depth, const char *parent)
{
    const struct layer_list *layers = &tree->listing.view.layers;
    for (size_t i = 0; i < layers->count; i++) {
        const struct listed_layer *layer = &layers->items[i];
        if (layer->damage || !str_equal(parent_of(layer), parent)
            || layer->record.parents.count != depth)
            continue;
        add_layer(tree, depth, layer);
        add_writable(tree, depth + 1, layer->name);
        add_children(tree, depth + 1, layer->name);
    }
}

/* ---- for programs ---- */

static void put_names(struct json_writer *w, const struct layer_listing *listing,
                      const char *directory)
{
    const struct named_layer_list *names = &listing->view.names;
    JSON_ARRAY(w, "names") {
        for (size_t i = 0; i < names->count; i++)
            if (names->items[i].state == NAMED_LAYER_COMMITTED
                && str_equal(names->items[i].layer, directory))
                json_string(w, NULL, names->items[i].name);
    }
    JSON_ARRAY(w, "writable") {
        for (size_t i = 0; i < names->count; i++)
            if (names->items[i].state != NAMED_LAYER_COMMITTED
                && str_equal(names->items[i].parents.items[0], directory))
                json_string(w, NULL, names->items[i].name);
    }
}

static bool compose_json(struct layer_listing *listing, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_ARRAY(&w, NULL) {
        for (size_t i = 0; i < listing->view.layers.count; i++) {
            const struct listed_layer *layer = &listing->view.layers.items[i];
            JSON_OBJECT(&w, NULL) {
                json_string(&w, "layer", layer->name);
                json_opt_string(&w, "parent", parent_of(layer));
                json_opt_string(&w, "image", layer_listing_image_of(listing, layer->name));
                put_names(&w, listing, layer->name);
                json_uint(&w, "exclusive", layer_listing_size(listing, layer->name));
            }
        }
    }
    return json_writer_finish_line(&w, ret, err);
}

static bool print(const struct invocation *invocation, struct tree *tree, struct error *err)
{
    CLEANUP(str_free) char *text = NULL;
    if (!invocation->global.json) {
        add_children(tree, 0, NULL);
        return terminal_result(buf_str(&tree->text), err);
    }
    return compose_json(&tree->listing, &text, err) && terminal_result(text, err);
}

static bool run_tree(struct invocation *invocation, void *options, const struct strlist *args,
                     int *ret_code, struct error *err)
{
    struct tree tree = {0};
    (void)options;
    (void)args;
    (void)ret_code;
    if (!layer_listing_open(invocation, &tree.listing, err))
        return false;
    buf_init(&tree.text, BUF_UNBOUNDED);
    bool done = print(invocation, &tree, err);
    buf_clear(&tree.text);
    layer_listing_close(&tree.listing);
    return done;
}

const struct verb verb_layer_tree = {
    .name = "layer tree",
    .synopsis = "",
    .summary = "Show which layers stand on which",
    .help =
        "Every layer of the store with its names, from the base layers up. With --json it is a\n"
        "list, in which each layer names its parent.\n\n"
        "As: ctr snapshots tree\n",
    .maximum_args = 0,
    .uses_root = true,
    .run = run_tree,
};
