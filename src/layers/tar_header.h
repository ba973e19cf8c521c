/* SPDX-License-Identifier: MIT */
/* tar_header: the 512-byte headers of tar archives and the records of PAX headers, taken apart. */
#pragma once

#include "layers/tar.h"

#define TAR_BLOCK_SIZE 512

struct tar_header {
    char name[257]; /* prefix and name joined */
    char target[101];
    enum tar_type type; /* 0 = an extension, or nothing known */
    char raw_type;
    bool oldest_type; /* the NUL of tars before POSIX */
    uint64_t size;
    int64_t mtime;
};

bool tar_block_is_zero(const unsigned char *block);
/* Checks the checksum and every number that is used. */
bool tar_header_parse(const unsigned char *block, struct tar_header *ret, struct error *err)
    MUST_USE;

/* Parses the record "LENGTH KEY=VALUE\n" at data[*at] in place: key and value get NULs behind them.
 * Moves *at behind the record. data[length] must be writable or the last byte a newline. */
bool tar_record_parse(char *data, size_t length, size_t *at, struct tar_record *ret,
                      struct error *err) MUST_USE;
