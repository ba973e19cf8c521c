/* SPDX-License-Identifier: MIT */
/* blob_chunks: which bytes of a blob are asked for next, when several connections fetch it.
 *
 * Lowest first, so that what can be read from the front grows steadily, in pieces that end at
 * multiples of the piece's size: the caches of content networks (Azure Front Door's among them)
 * hold aligned pieces of 8 MiB. */
#pragma once

#include "registry/byte_ranges.h"

#define BLOB_CHUNK_SIZE ((uint64_t)8 << 20)
/* A blob up to this size comes in one piece. */
#define BLOB_WHOLE_MAXIMUM ((uint64_t)32 << 20)

struct blob_chunks {
    const struct byte_ranges *done;
    const struct byte_range *under_way; /* what connections are fetching */
    size_t under_way_count;
    uint64_t size;  /* of the blob */
    uint64_t piece; /* bytes at most; at least 1 */
    uint64_t ahead; /* nothing that begins this far behind the first missing byte; 0 = anything */
};

/* False when there is nothing to ask for. */
bool blob_chunks_next(const struct blob_chunks *chunks, struct byte_range *ret);
