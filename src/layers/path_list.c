/* SPDX-License-Identifier: MIT */
#include "layers/path_list.h"

#include "base/alloc.h"

void *array_room(void *items, size_t count, size_t size)
{
    /* Full exactly when the count is a power of two. */
    if (count & (count - 1))
        return items;
    return xrealloc_array(items, count ? count * 2 : 1, size);
}

void path_list_add(struct path_list *list, const struct layer_path *path)
{
    list->items = array_room(list->items, list->count, sizeof(*list->items));
    list->items[list->count++] = layer_path_copy(path);
}

void path_list_clear(struct path_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        layer_path_clear(&list->items[i]);
    mem_free(&list->items);
    *list = (struct path_list){0};
}
