/* SPDX-License-Identifier: MIT */
/* byte_sink: where content goes that is written once from front to back. */
#pragma once

#include <stdint.h>

#include "base/fs.h"

struct byte_sink {
    bool (*write)(void *user, const void *data, size_t length, struct error *err);
    void *user;
};

/* A file as a sink; it must not exist. */
struct file_sink {
    struct fs_file file;
    uint64_t at; /* bytes so far */
};

bool file_sink_open(const char *path, struct file_sink *ret, struct error *err) MUST_USE;
void file_sink_close(struct file_sink *sink);
/* A view, good until the file is closed. */
struct byte_sink file_sink_interface(struct file_sink *sink);
