/* SPDX-License-Identifier: MIT */
/* blob_fetch: blobs from a registry into a store. */
#pragma once

#include "registry/blob_feed.h"
#include "registry/client.h"
#include "registry/descriptor.h"

/* Brings in what is missing of the list, several at a time and each once, however often it is
 * listed. What another process is bringing in at this moment is waited for. A blob that the
 * registry does not have is looked for at the descriptor's urls. Content is hashed as it arrives;
 * wrong content is asked for once more, then ERR_INTEGRITY. Blobs that were complete before a
 * failure stay.
 *
 * The feed, which says which store it is, is told of every step, but not of the end. */
bool blob_fetch(struct client *client, struct blob_feed *feed, const struct descriptor_list *blobs,
                struct error *err) MUST_USE;
