/* SPDX-License-Identifier: MIT */
/* ingest_map: which bytes of a part file are there, as it is written beside the file.
 *
 * A few lines of text: the size of the blob, the ranges that are done, and a hash of these lines.
 * Whatever is not exactly what ingest_map_compose() writes counts as no map at all, and the
 * download begins from nothing. */
#pragma once

#include "base/buf.h"
#include "registry/byte_ranges.h"

#define INGEST_MAP_MAXIMUM ((size_t)8192) /* bytes of a map */
#define INGEST_MAP_RANGES 128             /* of them at most are written: the first */

/* The caller owns the text. */
char *ingest_map_compose(uint64_t size, const struct byte_ranges *done);

/* False when the text is no map of a blob of this size. What follows the hash's line is left over
 * from a longer map and does not count. */
bool ingest_map_parse(const char *text, size_t length, uint64_t size, struct byte_ranges *ret);
