/* SPDX-License-Identifier: MIT */
/* tar_build: archives for tests, good ones and bad ones. */
#pragma once

#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"

#define TAR_BUILD_MAXIMUM_RECORDS 8

struct tar_build_entry {
    char type; /* as in the header: '0' file, '5' directory, '1' hard link, '2' symlink ... */
    const char *name;
    const char *target;
    const char *data;
    size_t length;                                     /* of the data; 0 = strlen(data) */
    const char *records[TAR_BUILD_MAXIMUM_RECORDS][2]; /* PAX key and value */
};

static inline void tar_build_number(unsigned char *field, size_t width, uint64_t value)
{
    for (size_t i = width - 1; i > 0; i--) {
        field[i - 1] = (unsigned char)('0' + (value & 7));
        value >>= 3;
    }
    field[width - 1] = ' ';
}

static inline void tar_build_checksum(unsigned char header[512])
{
    uint64_t sum = 0;
    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < 512; i++)
        sum += header[i];
    tar_build_number(header + 148, 7, sum);
    header[154] = '\0';
}

static inline void tar_build_pad(struct buf *out)
{
    static const unsigned char zeros[512];
    buf_add(out, zeros, -out->length % 512);
}

/* Header, data and padding. The name may be longer than its field: it is cut. */
static inline void tar_build_raw(struct buf *out, char type, const char *name, const char *target,
                                 const void *data, size_t length)
{
    unsigned char header[512] = {0};
    memcpy(header, name, strnlen(name, 100));
    tar_build_number(header + 100, 8, 0644);
    tar_build_number(header + 124, 12, length);
    tar_build_number(header + 136, 12, 1700000000);
    header[156] = (unsigned char)type;
    memcpy(header + 157, target, strnlen(target, 100));
    memcpy(header + 257, "ustar\00000", 8);
    tar_build_checksum(header);
    buf_add(out, header, sizeof(header));
    buf_add(out, data, length);
    tar_build_pad(out);
}

/* "LENGTH KEY=VALUE\n", the length counting itself. */
static inline void tar_build_record(struct buf *out, const char *key, const char *value)
{
    size_t length = strlen(key) + strlen(value) + 3;
    size_t digits = 1;
    for (size_t power = 10; length + digits >= power; power *= 10)
        digits++;
    buf_addf(out, "%zu %s=%s\n", length + digits, key, value);
}

static inline void tar_build_add(struct buf *out, const struct tar_build_entry *entry)
{
    CLEANUP(buf_clear) struct buf pax;
    buf_init(&pax, BUF_UNBOUNDED);
    for (size_t i = 0; i < TAR_BUILD_MAXIMUM_RECORDS && entry->records[i][0]; i++)
        tar_build_record(&pax, entry->records[i][0], entry->records[i][1]);
    if (strlen(entry->name) > 100)
        tar_build_record(&pax, "path", entry->name);
    if (pax.length > 0)
        tar_build_raw(out, 'x', "pax", "", pax.data, pax.length);
    const char *data = entry->data ? entry->data : "";
    tar_build_raw(out, entry->type, entry->name, entry->target ? entry->target : "", data,
                  entry->length ? entry->length : strlen(data));
}

static inline void tar_build_end(struct buf *out)
{
    static const unsigned char zeros[1024];
    buf_add(out, zeros, sizeof(zeros));
}

/* A whole archive; entries end with one that has no name. */
static inline void tar_build_all(struct buf *out, const struct tar_build_entry *entries)
{
    buf_init(out, BUF_UNBOUNDED);
    for (; entries->name; entries++)
        tar_build_add(out, entries);
    tar_build_end(out);
}
