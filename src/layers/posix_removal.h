/* SPDX-License-Identifier: MIT */
/* posix_removal: removes what a tree has under a name, and says what that was. */
#pragma once

#include <stdint.h>

#include "base/strlist.h"
#include "layers/posix_directories.h"

struct posix_removed {
    uint64_t directories;
    uint64_t files;
    uint64_t hard_links; /* files that other names still have */
    uint64_t links;
    uint64_t bytes;
};

/* A file, a link, or a directory with everything in it; links are not followed. Absent is success.
 * Adds to *removed also when it fails. 0 or an errno. */
int posix_remove(struct posix_directories *directories, const char *path,
                 struct posix_removed *removed);

/* Adds the names in the directory, in no order. 0 or an errno. */
int posix_directory_list(struct posix_directories *directories, const char *path,
                         struct strlist *ret);
