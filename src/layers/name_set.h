/* SPDX-License-Identifier: MIT */
/* name_set: which names a layer has used so far and for what, as Windows compares names.
 *
 * Letters are folded as NTFS folds them where that is known to matter (ASCII, Latin-1, Latin
 * Extended-A, Greek, Cyrillic); names that differ in the case of other letters are told apart here
 * and collide in the file system, which makes creating the second one fail. Only a 128-bit hash of
 * each name is kept: a layer may have millions. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum name_use {
    NAME_UNUSED = 0,
    NAME_FILE,
    NAME_DIRECTORY,
    NAME_IMPLIED_DIRECTORY, /* only known as the parent of something */
    NAME_LINK,              /* symlink or junction */
    NAME_HARD_LINK,
    NAME_TOMBSTONE,
    NAME_STREAM,
};

struct name_slot;

struct name_set {
    struct name_slot *slots; /* NULL while empty */
    size_t capacity;         /* a power of two */
    size_t count;
};

enum name_use name_set_get(const struct name_set *set, const char *name);
/* Adds the name or changes its use. */
void name_set_put(struct name_set *set, const char *name, enum name_use use);
void name_set_clear(struct name_set *set);

/* Turns a name, or a path, into the form that all names have that are compared as equal. */
void name_fold(char *name);
