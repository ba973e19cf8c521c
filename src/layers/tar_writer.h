/* SPDX-License-Identifier: MIT */
/* tar_writer: a ustar and PAX archive, entry by entry; what it writes, tar.h reads.
 *
 * It writes what Go's archive/tar writes for the same entries, byte by byte, because that is how
 * Windows layers are made: an 'x' header with sorted records before each entry that has any, called
 * "DIRECTORY/PaxHeaders.0/NAME"; 'path', 'linkpath' and 'size' among them when the plain header
 * cannot hold them. */
#pragma once

#include "base/byte_sink.h"
#include "layers/tar.h"
#include "layers/tar_records.h"

struct tar_writer {
    struct byte_sink sink;
    uint64_t size;    /* bytes written so far */
    uint64_t left;    /* of the entry's data */
    size_t padding;   /* that follows it */
    uint64_t entries; /* begun so far */
};

struct tar_item {
    const char *name;   /* UTF-8, '/' separates, no trailing one */
    const char *target; /* of links; NULL otherwise */
    enum tar_type type; /* not TAR_DEVICE */
    uint32_t mode;
    uint64_t size; /* of TAR_FILE: bytes of data that follow, at most INT64_MAX */
    int64_t mtime; /* seconds since 1970; one that is negative or beyond the year 2242 needs a
                      record 'mtime' as well */
    struct tar_records *records; /* further ones; NULL = none. Those of the name come to it */
};

void tar_writer_init(struct tar_writer *writer, const struct byte_sink *sink);
/* The entry before is complete. ERR_INTEGRITY for what no tar can hold. */
bool tar_writer_begin(struct tar_writer *writer, const struct tar_item *item, struct error *err)
    MUST_USE;
/* More than the item's size is ERR_INTEGRITY. */
bool tar_writer_data(struct tar_writer *writer, const void *data, size_t length, struct error *err)
    MUST_USE;
/* The end of the archive. */
bool tar_writer_finish(struct tar_writer *writer, struct error *err) MUST_USE;
