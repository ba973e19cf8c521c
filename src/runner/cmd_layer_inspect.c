/* SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "runner/layer_listing.h"
#include "runner/size_text.h"
#include "runner/tally.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

/* ---- for people ---- */

static void add_line(struct buf *text, const char *title, const char *value)
{
    CLEANUP(str_free) char *shown = value ? str_printable(value, SIZE_MAX) : NULL;
    if (shown && *shown)
        buf_addf(text, "%-12s %s\n", title, shown);
}

static void add_owned_line(struct buf *text, const char *title, char *value)
{
    add_line(text, title, value);
    str_free(&value);
}

static void add_list(struct buf *text, const char *title, const struct strlist *list)
{
    for (size_t i = 0; i < list->count; i++)
        add_line(text, i == 0 ? title : "", list->items[i]);
}

static char *compose_text(const struct layer_listing *listing, const struct layer_row *row)
{
    CLEANUP(buf_clear) struct buf text;
    CLEANUP(strlist_clear) struct strlist parents = {0};
    const struct named_layer *layer = row->name;
    buf_init(&text, BUF_UNBOUNDED);
    named_layer_parent_paths(listing->root, layer, &parents);
    add_line(&text, "Name", layer->name);
    add_line(&text, "State", named_layer_state_name(layer->state));
    add_line(&text, "Parent", row->parent);
    add_line(&text, "From", layer->from);
    add_owned_line(&text, "Path", named_layer_path(listing->root, layer));
    add_list(&text, "Parents", &parents);
    add_owned_line(&text, "Size", size_text(row->exclusive));
    add_owned_line(&text, "Shared", size_text(row->shared));
    if (layer->storage_bytes)
        add_owned_line(&text, "Disk", size_text(layer->storage_bytes));
    add_line(&text, "Created", layer->created);
    add_line(&text, "Last used", layer->last_used);
    add_owned_line(&text, "In use by", layer_row_holder(row));
    add_list(&text, "Labels", &layer->labels);
    return buf_take_str(&text);
}

/* ---- for programs ---- */

static bool compose_json(const struct layer_listing *listing, const struct layer_row *row,
                         char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    layer_row_put(&w, listing, row);
    return json_writer_finish_line(&w, ret, err);
}

static bool inspect(const struct invocation *invocation, struct layer_listing *listing,
                    const char *name, struct error *err)
{
    CLEANUP(str_free) char *text = NULL;
    const struct named_layer *layer = named_layer_list_find(&listing->view.names, name);
    if (!layer)
        return named_layer_not_found(name, err);
    /* One row at a time: a name may be given twice. */
    layer_listing_clear_rows(listing);
    layer_listing_add_name(listing, layer, /* measured= */ true);
    if (!invocation->global.json)
        text = compose_text(listing, &listing->rows[0]);
    else if (!compose_json(listing, &listing->rows[0], &text, err))
        return false;
    return terminal_result(text, err);
}

static bool run_inspect(struct invocation *invocation, void *options, const struct strlist *args,
                        int *ret_code, struct error *err)
{
    CLEANUP(layer_listing_close) struct layer_listing listing = {0};
    struct tally tally = {.invocation = invocation, .verb = "layer inspect"};
    (void)options;
    (void)ret_code;
    if (!layer_listing_open(invocation, &listing, err))
        return false;
    for (size_t i = 0; i < args->count; i++) {
        struct error failure = {0};
        if (!inspect(invocation, &listing, args->items[i], &failure))
            tally_add(&tally, &failure);
    }
    return tally_finish(&tally, err);
}

const struct verb verb_layer_inspect = {
    .name = "layer inspect",
    .synopsis = "NAME...",
    .summary = "Show what is known of named layers",
    .help = "With --json there is one object for each name and line.\n\n"
            "As: ctr snapshots info\n",
    .minimum_args = 1,
    .maximum_args = SIZE_MAX,
    .uses_root = true,
    .run = run_inspect,
};
