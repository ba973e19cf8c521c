/* SPDX-License-Identifier: MIT */
/* link_table: files of which one name is known already, by the file system's number for them. */
#pragma once

#include "layers/layer_folder.h"

struct link_slot;

struct link_table {
    struct link_slot *slots; /* NULL while empty */
    size_t capacity;         /* a power of two */
    size_t count;
};

/* The name put in before for the file, or NULL. */
const char *link_table_find(const struct link_table *table, const unsigned char id[FOLDER_ID_SIZE]);
void link_table_put(struct link_table *table, const unsigned char id[FOLDER_ID_SIZE],
                    const char *name);
void link_table_clear(struct link_table *table);
