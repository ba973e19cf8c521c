/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "runner/layer_filter.h"
#include "runner/layer_listing.h"
#include "runner/size_text.h"
#include "runner/table.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

#define DATE_LENGTH 19 /* "2025-11-11T08:15:00" of an RFC 3339 time */

struct ls_options {
    struct strlist filters;
    bool all;
};

static bool add_filter(const struct cli_option *option, const char *value, void *target,
                       struct error *err)
{
    return layer_filter_check(value, err) && cli_add_string(option, value, target, err);
}

static const struct cli_option options_table[] = {
    {"filter", 'f', "FILTER", "label=KEY[=VALUE], state=STATE or name=NAME; all must fit",
     add_filter, offsetof(struct ls_options, filters)},
    {"all", 'a', NULL, "Also layers that have no name of their own: of kept runs, and of images",
     cli_set_flag, offsetof(struct ls_options, all)},
};

static char *shown_time(const char *time)
{
    char *text = xstrndup(time ? time : "", DATE_LENGTH);
    for (char *c = text; *c; c++)
        if (*c == 'T')
            *c = ' ';
    return text;
}

static const char *created(const struct layer_row *row)
{
    if (row->name)
        return row->name->created;
    return row->layer ? row->layer->record.created : NULL;
}

static void add_row(struct table *table, const struct layer_row *row)
{
    const struct named_layer *name = row->name;
    CLEANUP(str_free)
    char *labels = name ? strlist_join(&name->labels, ",") : xstrdup("");
    table_add(table, layer_row_name(row));
    table_add(table, layer_row_state(row));
    table_add(table, row->parent ? row->parent : "");
    table_add_owned(table, size_text(row->exclusive));
    table_add_owned(table, size_text(row->shared));
    table_add_owned(table, shown_time(created(row)));
    table_add_owned(table, shown_time(name ? name->last_used : NULL));
    table_add_owned(table, layer_row_holder(row));
    table_add(table, labels);
}

static char *compose_table(const struct layer_listing *listing)
{
    static const char *const titles[] = {"NAME",    "STATE",     "PARENT", "SIZE",  "SHARED",
                                         "CREATED", "LAST USED", "IN USE", "LABELS"};
    CLEANUP(table_clear) struct table table = {.columns = ARRAY_SIZE(titles)};
    for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
        table_add(&table, titles[i]);
    for (size_t i = 0; i < listing->count; i++)
        add_row(&table, &listing->rows[i]);
    return table_format(&table);
}

static char *compose_names(const struct layer_listing *listing)
{
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    for (size_t i = 0; i < listing->count; i++)
        buf_addf(&text, "%s\n", layer_row_name(&listing->rows[i]));
    return buf_take_str(&text);
}

static bool compose_json(const struct layer_listing *listing, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_ARRAY(&w, NULL) {
        for (size_t i = 0; i < listing->count; i++)
            layer_row_put(&w, listing, &listing->rows[i]);
    }
    return json_writer_finish_line(&w, ret, err);
}

static void add_rows(struct layer_listing *listing, const struct ls_options *options, bool measured)
{
    const struct store_view *view = &listing->view;
    for (size_t i = 0; i < view->names.count; i++)
        if (layer_filter_matches(&options->filters, &view->names.items[i]))
            layer_listing_add_name(listing, &view->names.items[i], measured);
    bool unnamed = options->all && options->filters.count == 0;
    for (size_t i = 0; i < view->runs.count && unnamed; i++)
        if (view->runs.items[i].keep && view->runs.items[i].done)
            layer_listing_add_kept(listing, &view->runs.items[i], measured);
    for (size_t i = 0; i < view->layers.count && unnamed; i++)
        if (!layer_listing_name_of(listing, view->layers.items[i].name))
            layer_listing_add_layer(listing, &view->layers.items[i], measured);
}

static void warn_of_damage(const struct invocation *invocation, const struct layer_listing *listing)
{
    const struct strlist *damaged = &listing->view.names.damaged;
    for (size_t i = 0; i < damaged->count; i++)
        context_warn(&invocation->context, "the record of the layer '%s' cannot be read",
                     damaged->items[i]);
}

static bool run_ls(struct invocation *invocation, void *options, const struct strlist *args,
                   int *ret_code, struct error *err)
{
    CLEANUP(layer_listing_close) struct layer_listing listing = {0};
    CLEANUP(str_free) char *text = NULL;
    const struct global_options *global = &invocation->global;
    bool only_names = global->quiet && !global->json;
    (void)args;
    (void)ret_code;
    if (!layer_listing_open(invocation, &listing, err))
        return false;
    add_rows(&listing, options, !only_names);
    warn_of_damage(invocation, &listing);
    if (!global->json)
        text = only_names ? compose_names(&listing) : compose_table(&listing);
    else if (!compose_json(&listing, &text, err))
        return false;
    return terminal_result(text, err);
}

static void clear_options(void *options)
{
    strlist_clear(&((struct ls_options *)options)->filters);
}

const struct verb verb_layer_ls = {
    .name = "layer ls",
    .synopsis = "[OPTIONS]",
    .summary = "List named layers",
    .help =
        "SIZE is what the layer takes on the disk by itself, SHARED what those below it take.\n"
        "-q prints only the names. Several filters must all fit. With --all the layer of a run\n"
        "that was kept ('wrun run --keep') has the run's name and the state 'kept'.\n\n"
        "  wrun layer ls --json --filter label=project=a --filter state=committed\n\n"
        "As: ctr snapshots ls\n",
    .options = options_table,
    .option_count = ARRAY_SIZE(options_table),
    .options_size = sizeof(struct ls_options),
    .clear_options = clear_options,
    .maximum_args = 0,
    .uses_root = true,
    .run = run_ls,
};
