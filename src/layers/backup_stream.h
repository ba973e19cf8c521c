/* SPDX-License-Identifier: MIT */
/* backup_stream: WIN32_STREAM_ID records as BackupWrite takes them and as the import format stores
 * them: a packed 20-byte header, the name in UTF-16, the data. */
#pragma once

#include <stdint.h>

#include "base/buf.h"

enum backup_stream_id {
    BACKUP_STREAM_DATA = 1,
    BACKUP_STREAM_EA = 2,
    BACKUP_STREAM_SECURITY = 3,
    BACKUP_STREAM_ALTERNATE = 4,
    BACKUP_STREAM_LINK = 5,
    BACKUP_STREAM_PROPERTY = 6,
    BACKUP_STREAM_OBJECT_ID = 7,
    BACKUP_STREAM_REPARSE = 8,
    BACKUP_STREAM_SPARSE = 9,
    BACKUP_STREAM_TXFS = 10,
};

#define BACKUP_STREAM_HEADER_SIZE 20

/* Appends the header of an unnamed stream of 'size' bytes; the data is the caller's to append. */
void backup_stream_add_header(struct buf *out, enum backup_stream_id id, uint64_t size);
/* Appends header and data. */
void backup_stream_add(struct buf *out, enum backup_stream_id id, const void *data, size_t length);
/* Appends the header of an alternate data stream, named ":name:$DATA" as BackupRead names it. */
bool backup_stream_add_alternate(struct buf *out, const char *name, uint64_t size,
                                 struct error *err) MUST_USE;
