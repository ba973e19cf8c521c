/* SPDX-License-Identifier: MIT */
/* win_meta: the PAX records of a tar entry to the Windows metadata they stand for.
 *
 * The records are those of go-winio's backuptar, which is how every Windows layer is written:
 * MSWINDOWS.fileattr, .rawsd, .sd, .mountpoint, .xattr.NAME, LIBARCHIVE.creationtime, mtime, atime,
 * ctime. All values come from strangers; each is checked for structure and size here, so that the
 * bytes may be given to the system. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "layers/tar.h"

#define WIN_ATTRIBUTE_DIRECTORY 0x10u
#define WIN_ATTRIBUTE_REPARSE_POINT 0x400u

/* FILE_BASIC_INFO: times in 100 ns since 1601, 0 = leave as it is; attributes 0 = leave as they
 * are. */
struct win_basic_info {
    int64_t creation_time;
    int64_t access_time;
    int64_t write_time;
    int64_t change_time;
    uint32_t attributes; /* only those that can be set on a file: see WIN_META_SETTABLE in the .c */
};

struct win_meta {
    struct win_basic_info basic;
    uint32_t attributes; /* as archived, for the header of the import format. The directory bit is
                            always right; EFS encryption is never asked for */
    bool is_directory;   /* directories, junctions, symlinks to directories */
    struct buf security; /* self-relative SECURITY_DESCRIPTOR; empty = inherit */
    char *sddl;          /* the descriptor as text, when the layer has it in no other form */
    struct buf ea;       /* FILE_FULL_EA_INFORMATION list; empty = none */
    struct buf reparse;  /* REPARSE_DATA_BUFFER; empty = not a link */
};

/* For TAR_FILE, TAR_DIRECTORY and TAR_SYMLINK entries. Kind ERR_INTEGRITY. On success *ret is owned
 * by the caller. */
bool win_meta_parse(const struct tar_entry *entry, struct win_meta *ret, struct error *err)
    MUST_USE;
/* Metadata of a directory that the tar does not mention: attribute DIRECTORY, nothing else. */
void win_meta_init_directory(struct win_meta *ret);
/* Nothing at all. */
void win_meta_init(struct win_meta *ret);
/* Takes over the times and attributes of a file or link as the file system tells them. */
void win_meta_take_object(struct win_meta *meta, const struct win_basic_info *found);
/* The same of a directory. */
void win_meta_take_directory(struct win_meta *meta, const struct win_basic_info *found);
void win_meta_clear(struct win_meta *meta);

/* "seconds[.fraction]", possibly negative, to FILETIME. */
bool win_time_parse(const char *text, size_t length, int64_t *ret, struct error *err) MUST_USE;
/* The structure of a self-relative security descriptor, as RtlValidRelativeSecurityDescriptor:
 * owner, group, SACL and DACL lie inside, SIDs and ACLs are well-formed. */
bool security_descriptor_check(const void *data, size_t length, struct error *err) MUST_USE;
