/* SPDX-License-Identifier: MIT */
/* layer_tree: what unpacking needs from a directory tree; everything below one root directory.
 *
 * The product's tree works on handle-relative NT calls that never follow a reparse point on the way
 * to an object (OBJ_DONT_REPARSE) nor at its end (the link itself is meant, always).
 * Implementations fail, they never guess: an existing name makes make_directory, create_file and
 * link fail.
 *
 * An open object goes through these calls, in this order, all but the first and last optional:
 *   make_directory/create_file, set_security, set_ea, set_reparse | write..., open_stream
 * (write..., close)..., set_basic, close. set_basic comes last because writing changes times and
 * because a read-only file takes no streams.
 *
 * Several threads may use one tree at once, each with objects of its own: create_file, open_stream,
 * write, the set_ calls and close, while one of them also makes and opens directories. The
 * directory in which something is made is complete by then. link, remove, read_directory, list and
 * type_of are called while no other thread uses the tree, unless it is a tree of LAYER_PLAIN. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strlist.h"
#include "layers/layer_path.h"
#include "layers/win_meta.h"

/* An open object of a tree; whatever the implementation needs, 0 = closed. */
struct layer_handle {
    intptr_t value;
};

enum layer_object_type { LAYER_ABSENT, LAYER_FILE, LAYER_DIRECTORY, LAYER_LINK };

struct layer_tree {
    const struct layer_tree_ops *ops;
    void *self;
};

struct layer_tree_ops {
    /* Creates an empty directory; its parent exists. The handle takes security, EA, reparse data,
     * streams and basic info. */
    bool (*make_directory)(void *self, const struct layer_path *path, struct layer_handle *ret,
                           struct error *err);
    /* Creates a file. At least 'size' bytes will be written to it (0 for links): room may be
     * reserved. */
    bool (*create_file)(void *self, const struct layer_path *path, uint64_t size,
                        struct layer_handle *ret, struct error *err);
    /* Opens an existing directory, or a directory link itself, for the same calls as
     * make_directory's handle. ERR_NOT_FOUND when there is none. */
    bool (*open_directory)(void *self, const struct layer_path *path, struct layer_handle *ret,
                           struct error *err);
    /* Creates an alternate data stream ("Zone.Identifier") of the open object 'owner'. */
    bool (*open_stream)(void *self, struct layer_handle owner, const char *name, uint64_t size,
                        struct layer_handle *ret, struct error *err);

    /* Appends to a file or stream. */
    bool (*write)(void *self, struct layer_handle handle, const void *data, size_t length,
                  struct error *err);
    bool (*set_security)(void *self, struct layer_handle handle, const void *descriptor,
                         size_t length, struct error *err);
    bool (*set_ea)(void *self, struct layer_handle handle, const void *list, size_t length,
                   struct error *err);
    bool (*set_reparse)(void *self, struct layer_handle handle, const void *data, size_t length,
                        struct error *err);
    bool (*set_basic)(void *self, struct layer_handle handle, const struct win_basic_info *basic,
                      struct error *err);
    /* Leaves *handle closed also when it fails (a write may be reported only now). */
    bool (*close)(void *self, struct layer_handle *handle, struct error *err);

    /* Makes 'path' another name of the file 'target' of 'target_tree', a tree of the same
     * implementation on the same volume. The parent of 'path' exists. ERR_NO_SPACE when the file
     * cannot have another name. */
    bool (*link)(void *self, const struct layer_path *path, const struct layer_tree *target_tree,
                 const struct layer_path *target, struct error *err);
    /* Removes a file, link, or directory with everything in it. Absent is success. */
    bool (*remove)(void *self, const struct layer_path *path, struct error *err);
    /* The attributes, times and security descriptor of an existing directory, into a *ret that
     * win_meta_init_directory() has prepared. */
    bool (*read_directory)(void *self, const struct layer_path *path, struct win_meta *ret,
                           struct error *err);
    /* Everything about a file, directory or link but its content and streams, into a *ret that
     * win_meta_init() has prepared. */
    bool (*read_object)(void *self, const struct layer_path *path, struct win_meta *ret,
                        struct error *err);
    /* Hands the content of a file to 'consume', from front to back. */
    bool (*read_content)(void *self, const struct layer_path *path,
                         bool (*consume)(void *user, const void *data, size_t length,
                                         struct error *err),
                         void *user, struct error *err);
    /* Adds the names of what an existing directory has. */
    bool (*list)(void *self, const struct layer_path *path, struct strlist *ret, struct error *err);
    /* What is there now; a path that leads through a link is ABSENT. */
    bool (*type_of)(void *self, const struct layer_path *path, enum layer_object_type *ret,
                    struct error *err);
};

/* What of the metadata is there, in the order in which BackupWrite is fed by Microsoft's tools:
 * security, extended attributes, link data. */
struct layer_object_meta {
    const struct buf *security;
    const struct buf *ea;
    const struct buf *reparse;
};

bool layer_tree_set_meta(const struct layer_tree *tree, struct layer_handle object,
                         const struct layer_object_meta *meta, struct error *err) MUST_USE;

/* Closes the object after work on it, which was 'done' or has failed with *err already. True when
 * both went well. */
bool layer_tree_close_after(const struct layer_tree *tree, struct layer_handle *object, bool done,
                            struct error *err) MUST_USE;
