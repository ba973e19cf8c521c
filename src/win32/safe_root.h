/* SPDX-License-Identifier: MIT */
/* safe_root: a directory below which things are made, opened and removed without ever leaving it.
 *
 * Layers come from strangers, and wrun unpacks them elevated. Every call here goes through the open
 * handle of the root, refuses "..", and never follows a reparse point (junction, symbolic link)
 * that lies on the way: ERR_INTEGRITY with NT_REPARSE_POINT_ENCOUNTERED. Names may be longer than
 * MAX_PATH and are not rewritten as Win32 does ("con", "x."). Upper and lower case are the same.
 *
 * A relative path is UTF-8, separated by backslashes, without a leading or trailing one and without
 * ':', '.' or '..' components. */
#pragma once

#include "base/error.h"
#include "base/strlist.h"
#include "win32/nt.h"

struct safe_root {
    HANDLE handle; /* owned; NULL = closed */
    char *path;    /* owned; as given, for messages and calls that want a path */
};

/* The path itself is trusted, links in it are followed. */
bool safe_root_open(const char *path, struct safe_root *ret, struct error *err) MUST_USE;
/* A directory below a root, itself as a root. */
bool safe_root_open_below(const struct safe_root *parent, const char *relative,
                          struct safe_root *ret, struct error *err) MUST_USE;
void safe_root_close(struct safe_root *root);

/* Opens or makes a file or directory; the caller closes *ret. 'how' is passed on as in nt_open. */
bool safe_root_open_at(const struct safe_root *root, const char *relative,
                       const struct nt_open *how, HANDLE *ret, struct error *err) MUST_USE;
/* The same for the alternate data stream "relative:stream". */
bool safe_root_open_stream(const struct safe_root *root, const char *relative, const char *stream,
                           const struct nt_open *how, HANDLE *ret, struct error *err) MUST_USE;

/* Fails with ERR_BUSY when the name is taken. */
bool safe_root_make_directory(const struct safe_root *root, const char *relative, struct error *err)
    MUST_USE;

enum safe_type {
    SAFE_ABSENT,
    SAFE_FILE,
    SAFE_DIRECTORY,
    SAFE_LINK,        /* junction, symbolic link, or anything else that is not followed */
    SAFE_PLACEHOLDER, /* of the container filter: the content is in another layer */
};

/* Looks at the thing itself. SAFE_ABSENT also when a part of the way is missing; fails when it
 * leads through a reparse point. */
bool safe_root_type_of(const struct safe_root *root, const char *relative, enum safe_type *ret,
                       struct error *err) MUST_USE;

/* Tells what a directory ("" = the root) has, without "." and "..": the name, and the attributes as
 * FILE_ATTRIBUTE_ bits. Returning false (with *err filled) ends it with that error. */
typedef bool (*safe_list_fn)(void *user, const char *name, uint32_t attributes, struct error *err);
bool safe_root_visit(const struct safe_root *root, const char *relative, safe_list_fn on_entry,
                     void *user, struct error *err) MUST_USE;
/* Adds the names alone. */
bool safe_root_list(const struct safe_root *root, const char *relative, struct strlist *ret,
                    struct error *err) MUST_USE;

/* Makes a hard link 'link' below 'link_root' to the file 'target' below 'target_root'. ERR_BUSY
 * when the name is taken. */
struct safe_link {
    const struct safe_root *target_root;
    const char *target;
    const struct safe_root *link_root;
    const char *link;
};
bool safe_root_link(const struct safe_link *link, struct error *err) MUST_USE;

/* Removes a file, a reparse point (never what it points to) or an empty directory; absent is
 * success. Read-only things go too. */
bool safe_root_remove(const struct safe_root *root, const char *relative, struct error *err)
    MUST_USE;
/* As above, a directory with everything in it. What could be removed is gone after a failure. */
bool safe_root_remove_tree(const struct safe_root *root, const char *relative, struct error *err)
    MUST_USE;
