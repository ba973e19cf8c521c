/* SPDX-License-Identifier: MIT */
#include "layers/backup_stream.h"

#include <string.h>

#include "base/alloc.h"
#include "base/utf.h"
#include "layers/little_endian.h"

static void add_header(struct buf *out, enum backup_stream_id id, uint64_t size, size_t name_bytes)
{
    unsigned char header[BACKUP_STREAM_HEADER_SIZE];
    /* sizeof(WIN32_STREAM_ID) is 24; on disk the name follows the first 20 bytes. */
    put_le32(header, (uint32_t)id);
    put_le32(header + 4, 0);
    put_le64(header + 8, size);
    put_le32(header + 16, (uint32_t)name_bytes);
    buf_add(out, header, sizeof(header));
}

void backup_stream_add_header(struct buf *out, enum backup_stream_id id, uint64_t size)
{
    add_header(out, id, size, 0);
}

void backup_stream_add(struct buf *out, enum backup_stream_id id, const void *data, size_t length)
{
    add_header(out, id, length, 0);
    buf_add(out, data, length);
}

bool backup_stream_add_alternate(struct buf *out, const char *name, uint64_t size,
                                 struct error *err)
{
    CLEANUP(str_free) char *full = str_format(":%s:$DATA", name);
    CLEANUP(mem_free) uint16_t *units = NULL;
    size_t count = 0;
    if (!utf16_units_from_utf8(full, strlen(full), &units, &count, err))
        return error_wrap(err, "stream '%s'", name);
    add_header(out, BACKUP_STREAM_ALTERNATE, size, count * 2);
    for (size_t i = 0; i < count; i++) {
        unsigned char unit[2];
        put_le16(unit, units[i]);
        buf_add(out, unit, sizeof(unit));
    }
    return true;
}
