/* SPDX-License-Identifier: MIT */
#include "base/fs.h"

const char *fs_name_of(const char *path)
{
    const char *name = path;
    for (const char *c = path; *c; c++)
        if (*c == '\\' || *c == '/')
            name = c + 1;
    return name;
}
