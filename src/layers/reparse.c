/* SPDX-License-Identifier: MIT */
#include "layers/reparse.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf.h"
#include "layers/little_endian.h"

#define TAG_MOUNT_POINT 0xA0000003u
#define TAG_SYMLINK 0xA000000Cu
#define SYMLINK_FLAG_RELATIVE 1u
#define MAXIMUM_REPARSE_DATA (16 * 1024)
#define BUFFER_HEADER 8 /* tag, length, reserved */
#define NAME_FIELDS 8   /* offsets and lengths of the two names */

/* The name that the object manager follows; go-winio's EncodeReparsePoint has the same rules. */
static char *substitute_of(const char *target, bool *ret_relative)
{
    *ret_relative = false;
    if (str_starts_with(target, "\\\\?\\"))
        return str_format("\\??\\%s", target + 4);
    if (str_starts_with(target, "\\\\"))
        return str_format("\\??\\UNC\\%s", target + 2);
    if (char_is_alpha(target[0]) && target[1] == ':')
        return str_format("\\??\\%s", target);
    *ret_relative = true;
    return xstrdup(target);
}

/* Puts the name and a NUL behind it. */
static unsigned char *put_name(unsigned char *out, const uint16_t *units, size_t count)
{
    for (size_t i = 0; i <= count; i++)
        put_le16(out + i * 2, i < count ? units[i] : 0);
    return out + (count + 1) * 2;
}

bool reparse_compose(const char *target, enum reparse_kind kind, struct buf *ret, struct error *err)
{
    if (target[0] == '\0')
        return error_set(err, ERR_INTEGRITY, "the link has no target");
    CLEANUP(str_free) char *print = xstrdup(target);
    for (char *c = print; *c; c++) {
        if (*c == '/')
            *c = '\\';
    }
    bool relative = false;
    CLEANUP(str_free) char *substitute = substitute_of(print, &relative);
    CLEANUP(mem_free) uint16_t *print_units = NULL;
    CLEANUP(mem_free) uint16_t *substitute_units = NULL;
    size_t print_count = 0;
    size_t substitute_count = 0;
    if (!utf16_units_from_utf8(print, strlen(print), &print_units, &print_count, err)
        || !utf16_units_from_utf8(substitute, strlen(substitute), &substitute_units,
                                  &substitute_count, err))
        return error_wrap(err, "link target");

    size_t flags_size = kind == REPARSE_SYMLINK ? 4 : 0;
    size_t data_length = NAME_FIELDS + flags_size + (substitute_count + 1 + print_count + 1) * 2;
    if (data_length > MAXIMUM_REPARSE_DATA - BUFFER_HEADER)
        return error_set(err, ERR_INTEGRITY, "the link target is too long");

    CLEANUP(mem_free) unsigned char *data = xcalloc(1, BUFFER_HEADER + data_length);
    put_le32(data, kind == REPARSE_SYMLINK ? TAG_SYMLINK : TAG_MOUNT_POINT);
    put_le16(data + 4, (uint16_t)data_length);
    put_le16(data + 8, 0);
    put_le16(data + 10, (uint16_t)(substitute_count * 2));
    put_le16(data + 12, (uint16_t)(substitute_count * 2 + 2));
    put_le16(data + 14, (uint16_t)(print_count * 2));
    unsigned char *names = data + BUFFER_HEADER + NAME_FIELDS + flags_size;
    if (flags_size)
        put_le32(names - flags_size, relative ? SYMLINK_FLAG_RELATIVE : 0);
    names = put_name(names, substitute_units, substitute_count);
    put_name(names, print_units, print_count);
    return buf_append(ret, data, BUFFER_HEADER + data_length, err);
}

static bool parse_fault(struct error *err)
{
    return error_set(err, ERR_INTEGRITY, "the data of the link make no sense");
}

bool reparse_parse_target(const void *data, size_t length, char **ret, struct error *err)
{
    const unsigned char *bytes = data;
    if (length < BUFFER_HEADER + NAME_FIELDS)
        return parse_fault(err);
    uint32_t tag = get_le32(bytes);
    if (tag != TAG_SYMLINK && tag != TAG_MOUNT_POINT)
        return parse_fault(err);
    size_t names = BUFFER_HEADER + NAME_FIELDS + (tag == TAG_SYMLINK ? 4 : 0);
    size_t offset = get_le16(bytes + 12);
    size_t size = get_le16(bytes + 14);
    if (names + offset + size > length || size % 2 != 0)
        return parse_fault(err);
    CLEANUP(mem_free) uint16_t *units = xcalloc(size / 2 + 1, sizeof(*units));
    for (size_t i = 0; i < size / 2; i++)
        units[i] = get_le16(bytes + names + offset + i * 2);
    return utf8_from_utf16_units(units, size / 2, ret, err) || error_wrap(err, "link target");
}
