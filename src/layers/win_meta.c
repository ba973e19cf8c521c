/* SPDX-License-Identifier: MIT */
#include "layers/win_meta.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/scan.h"
#include "base/text.h"
#include "layers/little_endian.h"
#include "layers/reparse.h"
#include "layers/sddl.h"

#define ATTRIBUTE_ENCRYPTED 0x4000u
/* READONLY HIDDEN SYSTEM ARCHIVE NORMAL TEMPORARY OFFLINE NOT_CONTENT_INDEXED NO_SCRUB PINNED
 * UNPINNED; the others say how a file is stored and are refused or ignored by FileBasicInfo. */
#define WIN_META_SETTABLE 0x001A31A7u

#define TICKS_PER_SECOND 10000000
#define SECONDS_FROM_1601_TO_1970 INT64_C(11644473600)

#define EA_PREFIX "MSWINDOWS.xattr."
#define EA_MAXIMUM_LIST 65536
#define EA_MAXIMUM_NAME 255
#define EA_MAXIMUM_VALUE 65535
#define EA_HEADER 8

#define SECURITY_MAXIMUM 65535
#define REPARSE_MAXIMUM 16384

/* ---- times ---- */

/* The fraction in ticks: seven digits count, the others only have to be digits. */
static bool parse_ticks(struct scan *s, int64_t *ret)
{
    int64_t ticks = 0;
    int64_t unit = TICKS_PER_SECOND / 10;
    for (; !scan_at_end(s); s->at++) {
        if (!char_is_digit(*s->at))
            return false;
        ticks += (*s->at - '0') * unit;
        unit /= 10;
    }
    *ret = ticks;
    return true;
}

/* 0 (leave as it is) for what FILETIME has no number for: times before 1601. */
static bool filetime_of(int64_t seconds, int64_t ticks, int64_t *ret)
{
    int64_t time = 0;
    if (__builtin_add_overflow(seconds, SECONDS_FROM_1601_TO_1970, &time)
        || __builtin_mul_overflow(time, TICKS_PER_SECOND, &time)
        || __builtin_add_overflow(time, ticks, &time))
        return false;
    *ret = time > 0 ? time : 0;
    return true;
}

bool win_time_parse(const char *text, size_t length, int64_t *ret, struct error *err)
{
    struct scan s = scan_bytes(text, length);
    bool negative = scan_char(&s, '-');
    uint64_t seconds = 0;
    int64_t ticks = 0;
    bool good = scan_uint64(&s, &seconds) && seconds <= INT64_MAX
        && (!scan_char(&s, '.') || parse_ticks(&s, &ticks)) && scan_at_end(&s);
    int64_t sign = negative ? -1 : 1;
    if (!good || !filetime_of(sign * (int64_t)seconds, sign * ticks, ret))
        return error_set(err, ERR_INTEGRITY, "not a time");
    return true;
}

/* Leaves *ret alone when there is no such record. */
static bool read_time(const struct tar_entry *entry, const char *key, int64_t *ret,
                      struct error *err)
{
    const struct tar_record *record = tar_entry_record(entry, key);
    if (!record || record->value_length == 0)
        return true;
    return win_time_parse(record->value, record->value_length, ret, err)
        || error_wrap(err, "record %s", key);
}

static bool read_times(const struct tar_entry *entry, struct win_basic_info *ret, struct error *err)
{
    if (!filetime_of(entry->mtime, 0, &ret->write_time))
        return error_set(err, ERR_INTEGRITY, "impossible modification time");
    if (!read_time(entry, "mtime", &ret->write_time, err))
        return false;
    ret->creation_time = ret->write_time;
    return read_time(entry, "LIBARCHIVE.creationtime", &ret->creation_time, err)
        && read_time(entry, "atime", &ret->access_time, err)
        && read_time(entry, "ctime", &ret->change_time, err);
}

/* ---- attributes ---- */

static bool read_attributes(const struct tar_entry *entry, struct win_meta *ret, struct error *err)
{
    const struct tar_record *record = tar_entry_record(entry, "MSWINDOWS.fileattr");
    uint64_t value = 0;
    if (record) {
        struct scan s = scan_bytes(record->value, record->value_length);
        if (!scan_uint64(&s, &value) || !scan_at_end(&s) || value > UINT32_MAX)
            return error_set(err, ERR_INTEGRITY, "record MSWINDOWS.fileattr: not a 32-bit number");
    }
    ret->attributes = (uint32_t)value & ~ATTRIBUTE_ENCRYPTED;

    /* Tools other than Windows' own leave the attribute out or wrong; the tar type decides. */
    bool is_junction =
        entry->type == TAR_SYMLINK && tar_entry_record(entry, "MSWINDOWS.mountpoint");
    if (entry->type == TAR_DIRECTORY || is_junction)
        ret->attributes |= WIN_ATTRIBUTE_DIRECTORY;
    if (entry->type != TAR_SYMLINK)
        ret->attributes &= ~WIN_ATTRIBUTE_REPARSE_POINT;
    ret->is_directory = ret->attributes & WIN_ATTRIBUTE_DIRECTORY;
    if (ret->is_directory && entry->type == TAR_FILE)
        return error_set(err, ERR_INTEGRITY, "a file with the attribute of a directory");
    ret->basic.attributes = ret->attributes & WIN_META_SETTABLE;
    return true;
}

/* ---- security, extended attributes, links ---- */

/* Images of 2016 and before have text instead of the binary form. */
static bool read_sddl(const struct tar_entry *entry, char **ret, struct error *err)
{
    const struct tar_record *record = tar_entry_record(entry, "MSWINDOWS.sd");
    if (!record || record->value_length == 0)
        return true;
    if (!sddl_check(record->value, record->value_length, err))
        return error_wrap(err, "record MSWINDOWS.sd");
    *ret = xstrndup(record->value, record->value_length);
    return true;
}

