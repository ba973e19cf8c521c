/* SPDX-License-Identifier: MIT */
/* win_records: Windows metadata to the PAX records that stand for it, the way back of win_meta.h.
 */
#pragma once

#include "base/buf.h"
#include "layers/reparse.h"
#include "layers/tar_records.h"
#include "layers/win_meta.h"

struct win_records_source {
    const struct win_basic_info *basic; /* with all attributes */
    const struct buf *security;         /* self-relative; empty = none */
    const struct buf *ea;               /* FILE_FULL_EA_INFORMATION list; its flags are lost */
    bool is_junction;
};

/* MSWINDOWS.fileattr, .rawsd, .mountpoint, .xattr.NAME, LIBARCHIVE.creationtime and the times. Only
 * the structure of the EA list is checked (ERR_INTEGRITY). */
bool win_records_add(struct tar_records *records, const struct win_records_source *source,
                     struct error *err) MUST_USE;
/* mtime (when the plain header cannot say it), atime, ctime: all that data streams have. A time
 * that is 0 is not known, and left out. */
void win_records_add_times(struct tar_records *records, const struct win_basic_info *basic);

/* FILETIME to the whole seconds since 1970 before it. */
int64_t win_time_seconds(int64_t time);
/* FILETIME as win_time_parse() reads it; the caller owns the result. */
char *win_time_format(int64_t time);
