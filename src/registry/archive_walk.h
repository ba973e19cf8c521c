/* SPDX-License-Identifier: MIT */
/* archive_walk: the members of a tar file in the order in which they come, on libarchive.
 *
 * The tar may be plain or compressed with gzip or zstd, and is read from front to back, so that it
 * can come through a pipe. Nothing is believed of it: the number of members is limited, a member
 * has exactly the bytes its header declares, and sparse files are refused. */
#pragma once

#include "base/cancel.h"
#include "base/error.h"

/* Where the bytes come from; a length of 0 is the end. */
struct archive_source {
    bool (*read)(void *user, void *data, size_t capacity, size_t *ret_length, struct error *err);
    void *user;
};

enum archive_member_type {
    ARCHIVE_MEMBER_FILE,
    ARCHIVE_MEMBER_SYMLINK,
    ARCHIVE_MEMBER_HARD_LINK,
    ARCHIVE_MEMBER_OTHER,
};

struct archive_member {
    const char *name;
    enum archive_member_type type;
    const char *target; /* of links; else "" */
    uint64_t size;      /* bytes; of files */
};

struct archive_visitor {
    /* *ret_wanted is false before; set for a file, its content follows. */
    bool (*begin)(void *user, const struct archive_member *member, bool *ret_wanted,
                  struct error *err);
    bool (*data)(void *user, const void *data, size_t length, struct error *err);
    /* A wanted file is complete. */
    bool (*end)(void *user, struct error *err);
    void *user;
};

/* Reads the source to its end, also what follows the archive, so that whoever writes it is not cut
 * off. ERR_INTEGRITY when it is no tar file or is damaged or cut short. 'cancel' may be NULL. */
bool archive_walk(const struct archive_source *source, const struct archive_visitor *visitor,
                  const struct cancel *cancel, struct error *err) MUST_USE;
