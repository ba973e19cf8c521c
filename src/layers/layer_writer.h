/* SPDX-License-Identifier: MIT */
/* layer_writer: where the checked entries of a layer go; the base and the diff writer implement it.
 *
 * The rules (unpack_rules.c) have made sure of everything about names by now: no name comes twice,
 * parents come before their children and are directories. Objects are written one at a time: one of
 * directory, file and link begins it, streams and data follow, end() closes it. What is only
 * finished by other threads may fail later: check() and finish() tell. */
#pragma once

#include "layers/layer_tree.h"
#include "layers/unpack.h"
#include "layers/win_meta.h"

struct layer_writer_ops {
    /* The parent of something, when the tar has not mentioned it so far. Not an object. */
    bool (*implied_directory)(void *self, const struct layer_path *path, struct error *err);
    /* 'implied': made by implied_directory() before. */
    bool (*directory)(void *self, const struct layer_path *path, const struct win_meta *meta,
                      bool implied, struct error *err);
    bool (*file)(void *self, const struct layer_path *path, const struct win_meta *meta,
                 uint64_t size, struct error *err);
    /* A symlink or junction (meta->reparse). */
    bool (*link)(void *self, const struct layer_path *path, const struct win_meta *meta,
                 struct error *err);
    /* An alternate data stream of the object; the data that follows is its. */
    bool (*stream)(void *self, const char *name, uint64_t size, struct error *err);
    bool (*data)(void *self, const void *data, size_t length, struct error *err);
    bool (*end)(void *self, struct error *err);
    /* A further name of a file. It is among result->links at the end too, when all files are there.
     */
    bool (*hard_link)(void *self, const struct layer_link *link, struct error *err);
    /* False when work left to others has failed; then nothing but close() may follow. NULL: no work
     * is. */
    bool (*check)(void *self, struct error *err);
    /* Everything has come and is what was promised. */
    bool (*finish)(void *self, const struct layer_unpack_result *result, struct error *err);
    /* What the writer's work took so far, and how much of it, waiting included, was spent on the
     * thread that calls. NULL: nothing to speak of. */
    void (*times)(const void *self, struct unpack_times *ret, uint64_t *ret_own);
    /* Closes what is open and frees the writer. */
    void (*close)(void *self);
};

struct layer_writer {
    const struct layer_writer_ops *ops; /* NULL = none */
    void *self;
};

/* Real files and directories; when all are there the hard links, and last the times of the
 * directories. */
struct layer_writer base_writer_open(const struct layer_tree *tree);
/* The import format: files with a header and backup streams, "<directory>.$wcidirs$" beside every
 * directory, raw registry hives. Hard links are left to layer_unpack_apply(). */
struct layer_writer stage_writer_open(const struct layer_tree *staging);

/* Nowhere. */
struct layer_writer check_writer_open(void);

void layer_writer_close(struct layer_writer *writer);

/* For directories: opens it, sets its times and attributes, closes it. Nothing to set is success.
 */
bool layer_tree_set_directory_basic(const struct layer_tree *tree,
                                    const struct layer_directory *directory, struct error *err)
    MUST_USE;
