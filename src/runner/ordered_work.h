/* SPDX-License-Identifier: MIT */
/* ordered_work: pieces of work that are begun in their order and done several at once, until each
 * comes to where it needs all pieces before it.
 *
 * The first failure counts. Pieces that have not begun then are never begun; the others are told to
 * stop. */
#pragma once

#include "base/error.h"

struct ordered_work;

struct ordered_work_plan {
    size_t count;
    unsigned at_once; /* pieces; 1 = one after the other, on the caller's thread. 0 counts as 1 */
    /* Does a piece. Called from several threads. */
    bool (*work)(void *user, struct ordered_work *at, size_t index, struct error *err);
    /* A piece has failed: the others are to end soon. Called at most once, and not when they are
     * done one after the other. NULL = they cannot be told. */
    void (*stop)(void *user, const struct error *reason);
    void *user;
};

/* Returns when nobody works any more. */
bool ordered_work_run(const struct ordered_work_plan *plan, struct error *err) MUST_USE;

/* For work(): returns when all pieces before 'index' are done; ERR_CANCELLED when one has failed.
 */
bool ordered_work_await(struct ordered_work *work, size_t index, struct error *err) MUST_USE;
