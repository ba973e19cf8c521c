/* SPDX-License-Identifier: MIT */
/* object_pool: threads that make the files of a tree, side by side.
 *
 * Most files of a layer are small, and what they cost is not their bytes but being made and closed:
 * at that moment a virus scanner reads them. One thread fills the pool; the order in which files
 * are made is not known. The first failure ends the work: what waits then is given up. */
#pragma once

#include "layers/object_job.h"

/* What may wait in the pool, together with what is worked on. */
#define OBJECT_POOL_BYTES ((size_t)16 << 20)
#define OBJECT_POOL_JOBS 512

struct object_pool;

/* The tree must outlive the pool. */
struct object_pool *object_pool_open(const struct layer_tree *tree);

/* Has the job done at some time; waits while the pool is full. Takes the job. */
void object_pool_put(struct object_pool *pool, struct object_job **job);
/* False with the error when something has failed; the pool can only be closed then. */
bool object_pool_check(struct object_pool *pool, struct error *err) MUST_USE;
/* The same after all that was put in has been done. */
bool object_pool_settle(struct object_pool *pool, struct error *err) MUST_USE;
/* What the threads have done so far. */
struct unpack_times object_pool_times(const struct object_pool *pool);

/* Gives up what waits, ends the threads. All objects are closed. */
void object_pool_close(struct object_pool **pool);
