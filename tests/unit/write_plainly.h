/* SPDX-License-Identifier: MIT */
/* write_plainly: a file for a test; fs_write_file() would wait for the disk every time. */
#pragma once

#include "check.h"

static inline void write_plainly(const char *path, const void *data, size_t length)
{
    FILE *file = fopen(path, "wb");
    if (!file || (length > 0 && fwrite(data, length, 1, file) != 1) || fclose(file) != 0)
        fail_msg("cannot write '%s'", path);
}
