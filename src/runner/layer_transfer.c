/* SPDX-License-Identifier: MIT */
#include "runner/layer_transfer.h"

const char *layer_name_of(const char *path)
{
    const char *name = path;
    for (const char *c = path; *c; c++)
        if (*c == '\\' || *c == '/')
            name = c + 1;
    return name;
}
