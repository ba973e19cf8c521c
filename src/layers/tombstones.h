/* SPDX-License-Identifier: MIT */
/* tombstones: the file tombstones.txt of the folder that ExportLayer makes: what the layer deletes.
 *
 * UTF-8 with a byte order mark; "Version 1.0", then a line "\path\below\Files" for each file or
 * directory. Microsoft has not documented it; hcsshim's reader takes lines that end in CRLF or LF.
 */
#pragma once

#include "layers/path_list.h"

#define TOMBSTONES_NAME "tombstones.txt"

struct tombstone {
    struct layer_path path;      /* below "Files" */
    struct layer_path directory; /* that it is in */
    bool taken;                  /* for whoever works through them */
    size_t line;
};

/* Ordered by directory without regard to the case of ASCII letters, then as in the file. */
struct tombstones {
    struct tombstone *items;
    size_t count;
};

/* Kind ERR_INTEGRITY, with the number of the line. Lines that come again are left out. On success
 * *ret is owned by the caller. */
bool tombstones_parse(const char *text, size_t length, struct tombstones *ret, struct error *err)
    MUST_USE;
/* Those in one directory: the index of the first one, and how many. */
size_t tombstones_find(const struct tombstones *tombstones, const struct layer_path *directory,
                       size_t *ret_count);
void tombstones_clear(struct tombstones *tombstones);
