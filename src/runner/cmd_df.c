/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/json_write.h"
#include "runner/size_text.h"
#include "runner/store_usage.h"
#include "runner/table.h"
#include "runner/terminal.h"
#include "runner/verbs.h"

static const struct {
    const char *title; /* for people */
    const char *key;   /* for programs */
} classes[USAGE_COUNT] = {
    [USAGE_IMAGES] = {"Images", "images"},
    [USAGE_BLOBS] = {"Blobs of no image", "blobs"},
    [USAGE_LAYERS] = {"Unpacked layers", "layers"},
    [USAGE_INGEST] = {"Partial downloads", "partial"},
    [USAGE_RUNS] = {"Writable layers", "runs"},
    [USAGE_TRASH] = {"Deleted, on the disk", "trash"},
};

struct df {
    struct blob_store store;
    struct store_view view;
    struct store_usage usage;
};

static void df_clear(struct df *df)
{
    blob_store_close(&df->store);
    store_view_clear(&df->view);
    store_usage_clear(&df->usage);
}

static void add_amounts(struct table *table, const struct usage *usage)
{
    table_add_owned(table, str_format("%zu", usage->count));
    table_add_owned(table, str_format("%zu", usage->active));
    table_add_owned(table, size_text(usage->size));
    table_add_owned(table, size_text(usage->reclaimable));
}

static char *compose_table(const struct df *df)
{
    static const char *const titles[] = {"TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE"};
    CLEANUP(table_clear) struct table table = {.columns = ARRAY_SIZE(titles)};
    for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
        table_add(&table, titles[i]);
    for (size_t i = 0; i < USAGE_COUNT; i++) {
        table_add(&table, classes[i].title);
        add_amounts(&table, &df->usage.classes[i]);
    }
    return table_format(&table);
}

static char *compose_image_table(const struct df *df)
{
    static const char *const titles[] = {"IMAGE", "EXCLUSIVE", "SHARED"};
    CLEANUP(table_clear) struct table table = {.columns = ARRAY_SIZE(titles)};
    for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
        table_add(&table, titles[i]);
    for (size_t i = 0; i < df->view.images.count; i++) {
        const struct listed_image *image = &df->view.images.items[i];
        table_add(&table, image->record.reference ? image->record.reference : image->name);
        table_add_owned(&table, size_text(df->usage.images[i].exclusive));
        table_add_owned(&table, size_text(df->usage.images[i].shared));
    }
    return table_format(&table);
}

static char *compose_text(const struct df *df, bool verbose)
{
    CLEANUP(str_free) char *classes_text = compose_table(df);
    CLEANUP(str_free) char *images = verbose ? compose_image_table(df) : xstrdup("");
    CLEANUP(str_free) char *space = size_text(df->usage.free_space);
    return str_format("%s%s%s\nFree on the volume: %s\n", classes_text, *images ? "\n" : "", images,
                      df->usage.free_space_known ? space : "unknown");
}

static bool compose_json(const struct df *df, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_string(&w, "root", df->store.root);
        if (df->usage.free_space_known)
            json_uint(&w, "free", df->usage.free_space);
        for (size_t i = 0; i < USAGE_COUNT; i++) {
            JSON_OBJECT(&w, classes[i].key) {
                json_uint(&w, "count", df->usage.classes[i].count);
                json_uint(&w, "active", df->usage.classes[i].active);
                json_uint(&w, "size", df->usage.classes[i].size);
                json_uint(&w, "reclaimable", df->usage.classes[i].reclaimable);
            }
        }
        JSON_ARRAY(&w, "perImage") {
            for (size_t i = 0; i < df->view.images.count; i++) {
                const struct listed_image *image = &df->view.images.items[i];
                JSON_OBJECT(&w, NULL) {
                    json_opt_string(&w, "reference", image->record.reference);
                    json_opt_string(&w, "digest", image->record.digest.text);
                    json_uint(&w, "exclusive", df->usage.images[i].exclusive);
                    json_uint(&w, "shared", df->usage.images[i].shared);
                }
            }
        }
    }
    return json_writer_finish_line(&w, ret, err);
}

static bool run_df(struct invocation *invocation, void *options, const struct strlist *args,
                   int *ret_code, struct error *err)
{
    CLEANUP(df_clear) struct df df = {0};
    CLEANUP(str_free) char *text = NULL;
    (void)options;
    (void)args;
    (void)ret_code;
    if (!blob_store_open_to_read(invocation->root, &df.store, err)
        || !store_view_read(invocation, &df.store, &df.view, err)
        || !store_usage_measure(invocation, &df.store, &df.view, &df.usage, err))
        return false;
    if (!invocation->global.json)
        text = compose_text(&df, invocation->global.verbose);
    else if (!compose_json(&df, &text, err))
        return false;
    return terminal_result(text, err);
}

const struct verb verb_df = {
    .name = "df",
    .synopsis = "",
    .summary = "Show what the store takes on the disk",
    .help =
        "Unused images go with 'wrun prune --all', and their layers with them, the rest of what\n"
        "is reclaimable with 'wrun prune'. --verbose shows for each image what goes with it\n"
        "and what others share, blobs and unpacked layers together.\n\n"
        "As: docker system df\n",
    .minimum_args = 0,
    .maximum_args = 0,
    .uses_root = true,
    .run = run_df,
};
