/* SPDX-License-Identifier: MIT */
/* mount_spec: what --mount and -v say.
 *
 *     --mount [type=bind,]src=d:\cache,dst=C:\cache[,ro]      keys as docker: type, src|source,
 *         dst|destination|target, ro|readonly[=BOOL], options=rbind:ro (as ctr)
 *     -v d:\cache:C:\cache[:ro|:rw]                            drive letters are understood
 *
 * A destination is an absolute path on the container's C: or a bare drive letter (D:); Windows
 * cannot mount on a directory of another drive. Sources are checked for existence by the caller. */
#pragma once

#include "base/error.h"

struct mount_spec {
    char *source;      /* as given, '/' turned into '\' */
    char *destination; /* C:\dir or D: ; cleaned */
    bool read_only;
};

struct mount_list {
    struct mount_spec *items;
    size_t count;
};

bool mount_spec_parse_mount(const char *text, struct mount_spec *ret, struct error *err) MUST_USE;
bool mount_spec_parse_volume(const char *text, struct mount_spec *ret, struct error *err) MUST_USE;
void mount_spec_clear(struct mount_spec *mount);

/* Takes ownership of *mount. Fails when a destination is already taken. */
bool mount_list_add(struct mount_list *list, struct mount_spec *mount, struct error *err) MUST_USE;
void mount_list_clear(struct mount_list *list);
