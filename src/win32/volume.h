/* SPDX-License-Identifier: MIT */
/* volume: what kind of disk a path is on. */
#pragma once

#include <stdint.h>

#include "base/error.h"

enum volume_kind {
    VOLUME_UNKNOWN,
    VOLUME_FIXED,
    VOLUME_REMOVABLE, /* USB sticks, optical discs */
    VOLUME_NETWORK,
    VOLUME_RAM_DISK,
};

struct volume {
    char *root;        /* mount point, "C:\", or the share for network paths; owned */
    char *file_system; /* "NTFS", "ReFS" ...; owned */
    enum volume_kind kind;
    uint64_t free_bytes;
    bool is_dev_drive;
};

/* The volume that holds 'path', or would hold it: what does not exist yet is looked for in the
 * nearest parent that does. */
bool volume_of(const char *path, struct volume *ret, struct error *err) MUST_USE;
void volume_clear(struct volume *volume);

/* True when layers can be kept there: the filters of Windows containers work on local NTFS only. */
bool volume_is_local_ntfs(const struct volume *volume);
