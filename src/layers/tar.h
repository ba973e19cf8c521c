/* SPDX-License-Identifier: MIT */
/* tar: a strict push reader of ustar, PAX (POSIX.1-2001) and GNU archives that hands over every PAX
 * record.
 *
 * libarchive's reader drops the MSWINDOWS.* records that Windows layers are made of, hence this
 * one. It copies nothing but headers: file data is passed on as slices of what it was fed. Where
 * the formats leave room it reads as Go's archive/tar does, with which the layers were written;
 * what Go tolerates but two readers could understand differently is refused (ERR_INTEGRITY): a name
 * given twice, NUL inside a name, negative sizes, sparse files, unknown entry types. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* Of one PAX or GNU long-name header. */
#define TAR_MAXIMUM_HEADER ((size_t)1024 * 1024)

enum tar_type { TAR_FILE = 1, TAR_HARD_LINK, TAR_SYMLINK, TAR_DIRECTORY, TAR_DEVICE };

struct tar_record {
    const char *key;   /* followed by a NUL */
    const char *value; /* followed by a NUL that value_length does not count; may contain others */
    size_t value_length;
};

/* Everything in it is owned by the reader and valid until the next on_entry. */
struct tar_entry {
    const char *name;   /* as archived: '/' separators, possibly a trailing one; never empty */
    const char *target; /* of links; "" otherwise */
    enum tar_type type; /* TAR_DEVICE: character and block devices, FIFOs */
    uint64_t size;      /* bytes of data that follow; 0 for everything but TAR_FILE */
    int64_t mtime;      /* seconds since 1970 from the plain header; PAX may say more */
    const struct tar_record *records; /* PAX records of this entry in archive order. Records of
                                         global headers are checked, then ignored, as Go does */
    size_t record_count;
};

/* The value of the last record of that name, or NULL. */
const struct tar_record *tar_entry_record(const struct tar_entry *entry, const char *key);

struct tar_handler {
    bool (*on_entry)(void *user, const struct tar_entry *entry, struct error *err);
    bool (*on_data)(void *user, const unsigned char *data, size_t length, struct error *err);
    void *user;
};

struct tar_reader; /* opaque: one allocation */

struct tar_reader *tar_reader_open(const struct tar_handler *handler);
/* Slices of any size. After the first error the reader must only be closed. What follows the end of
 * the archive is ignored. */
bool tar_reader_feed(struct tar_reader *reader, const unsigned char *data, size_t length,
                     struct error *err) MUST_USE;
/* Nothing more comes: fails when the archive was not complete (at least one zero block). */
bool tar_reader_finish(struct tar_reader *reader, struct error *err) MUST_USE;
void tar_reader_close(struct tar_reader **reader);
