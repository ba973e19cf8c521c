/* SPDX-License-Identifier: MIT */
/* object_job: all that is needed to make one object of a tree, on any thread.
 *
 * A file that is small waits in memory until a thread makes it from beginning to end. What is large
 * is made step by step, by whoever gets its content, and only the end may be left to another. */
#pragma once

#include "base/buf.h"
#include "layers/layer_tree.h"
#include "layers/unpack_times.h"

struct object_stream {
    char *name;
    struct buf data;
};

/* Owns everything in it. */
struct object_job {
    struct object_job *next; /* in the pool */
    size_t charge;           /* what it counts for there */
    struct layer_path path;
    struct buf security;
    struct buf ea;
    struct buf reparse;
    struct buf data;
    struct object_stream *streams;
    size_t stream_count;
    struct win_basic_info basic;
    struct layer_handle open; /* the object, when it has been made already */
};

/* A job without content or metadata; the path is copied. */
struct object_job *object_job_new(const struct layer_path *path);
/* Security, extended attributes and link data of a real file. */
void object_job_set_meta(struct object_job *job, const struct win_meta *meta);
/* Begins another data stream. */
void object_job_add_stream(struct object_job *job, const char *name);
/* What follows belongs to the last stream, or to the file when there is none. */
struct buf *object_job_content(struct object_job *job);
/* Bytes of memory that it holds, roughly. */
size_t object_job_size(const struct object_job *job);
/* The object is closed; all memory is freed. */
void object_job_free(struct object_job **job);

/* Each step adds to *times what it took. One that fails leaves the object to object_job_abandon().
 */

/* Makes a file of at least 'size' bytes, with its metadata. */
bool object_job_create(struct object_job *job, const struct layer_tree *tree, uint64_t size,
                       struct unpack_times *times, struct error *err) MUST_USE;
/* The metadata of an object that was made otherwise. */
bool object_job_describe(struct object_job *job, const struct layer_tree *tree,
                         struct unpack_times *times, struct error *err) MUST_USE;
/* Writes the content that it holds, and holds it no more. */
bool object_job_fill(struct object_job *job, const struct layer_tree *tree,
                     struct unpack_times *times, struct error *err) MUST_USE;
/* The info changes anything. */
bool object_has_basic(const struct win_basic_info *basic);
/* Sets times and attributes, where there are any, and closes. */
bool object_job_finish(struct object_job *job, const struct layer_tree *tree,
                       struct unpack_times *times, struct error *err) MUST_USE;
/* All steps that have not been done. After a failure the object is closed. */
bool object_job_run(struct object_job *job, const struct layer_tree *tree,
                    struct unpack_times *times, struct error *err) MUST_USE;
/* Closes the object, if it is open; a failure to do so tells nothing new. */
void object_job_abandon(struct object_job *job, const struct layer_tree *tree);
