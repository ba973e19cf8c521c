/* SPDX-License-Identifier: MIT */
/* image_pending: images that 'wrun commit' had begun to store when it was killed, or failed. */
#pragma once

#include "registry/blob_store.h"
#include "runner/invocation.h"

/* Removes what was stored of them and nobody else needs, as rmi would. What others work on stays
 * for the next time. Wants an open host (runner/host.h). */
bool image_pending_sweep(const struct invocation *invocation, const struct blob_store *store,
                         struct error *err) MUST_USE;
