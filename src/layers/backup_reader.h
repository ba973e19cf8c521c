/* SPDX-License-Identifier: MIT */
/* backup_reader: the WIN32_STREAM_ID records of a file of the import format, one after another.
 *
 * The way back of backup_stream.h. Content is not read but pointed at, so its size does not matter.
 * What a container wrote ends up in such files, hence everything is checked: all of ERR_INTEGRITY
 * speaks of "the backup stream", the caller adds of which file. */
#pragma once

#include <stdint.h>

#include "layers/backup_stream.h"

/* Where the records are; reading anywhere, in any order. */
struct backup_source {
    /* *ret < length only at the end. */
    bool (*read_at)(void *user, uint64_t offset, void *data, size_t length, size_t *ret,
                    struct error *err);
    void *user;
    uint64_t size;
};

struct backup_reader {
    const struct backup_source *source;
    uint64_t at; /* of the next record */
};

/* Attributes of a record. */
#define BACKUP_ATTRIBUTE_SPARSE 8u

struct backup_record {
    uint32_t id; /* enum backup_stream_id, or one that is not known */
    uint32_t attributes;
    uint64_t offset; /* of its content in the source */
    uint64_t size;
    uint64_t
        position; /* BACKUP_STREAM_SPARSE: of the content in the file. Size 0: the file's end */
    char *name;   /* BACKUP_STREAM_ALTERNATE: "Zone.Identifier"; NULL for all others */
};

/* 'start' is where the first record is. The source is borrowed. */
void backup_reader_init(struct backup_reader *reader, const struct backup_source *source,
                        uint64_t start);
/* The next record, owned by the caller. *ret_end instead after the last one. */
bool backup_reader_next(struct backup_reader *reader, struct backup_record *ret, bool *ret_end,
                        struct error *err) MUST_USE;
/* Appends the content of a record to *ret, which limits it. */
bool backup_record_read(const struct backup_record *record, const struct backup_source *source,
                        struct buf *ret, struct error *err) MUST_USE;
void backup_record_clear(struct backup_record *record);
