/* SPDX-License-Identifier: MIT */
/* archive_file: the archive that save writes and load reads: a file, a directory or a standard
 * stream. */
#pragma once

#include "base/cancel.h"
#include "base/fs.h"
#include "registry/archive_sink.h"
#include "registry/archive_walk.h"

enum archive_shape { ARCHIVE_SHAPE_TAR, ARCHIVE_SHAPE_DIRECTORY };

/* Must not move while it is open. */
struct archive_output {
    char *path;      /* NULL: standard output */
    char *temporary; /* beside it; NULL once it has been renamed */
    struct fs_file file;
    uint64_t written;
    struct archive_tar tar;
    struct archive_folder folder;
    struct archive_sink sink; /* what to write to */
};

/* 'path' NULL or "-" is standard output, which must be no terminal and can take no directory. A
 * file is replaced when the archive is complete, and what killed processes have left beside it
 * goes; a directory must not exist yet. */
bool archive_output_open(struct archive_output *output, const char *path, enum archive_shape shape,
                         struct error *err) MUST_USE;
/* The archive is complete: gives it its name. */
bool archive_output_commit(struct archive_output *output, struct error *err) MUST_USE;
/* Without a commit nothing is left. */
void archive_output_close(struct archive_output *output);

/* Must not move while it is open. */
struct archive_input {
    struct fs_file file; /* closed: standard input */
    const char *path;    /* borrowed; NULL: it can be read only once */
    uint64_t read;
    const struct cancel *cancel;
    struct archive_source source;
};

/* 'path' NULL or "-" is standard input, which must be no terminal. */
bool archive_input_open(struct archive_input *input, const char *path, const struct cancel *cancel,
                        struct error *err) MUST_USE;
void archive_input_close(struct archive_input *input);
