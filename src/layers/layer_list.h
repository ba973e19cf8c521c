/* SPDX-License-Identifier: MIT */
/* layer_list: the complete layers of a store, looked at without touching them. */
#pragma once

#include "layers/layer_record.h"

struct listed_layer {
    char *name;                 /* of its directory */
    char *path;                 /* of its directory */
    struct layer_record record; /* empty when damaged */
    char *damage;               /* what is wrong with the record, or NULL */
    uint64_t age;               /* seconds since it was imported */
};

struct layer_list {
    struct listed_layer *items; /* ordered by name */
    size_t count;
};

/* 'root' is the store's; without layers the list is empty. */
bool layer_list_read(const char *root, struct layer_list *ret, struct error *err) MUST_USE;
void layer_list_clear(struct layer_list *list);
/* NULL when there is none of that name. */
const struct listed_layer *layer_list_find(const struct layer_list *list, const char *name);

/* Bytes of what is on its way out, of layers and of scratch folders, and still on the disk. */
uint64_t layer_retired_size(const char *root);
