/* SPDX-License-Identifier: MIT */
/* removal: the work of rmi and prune: names go, then what nothing needs any more.
 *
 *     removal_open() -> removal_untag()... -> store_cleanup_* -> removal_finish()
 *
 * What fails on the way is told and counted, and the rest goes on. */
#pragma once

#include "registry/store_lock.h"
#include "runner/store_cleanup.h"
#include "runner/tally.h"

struct removal {
    const struct invocation *invocation;
    bool dry_run;    /* only tell */
    bool with_total; /* a last line with the sum, for people */
    struct tally tally;
    struct blob_store store;
    struct store_lock lock; /* exclusive, until the caller gives it up */
    struct store_view view;
    struct strlist untagged; /* references */
    struct cleanup cleanup;
};

/* Opens store, lock and view; what stands before them is filled in by the caller. */
bool removal_open(struct invocation *invocation, struct removal *removal, struct error *err)
    MUST_USE;

/* The image loses its name and counts as leaving; when that fails, as staying. */
void removal_untag(struct removal *removal, size_t image);

/* Tells what has gone on stdout, unless --quiet; fails with the worst of what failed. */
bool removal_finish(struct removal *removal, struct error *err) MUST_USE;

void removal_clear(struct removal *removal);
