/* SPDX-License-Identifier: MIT */
/* blob_fetch: blobs from a registry into a store. */
#pragma once

#include "registry/blob_feed.h"
#include "registry/client.h"
#include "registry/descriptor.h"

/* What is in use when nobody says otherwise: enough to fill a gigabit over the distances at which
 * content networks serve, and no more than registries take for polite. */
#define BLOB_FETCH_CONNECTIONS 6

struct blob_fetch {
    struct client *client;
    struct blob_feed *feed; /* says which store; it is told of every step, but not of the end */
    unsigned connections;   /* at a time; 0 = BLOB_FETCH_CONNECTIONS */
};

/* Brings in what is missing of the list, each blob once, however often it is listed. A large blob
 * comes in parts over several connections, small ones several at a time. What an earlier process
 * left is used; what another process is bringing in at this moment is waited for. A blob that no
 * endpoint has is looked for at the descriptor's urls. Wrong content is asked for once more, then
 * ERR_INTEGRITY. After a failure what has come is kept for the next time, unless it is wrong or the
 * volume is full. */
bool blob_fetch(const struct blob_fetch *fetch, const struct descriptor_list *blobs,
                struct error *err) MUST_USE;
