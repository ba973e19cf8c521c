/* SPDX-License-Identifier: MIT */
/* merge_names: the directories that a layer has touched in a tree, and what lay in them before, all
 * looked up as Windows compares names. */
#pragma once

#include "base/strlist.h"
#include "layers/win_meta.h"

struct merge_name {
    char *folded;
    char *name; /* as the tree spells it */
};

struct merge_directory {
    char *folded;                 /* the whole path */
    char *path;                   /* as the tree spells it */
    bool is_old;                  /* lower layers have it */
    struct win_basic_info before; /* if they do: its times before this layer came */
    struct merge_name *names;     /* what they have in it, sorted by 'folded' */
    size_t name_count;
};

struct merge_names {
    struct merge_directory **slots; /* by hash; NULL = free */
    size_t capacity;                /* a power of two, or 0 */
    size_t count;
};

/* Adds an owned directory of that path, which has not been added before; it stays where it is. */
struct merge_directory *merge_names_add(struct merge_names *names, const char *path);
/* Says that lower layers have the directory, with these children. */
void merge_directory_set_old(struct merge_directory *directory, const struct strlist *children);

/* The directory of the first 'length' bytes of a path; NULL = not touched yet. */
const struct merge_directory *merge_names_find(const struct merge_names *names, const char *path,
                                               size_t length);
/* How lower layers spell a name in the directory; NULL = they have none like it. */
const char *merge_directory_find(const struct merge_directory *directory, const char *name);
void merge_names_clear(struct merge_names *names);

/* The entry of 'names' that Windows takes for 'name'; NULL = none. */
const char *merge_find_spelling(const struct strlist *names, const char *name);
