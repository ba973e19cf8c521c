/* SPDX-License-Identifier: MIT */
/* archive_sink: where an image archive is written to: a tar stream or a directory.
 *
 * The same members in the same order give the same bytes: no times, no owners. */
#pragma once

#include "base/error.h"
#include "base/fs.h"

struct archive_sink {
    bool (*directory)(void *user, const char *name, struct error *err);
    /* 'size' bytes follow in any number of pieces, then end(). */
    bool (*begin)(void *user, const char *name, uint64_t size, struct error *err);
    bool (*write)(void *user, const void *data, size_t length, struct error *err);
    bool (*end)(void *user, struct error *err);
    /* After the last member. */
    bool (*finish)(void *user, struct error *err);
    void *user;
};

/* A POSIX tar file. Names are at most 100 bytes (longer is a bug). */
struct archive_tar {
    bool (*write)(void *user, const void *data, size_t length, struct error *err);
    void *user;
    uint64_t size; /* of the member that is being written */
};

struct archive_sink archive_tar_sink(struct archive_tar *tar);

/* Files below a directory, which exists. */
struct archive_folder {
    const char *path;
    struct fs_file file; /* of the member that is being written */
    uint64_t written;
};

struct archive_sink archive_folder_sink(struct archive_folder *folder);
void archive_folder_close(struct archive_folder *folder);