static bool read_security(const struct tar_entry *entry, struct win_meta *ret, struct error *err)
{
    const struct tar_record *record = tar_entry_record(entry, "MSWINDOWS.rawsd");
    if (!record)
        return read_sddl(entry, &ret->sddl, err);
    if (record->value_length == 0)
        return true;
    struct buf *security = &ret->security;
    return (base64_decode(record->value, record->value_length, security, err)
            && security_descriptor_check(security->data, security->length, err))
        || error_wrap(err, "record MSWINDOWS.rawsd");
}

/* FILE_FULL_EA_INFORMATION. *last is where the previous one starts: only the last has no "next". */
static bool add_ea(struct buf *list, size_t *last, const char *name, const struct buf *value,
                   struct error *err)
{
    unsigned char header[EA_HEADER] = {0};
    static const unsigned char zeros[4];
    size_t name_length = strlen(name);
    size_t padding = -(EA_HEADER + name_length + 1 + value->length) % 4;
    header[5] = (unsigned char)name_length;
    put_le16(header + 6, (uint16_t)value->length);
    if (list->length > 0)
        put_le32(list->data + *last, (uint32_t)(list->length - *last));
    *last = list->length;
    return buf_append(list, header, sizeof(header), err)
        && buf_append(list, name, name_length + 1, err)
        && buf_append(list, value->data, value->length, err)
        && buf_append(list, zeros, padding, err);
}

/* What NTFS accepts: ASCII but for these. */
static bool ea_name_is_valid(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)name[i] <= 0x20 || (unsigned char)name[i] >= 0x7F
            || strchr("\"*+,/:;<=>?[\\]|", name[i]))
            return false;
    }
    return length > 0 && length <= EA_MAXIMUM_NAME;
}

/* NTFS knows the names in upper case only: of two, one would be lost. */
static bool has_ea(const struct buf *list, const char *name)
{
    size_t next = 0;
    for (size_t at = 0; at < list->length; at += next) {
        if (str_equal_nocase((const char *)list->data + at + EA_HEADER, name))
            return true;
        next = get_le32(list->data + at);
        if (next == 0)
            return false;
    }
    return false;
}

static bool read_ea(const struct tar_entry *entry, struct buf *ret, struct error *err)
{
    CLEANUP(buf_clear) struct buf value;
    buf_init(&value, EA_MAXIMUM_VALUE);
    size_t last = 0;
    for (size_t i = 0; i < entry->record_count; i++) {
        const struct tar_record *record = &entry->records[i];
        if (!str_starts_with(record->key, EA_PREFIX))
            continue;
        const char *name = record->key + strlen(EA_PREFIX);
        if (!ea_name_is_valid(name))
            return error_set(err, ERR_INTEGRITY, "an extended attribute has an impossible name");
        if (has_ea(ret, name))
            return error_set(err, ERR_INTEGRITY, "an extended attribute is there twice");
        buf_reset(&value);
        if (!base64_decode(record->value, record->value_length, &value, err)
            || !add_ea(ret, &last, name, &value, err))
            return error_wrap(err, "extended attribute");
    }
    return true;
}

static bool read_link(const struct tar_entry *entry, struct buf *ret, struct error *err)
{
    if (entry->type != TAR_SYMLINK)
        return true;
    bool junction = tar_entry_record(entry, "MSWINDOWS.mountpoint");
    return reparse_compose(entry->target, junction ? REPARSE_JUNCTION : REPARSE_SYMLINK, ret, err);
}

void win_meta_init(struct win_meta *ret)
{
    *ret = (struct win_meta){0};
    buf_init(&ret->security, SECURITY_MAXIMUM);
    buf_init(&ret->ea, EA_MAXIMUM_LIST);
    buf_init(&ret->reparse, REPARSE_MAXIMUM);
}

bool win_meta_parse(const struct tar_entry *entry, struct win_meta *ret, struct error *err)
{
    CLEANUP(win_meta_clear) struct win_meta meta;
    win_meta_init(&meta);
    if (!read_attributes(entry, &meta, err) || !read_times(entry, &meta.basic, err)
        || !read_security(entry, &meta, err) || !read_ea(entry, &meta.ea, err)
        || !read_link(entry, &meta.reparse, err))
        return false;
    *ret = TAKE(meta);
    return true;
}

void win_meta_init_directory(struct win_meta *ret)
{
    win_meta_init(ret);
    ret->attributes = WIN_ATTRIBUTE_DIRECTORY;
    ret->is_directory = true;
}

void win_meta_take_object(struct win_meta *meta, const struct win_basic_info *found)
{
    meta->is_directory = found->attributes & WIN_ATTRIBUTE_DIRECTORY;
    meta->attributes = found->attributes & (WIN_META_SETTABLE | WIN_ATTRIBUTE_DIRECTORY);
    meta->basic = *found;
    meta->basic.attributes = found->attributes & WIN_META_SETTABLE;
}

void win_meta_take_directory(struct win_meta *meta, const struct win_basic_info *found)
{
    win_meta_take_object(meta, found);
    meta->attributes |= WIN_ATTRIBUTE_DIRECTORY;
    meta->is_directory = true;
}

void win_meta_clear(struct win_meta *meta)
{
    buf_clear(&meta->security);
    str_free(&meta->sddl);
    buf_clear(&meta->ea);
    buf_clear(&meta->reparse);
    *meta = (struct win_meta){0};
}
