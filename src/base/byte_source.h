/* SPDX-License-Identifier: MIT */
/* byte_source: content that is read once from front to back, wherever it comes from: a file, or a
 * blob that is still being downloaded. */
#pragma once

#include <stdint.h>

#include "base/fs.h"

struct byte_source {
    /* Gives what follows the bytes read before: at least one and at most 'length' (not 0), for
     * which it may wait; *ret = 0 only at the end. */
    bool (*read)(void *user, void *data, size_t length, size_t *ret, struct error *err);
    /* Back to the first byte. */
    void (*rewind)(void *user);
    void *user;
    uint64_t size; /* of the whole; what is read may prove it wrong */
};

/* A file as a source. */
struct file_source {
    struct fs_file file;
    uint64_t at;
    uint64_t size;
};

bool file_source_open(const char *path, struct file_source *ret, struct error *err) MUST_USE;
void file_source_close(struct file_source *source);
/* A view, good until the file is closed. */
struct byte_source file_source_interface(struct file_source *source);
