/* SPDX-License-Identifier: MIT */
/* object_writer: the objects of a layer, one after the other as the tar has them, into a tree.
 *
 * A file that is small, with its metadata and all its streams, is gathered and left to the pool.
 * Everything else is written at once, by the caller's thread: there is no copy of large content,
 * and a directory is there before what lies in it. */
#pragma once

#include "layers/object_pool.h"

/* The most that is gathered of one file. */
#define OBJECT_WRITER_SMALL ((size_t)256 * 1024)

struct object_writer {
    struct layer_tree tree;
    struct object_pool *pool;
    struct object_job *job;     /* the object; NULL = none */
    struct layer_handle stream; /* of an object that is written at once */
    uint64_t expected;          /* bytes of the object's content that have been announced */
    bool is_gathered;
    bool is_directory;
    struct unpack_times times; /* of what the caller's thread did */
    uint64_t waited;           /* by it, for the pool */
};

struct object_writer object_writer_open(const struct layer_tree *tree);
/* Gives up the object and what has not been done. */
void object_writer_close(struct object_writer *writer);

/* Begins a file, of 'size' bytes beside what the job holds already. Takes the job. */
bool object_writer_file(struct object_writer *writer, struct object_job **job, uint64_t size,
                        struct error *err) MUST_USE;
/* Begins a directory, made or, if it 'exists', only opened. Takes the job. */
bool object_writer_directory(struct object_writer *writer, struct object_job **job, bool exists,
                             struct error *err) MUST_USE;
/* Another stream of the object; the data that follows is its. */
bool object_writer_stream(struct object_writer *writer, const char *name, uint64_t size,
                          struct error *err) MUST_USE;
/* The content will be longer by 'size' bytes than was said. */
bool object_writer_expect(struct object_writer *writer, uint64_t size, struct error *err) MUST_USE;
bool object_writer_data(struct object_writer *writer, const void *data, size_t length,
                        struct error *err) MUST_USE;
bool object_writer_end(struct object_writer *writer, struct error *err) MUST_USE;

/* See object_pool_check() and object_pool_settle(). */
bool object_writer_check(struct object_writer *writer, struct error *err) MUST_USE;
bool object_writer_settle(struct object_writer *writer, struct error *err) MUST_USE;
/* All the work so far; *own is what of it the caller's thread did, and what it waited. */
void object_writer_times(const struct object_writer *writer, struct unpack_times *ret,
                         uint64_t *ret_own);
