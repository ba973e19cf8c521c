/* SPDX-License-Identifier: MIT */
/* path_list: owned layer paths in the order they were added. */
#pragma once

#include "layers/layer_path.h"

struct path_list {
    struct layer_path *items;
    size_t count;
};

/* Adds a copy. */
void path_list_add(struct path_list *list, const struct layer_path *path);
void path_list_clear(struct path_list *list);

/* Room for one more element in an array that grows by doubling and stores no capacity. */
void *array_room(void *items, size_t count, size_t size);
