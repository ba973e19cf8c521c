/* SPDX-License-Identifier: MIT */
#include "layers/merge_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "layers/name_set.h"

#define SMALLEST_CAPACITY 256

static char *folded_copy(const char *text, size_t length)
{
    char *folded = xstrndup(text, length);
    name_fold(folded);
    return folded;
}

/* FNV-1a; what a stranger can do with equal hashes is to make this slow, as with a tar of twice
 * the size. */
static uint64_t hash_of(const char *folded)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (; *folded; folded++)
        hash = (hash ^ (unsigned char)*folded) * 0x100000001B3u;
    return hash ^ hash >> 32;
}

static struct merge_directory **find_slot(const struct merge_names *names, const char *folded)
{
    size_t at = (size_t)hash_of(folded) & (names->capacity - 1);
    while (names->slots[at] && !str_equal(names->slots[at]->folded, folded))
        at = (at + 1) & (names->capacity - 1);
    return &names->slots[at];
}

static void grow(struct merge_names *names)
{
    struct merge_names larger = {
        .capacity = names->capacity ? names->capacity * 2 : SMALLEST_CAPACITY,
        .count = names->count,
    };
    larger.slots = xcalloc(larger.capacity, sizeof(*larger.slots));
    for (size_t i = 0; i < names->capacity; i++)
        if (names->slots[i])
            *find_slot(&larger, names->slots[i]->folded) = names->slots[i];
    mem_free(&names->slots);
    *names = larger;
}

struct merge_directory *merge_names_add(struct merge_names *names, const char *path)
{
    if (names->count >= names->capacity / 4 * 3)
        grow(names);
    struct merge_directory *directory = xcalloc(1, sizeof(*directory));
    directory->folded = folded_copy(path, strlen(path));
    directory->path = xstrdup(path);
    *find_slot(names, directory->folded) = directory;
    names->count++;
    return directory;
}

static int compare(const void *a, const void *b)
{
    const struct merge_name *left = a;
    const struct merge_name *right = b;
    return strcmp(left->folded, right->folded);
}

void merge_directory_set_old(struct merge_directory *directory, const struct strlist *children)
{
    directory->is_old = true;
    directory->names = xcalloc(children->count + 1, sizeof(*directory->names));
    directory->name_count = children->count;
    for (size_t i = 0; i < children->count; i++) {
        const char *name = children->items[i];
        directory->names[i] = (struct merge_name){
            .folded = folded_copy(name, strlen(name)),
            .name = xstrdup(name),
        };
    }
    qsort(directory->names, directory->name_count, sizeof(*directory->names), compare);
}

const struct merge_directory *merge_names_find(const struct merge_names *names, const char *path,
                                               size_t length)
{
    if (names->capacity == 0)
        return NULL;
    CLEANUP(str_free) char *folded = folded_copy(path, length);
    return *find_slot(names, folded);
}

const char *merge_directory_find(const struct merge_directory *directory, const char *name)
{
    if (directory->name_count == 0)
        return NULL;
    CLEANUP(str_free) char *folded = folded_copy(name, strlen(name));
    const struct merge_name wanted = {.folded = folded};
    const struct merge_name *found = bsearch(&wanted, directory->names, directory->name_count,
                                             sizeof(*directory->names), compare);
    return found ? found->name : NULL;
}

static void directory_free(struct merge_directory *directory)
{
    for (size_t i = 0; i < directory->name_count; i++) {
        str_free(&directory->names[i].folded);
        str_free(&directory->names[i].name);
    }
    mem_free(&directory->names);
    str_free(&directory->folded);
    str_free(&directory->path);
    mem_free(&directory);
}

void merge_names_clear(struct merge_names *names)
{
    for (size_t i = 0; i < names->capacity; i++)
        if (names->slots[i])
            directory_free(names->slots[i]);
    mem_free(&names->slots);
    *names = (struct merge_names){0};
}

const char *merge_find_spelling(const struct strlist *names, const char *name)
{
    CLEANUP(str_free) char *folded = folded_copy(name, strlen(name));
    for (size_t i = 0; i < names->count; i++) {
        CLEANUP(str_free) char *other = folded_copy(names->items[i], strlen(names->items[i]));
        if (str_equal(folded, other))
            return names->items[i];
    }
    return NULL;
}
