/* SPDX-License-Identifier: MIT */
/* fs: the file port. UTF-8 paths on both systems; fs_posix.c natively, src/win32/fs.c in the
 * product.
 *
 * Paths are absolute or relative to the working directory, with the system's own separators ('/' is
 * accepted everywhere). The Windows port opens everything through \\?\ paths, so length is not
 * limited. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/strlist.h"

/* ---- paths ---- */

/* directory + separator + name; the caller owns the result. */
char *fs_join(const char *directory, const char *name);
/* The last name of a path, whichever separators it has; points into it. */
const char *fs_name_of(const char *path);
bool fs_absolute(const char *path, char **ret, struct error *err) MUST_USE;

/* ---- queries ---- */

enum fs_type { FS_ABSENT, FS_FILE, FS_DIRECTORY, FS_OTHER };

/* Never follows a link at the end of the path. A failure to look counts as FS_ABSENT. */
enum fs_type fs_type_of(const char *path);
bool fs_file_size(const char *path, uint64_t *ret, struct error *err) MUST_USE;
/* Names (not paths) in a directory, sorted; an absent directory is an empty list. */
bool fs_list(const char *path, struct strlist *ret, struct error *err) MUST_USE;
bool fs_free_space(const char *path, uint64_t *ret_bytes, struct error *err) MUST_USE;
/* Seconds since the file or directory was written last; 0 when its time lies in the future. */
bool fs_age(const char *path, uint64_t *ret_seconds, struct error *err) MUST_USE;
/* Lengths of all files in a directory and below, links not followed. What is absent, or vanishes
 * meanwhile, counts nothing. */
uint64_t fs_tree_size(const char *path);

/* ---- whole files ---- */

/* How the names of temporary siblings begin; one that no process is writing is a leftover. */
#define FS_TEMPORARY_PREFIX ".tmp-"

/* Makes the directory and its parents; one that exists is success. */
bool fs_make_directories(const char *path, struct error *err) MUST_USE;
bool fs_read_file(const char *path, size_t maximum, struct buf *ret, struct error *err) MUST_USE;
/* Writes a sibling temporary file, flushes it and renames it over 'path': a reader sees the old
 * content or the new, also after a power cut. */
bool fs_write_file(const char *path, const void *data, size_t length, struct error *err) MUST_USE;
/* The same for what is nobody else's business; the directory is made if need be. Natively both get
 * modes for the owner alone (0700, 0600) and a 'path' that is a link is written where it leads; on
 * Windows they get what the parent passes on, in a user's profile the user and the system. */
bool fs_write_private_file(const char *path, const void *data, size_t length, struct error *err)
    MUST_USE;
/* Removes a file; one that is not there is success. */
bool fs_remove_file(const char *path, struct error *err) MUST_USE;
/* Removes a directory with everything in it, never following links; absent is success. */
bool fs_remove_tree(const char *path, struct error *err) MUST_USE;
/* Renames within one volume. With replace false an existing target makes it fail with ERR_BUSY. */
bool fs_rename(const char *from, const char *to, bool replace, struct error *err) MUST_USE;
/* Renames a file without replacing and without waiting for the disk: after a power cut it may have
 * its old name, or lack data. An existing target is ERR_BUSY. What virus scanners do to a file that
 * was just written is waited for, up to five seconds. */
bool fs_publish(const char *from, const char *to, struct error *err) MUST_USE;

/* ---- open files ---- */

struct fs_file {
    intptr_t handle; /* HANDLE, or file descriptor + 1; 0 = closed */
};

enum fs_mode {
    FS_READ,       /* must exist */
    FS_READ_WRITE, /* made if absent, content kept */
    FS_CREATE_NEW, /* must not exist */
};

bool fs_open(const char *path, enum fs_mode mode, struct fs_file *ret, struct error *err) MUST_USE;
/* *ret_length < length only at the end of the file. */
bool fs_read_at(const struct fs_file *file, uint64_t offset, void *data, size_t length,
                size_t *ret_length, struct error *err) MUST_USE;
bool fs_write_at(const struct fs_file *file, uint64_t offset, const void *data, size_t length,
                 struct error *err) MUST_USE;
/* The file will be written in any order: what was not written yet needs no room and no zeros. Does
 * nothing where the file system cannot do that, or always does. */
void fs_set_sparse(const struct fs_file *file);
bool fs_truncate(const struct fs_file *file, uint64_t length, struct error *err) MUST_USE;
bool fs_size(const struct fs_file *file, uint64_t *ret, struct error *err) MUST_USE;
bool fs_flush(const struct fs_file *file, struct error *err) MUST_USE;
void fs_close(struct fs_file *file);

/* ---- locks that die with their owner ---- */

struct fs_lock {
    struct fs_file file;
};

enum fs_lock_mode { FS_LOCK_SHARED, FS_LOCK_EXCLUSIVE };

/* Takes a lock on the (created) file. With wait false, ERR_BUSY when somebody else holds it. A wait
 * ends with ERR_CANCELLED when 'cancel' (may be NULL) is requested. The lock file is never removed
 * by unlocking. */
struct cancel;
bool fs_lock(const char *path, enum fs_lock_mode mode, bool wait, const struct cancel *cancel,
             struct fs_lock *ret, struct error *err) MUST_USE;
void fs_unlock(struct fs_lock *lock);

/* The port's part of fs_lock(): one attempt, on an open file whose closing gives the lock up. */
bool fs_try_lock(const struct fs_file *file, enum fs_lock_mode mode, bool *ret_taken,
                 struct error *err) MUST_USE;
