/* SPDX-License-Identifier: MIT */
#include "layers/link_table.h"

#include <string.h>

#include "base/alloc.h"

#define SMALLEST_CAPACITY 256

struct link_slot {
    unsigned char id[FOLDER_ID_SIZE];
    char *name; /* NULL = free */
};

/* The numbers of files are consecutive, more or less: FNV-1a spreads them. */
static size_t hash_of(const unsigned char *id)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < FOLDER_ID_SIZE; i++)
        hash = (hash ^ id[i]) * UINT64_C(0x100000001b3);
    return (size_t)(hash ^ hash >> 32);
}

/* The slot of the file, or the free one where it belongs. */
static struct link_slot *find(const struct link_table *table, const unsigned char *id)
{
    size_t at = hash_of(id) & (table->capacity - 1);
    while (table->slots[at].name && memcmp(table->slots[at].id, id, FOLDER_ID_SIZE) != 0)
        at = (at + 1) & (table->capacity - 1);
    return &table->slots[at];
}

static void grow(struct link_table *table)
{
    struct link_table larger = {
        .capacity = table->capacity ? table->capacity * 2 : SMALLEST_CAPACITY,
        .count = table->count,
    };
    larger.slots = xcalloc(larger.capacity, sizeof(*larger.slots));
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i].name)
            *find(&larger, table->slots[i].id) = table->slots[i];
    }
    mem_free(&table->slots);
    *table = larger;
}

const char *link_table_find(const struct link_table *table, const unsigned char id[FOLDER_ID_SIZE])
{
    return table->count > 0 ? find(table, id)->name : NULL;
}

void link_table_put(struct link_table *table, const unsigned char id[FOLDER_ID_SIZE],
                    const char *name)
{
    if (table->count >= table->capacity / 4 * 3)
        grow(table);
    struct link_slot *slot = find(table, id);
    if (slot->name)
        return;
    memcpy(slot->id, id, FOLDER_ID_SIZE);
    slot->name = xstrdup(name);
    table->count++;
}

void link_table_clear(struct link_table *table)
{
    for (size_t i = 0; i < table->capacity; i++)
        str_free(&table->slots[i].name);
    mem_free(&table->slots);
    *table = (struct link_table){0};
}
