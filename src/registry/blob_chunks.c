/* SPDX-License-Identifier: MIT */
#include "registry/blob_chunks.h"

#include "base/cleanup.h"

bool blob_chunks_next(const struct blob_chunks *chunks, struct byte_range *ret)
{
    CLEANUP(byte_ranges_clear)
    struct byte_ranges taken = byte_ranges_copy(chunks->done);
    struct byte_range gap;
    for (size_t i = 0; i < chunks->under_way_count; i++)
        byte_ranges_add(&taken, chunks->under_way[i]);
    if (!byte_ranges_gap(&taken, chunks->size, &gap))
        return false;
    if (chunks->ahead && gap.first - byte_ranges_prefix(chunks->done) >= chunks->ahead)
        return false;
    uint64_t boundary = chunks->piece - gap.first % chunks->piece;
    if (gap.end - gap.first > boundary)
        gap.end = gap.first + boundary;
    *ret = gap;
    return true;
}
