/* SPDX-License-Identifier: MIT */
#include "layers/layer_list.h"

#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/text.h"
#include "layers/chain.h"
#include "layers/layer_retired.h"

static void listed_layer_clear(struct listed_layer *layer)
{
    str_free(&layer->name);
    str_free(&layer->path);
    layer_record_clear(&layer->record);
    str_free(&layer->damage);
}

static bool is_layer_name(const char *name)
{
    return strlen(name) == LAYER_DIRECTORY_NAME_SIZE - 1
        && strspn(name, "0123456789abcdef") == LAYER_DIRECTORY_NAME_SIZE - 1;
}

static bool read_record(const struct listed_layer *layer, const char *path,
                        struct layer_record *ret, struct error *err)
{
    CLEANUP(buf_clear) struct buf text = {0};
    CLEANUP(layer_record_clear) struct layer_record record = {0};
    char expected[LAYER_DIRECTORY_NAME_SIZE];
    if (!fs_read_file(path, LAYER_RECORD_MAXIMUM_BYTES, &text, err)
        || !layer_record_parse(buf_str(&text), text.length, &record, err))
        return false;
    layer_directory_name(&record.chain_id, expected);
    if (!str_equal(expected, layer->name))
        return error_set(err, ERR_INTEGRITY, "'%s' is the record of another layer, %s", path,
                         record.chain_id.text);
    *ret = TAKE(record);
    return true;
}

/* Without a record it is no layer yet, or none any more. */
static void add_layer(const char *directory, const char *name, struct layer_list *list)
{
    struct listed_layer *layer = &list->items[list->count];
    CLEANUP(error_clear) struct error failure = {0};
    *layer = (struct listed_layer){.name = xstrdup(name), .path = fs_join(directory, name)};
    CLEANUP(str_free) char *record = fs_join(layer->path, LAYER_RECORD_NAME);
    if (!is_layer_name(name) || !fs_age(record, &layer->age, &failure)) {
        listed_layer_clear(layer);
        return;
    }
    if (!read_record(layer, record, &layer->record, &failure))
        layer->damage = xstrdup(failure.message);
    list->count++;
}

bool layer_list_read(const char *root, struct layer_list *ret, struct error *err)
{
    CLEANUP(str_free) char *directory = fs_join(root, "layers");
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!fs_list(directory, &names, err))
        return error_wrap(err, "list the layers");
    struct layer_list list = {.items = xcalloc(names.count + 1, sizeof(*list.items))};
    for (size_t i = 0; i < names.count; i++)
        add_layer(directory, names.items[i], &list);
    *ret = list;
    return true;
}

void layer_list_clear(struct layer_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        listed_layer_clear(&list->items[i]);
    mem_free(&list->items);
    list->count = 0;
}

const struct listed_layer *layer_list_find(const struct layer_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->items[i].name, name))
            return &list->items[i];
    return NULL;
}

uint64_t layer_retired_size(const char *root)
{
    static const char *const directories[] = {"layers", "scratch"};
    uint64_t size = 0;
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        CLEANUP(error_clear) struct error ignored = {0};
        CLEANUP(strlist_clear) struct strlist names = {0};
        CLEANUP(str_free) char *directory = fs_join(root, directories[i]);
        if (!fs_list(directory, &names, &ignored))
            continue;
        for (size_t j = 0; j < names.count; j++) {
            CLEANUP(str_free) char *path = fs_join(directory, names.items[j]);
            if (layer_is_retired(names.items[j]))
                size += fs_tree_size(path);
        }
    }
    return size;
}
