/* SPDX-License-Identifier: MIT */
#include "layers/backup_reader.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf.h"
#include "layers/layer_path.h"
#include "layers/little_endian.h"

#define LARGEST_NAME 1024 /* bytes: ":", 255 units and ":$DATA", with room to spare */
#define SPARSE_POSITION_SIZE 8
#define STREAM_TYPE ":$DATA"

static bool damaged(struct error *err, const char *how)
{
    return error_set(err, ERR_INTEGRITY, "the backup stream %s", how);
}

static bool read_exactly(const struct backup_source *source, uint64_t offset, void *data,
                         size_t length, struct error *err)
{
    size_t got = 0;
    if (!source->read_at(source->user, offset, data, length, &got, err))
        return false;
    return got == length || damaged(err, "is cut short");
}

/* Takes 'length' bytes off the front of what is left. */
static bool advance(struct backup_reader *reader, uint64_t length, struct error *err)
{
    if (length > reader->source->size - reader->at)
        return damaged(err, "is cut short");
    reader->at += length;
    return true;
}

/* ":NAME:$DATA" to "NAME". */
static bool parse_name(const unsigned char *bytes, size_t length, char **ret, struct error *err)
{
    CLEANUP(str_free) char *full = NULL;
    CLEANUP(mem_free) uint16_t *units = xmalloc(length + sizeof(*units));
    for (size_t i = 0; i < length / 2; i++)
        units[i] = get_le16(bytes + 2 * i);
    if (!utf8_from_utf16_units(units, length / 2, &full, err))
        return error_wrap(err, "the name of a data stream");
    if (full[0] != ':' || !str_ends_with(full, STREAM_TYPE))
        return damaged(err, "has a data stream without a proper name");
    full[strlen(full) - strlen(STREAM_TYPE)] = '\0';
    if (!layer_stream_name_check(full + 1, err))
        return false;
    *ret = xstrdup(full + 1);
    return true;
}

static bool read_name(struct backup_reader *reader, size_t length, struct backup_record *record,
                      struct error *err)
{
    unsigned char bytes[LARGEST_NAME];
    uint64_t at = reader->at;
    if (length > sizeof(bytes) || length % 2 != 0)
        return damaged(err, "has a name of impossible length");
    if (!advance(reader, length, err) || !read_exactly(reader->source, at, bytes, length, err))
        return false;
    /* Other streams have names as well, some day; they are of no use. */
    return record->id != BACKUP_STREAM_ALTERNATE || parse_name(bytes, length, &record->name, err);
}

static bool read_position(struct backup_reader *reader, struct backup_record *record,
                          struct error *err)
{
    unsigned char bytes[SPARSE_POSITION_SIZE];
    uint64_t at = reader->at;
    if (record->size < sizeof(bytes))
        return damaged(err, "has a sparse block without a position");
    if (!advance(reader, sizeof(bytes), err)
        || !read_exactly(reader->source, at, bytes, sizeof(bytes), err))
        return false;
    record->position = get_le64(bytes);
    record->size -= sizeof(bytes);
    if (record->position > INT64_MAX || record->size > INT64_MAX - record->position)
        return damaged(err, "has a sparse block at an impossible position");
    return true;
}

static bool read_record(struct backup_reader *reader, struct backup_record *record,
                        struct error *err)
{
    unsigned char header[BACKUP_STREAM_HEADER_SIZE];
    uint64_t at = reader->at;
    if (!advance(reader, sizeof(header), err)
        || !read_exactly(reader->source, at, header, sizeof(header), err))
        return false;
    record->id = get_le32(header);
    record->attributes = get_le32(header + 4);
    record->size = get_le64(header + 8);
    if (!read_name(reader, get_le32(header + 16), record, err))
        return false;
    if (record->id == BACKUP_STREAM_SPARSE && !read_position(reader, record, err))
        return false;
    record->offset = reader->at;
    return advance(reader, record->size, err);
}

void backup_reader_init(struct backup_reader *reader, const struct backup_source *source,
                        uint64_t start)
{
    *reader = (struct backup_reader){.source = source, .at = start};
}

bool backup_reader_next(struct backup_reader *reader, struct backup_record *ret, bool *ret_end,
                        struct error *err)
{
    CLEANUP(backup_record_clear) struct backup_record record = {0};
    if (reader->at > reader->source->size)
        return damaged(err, "is cut short");
    *ret_end = reader->at == reader->source->size;
    if (*ret_end)
        return true;
    if (!read_record(reader, &record, err))
        return false;
    *ret = TAKE(record);
    return true;
}

bool backup_record_read(const struct backup_record *record, const struct backup_source *source,
                        struct buf *ret, struct error *err)
{
    if (record->size > ret->maximum - ret->length)
        return damaged(err, "has metadata of impossible size");
    CLEANUP(mem_free) unsigned char *data = xmalloc((size_t)record->size + 1);
    return read_exactly(source, record->offset, data, (size_t)record->size, err)
        && buf_append(ret, data, (size_t)record->size, err);
}

void backup_record_clear(struct backup_record *record)
{
    str_free(&record->name);
    *record = (struct backup_record){0};
}
