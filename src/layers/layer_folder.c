/* SPDX-License-Identifier: MIT */
#include "layers/layer_folder.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "layers/path_list.h"

void folder_list_add(struct folder_list *list, const char *name, bool is_directory)
{
    list->items = array_room(list->items, list->count, sizeof(*list->items));
    list->items[list->count++] =
        (struct folder_entry){.name = xstrdup(name), .is_directory = is_directory};
}

static int compare(const void *a, const void *b)
{
    const struct folder_entry *first = a;
    const struct folder_entry *second = b;
    return strcmp(first->name, second->name);
}

void folder_list_sort(struct folder_list *list)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), compare);
}

void folder_list_clear(struct folder_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        str_free(&list->items[i].name);
    mem_free(&list->items);
    *list = (struct folder_list){0};
}

void folder_streams_add(struct folder_streams *streams, const char *name, uint64_t size)
{
    streams->items = array_room(streams->items, streams->count, sizeof(*streams->items));
    streams->items[streams->count++] = (struct folder_stream){.name = xstrdup(name), .size = size};
}

void folder_streams_clear(struct folder_streams *streams)
{
    for (size_t i = 0; i < streams->count; i++)
        str_free(&streams->items[i].name);
    mem_free(&streams->items);
    *streams = (struct folder_streams){0};
}
