/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/fs.h"

#define DEPTH_MAXIMUM 512

static uint64_t size_below(const char *path, unsigned depth)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(strlist_clear) struct strlist names = {0};
    uint64_t size = 0;
    enum fs_type type = fs_type_of(path);
    if (type == FS_FILE && fs_file_size(path, &size, &ignored))
        return size;
    if (type != FS_DIRECTORY || depth == DEPTH_MAXIMUM || !fs_list(path, &names, &ignored))
        return 0;
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(str_free) char *entry = fs_join(path, names.items[i]);
        size += size_below(entry, depth + 1);
    }
    return size;
}

uint64_t fs_tree_size(const char *path)
{
    return size_below(path, 0);
}
