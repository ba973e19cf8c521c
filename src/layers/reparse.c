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

/* ---- the way back ---- */

static const struct {
    uint32_t tag;
    enum reparse_kind kind;
    size_t names_at; /* offset of the names, from which their own offsets count */
} tags[] = {
    {TAG_SYMLINK, REPARSE_SYMLINK, BUFFER_HEADER + NAME_FIELDS + 4},
    {TAG_MOUNT_POINT, REPARSE_JUNCTION, BUFFER_HEADER + NAME_FIELDS},
};

/* The name whose offset and length stand at 'field'. */
static bool read_name(const unsigned char *data, size_t length, size_t names_at,
                      const unsigned char *field, char **ret, struct error *err)
{
    size_t offset = get_le16(field);
    size_t bytes = get_le16(field + 2);
    if (offset > length - names_at || bytes > length - names_at - offset || bytes % 2 != 0)
        return error_set(err, ERR_INTEGRITY, "the link has a name that lies outside of it");
    const unsigned char *name = data + names_at + offset;
    CLEANUP(mem_free) uint16_t *units = xmalloc(bytes + sizeof(*units));
    for (size_t i = 0; i < bytes / 2; i++)
        units[i] = get_le16(name + 2 * i);
    return utf8_from_utf16_units(units, bytes / 2, ret, err) || error_wrap(err, "link target");
}

/* What substitute_of() makes into this. */
static char *target_of(const char *substitute)
{
    if (str_starts_with(substitute, "\\??\\UNC\\"))
        return str_format("\\\\%s", substitute + strlen("\\??\\UNC\\"));
    if (!str_starts_with(substitute, "\\??\\"))
        return xstrdup(substitute);
    const char *path = substitute + strlen("\\??\\");
    bool drive = char_is_alpha(path[0]) && path[1] == ':';
    return str_format("%s%s", drive ? "" : "\\\\?\\", path);
}

bool reparse_decode(const void *data, size_t length, enum reparse_kind *ret_kind, char **ret_target,
                    struct error *err)
{
    const unsigned char *bytes = data;
    if (length < BUFFER_HEADER)
        return error_set(err, ERR_INTEGRITY, "the link is cut short");
    size_t row = 0;
    while (row < ARRAY_SIZE(tags) && tags[row].tag != get_le32(bytes))
        row++;
    if (row == ARRAY_SIZE(tags))
        return error_set(err, ERR_UNSUPPORTED,
                         "it is a reparse point of the type 0x%08X, which no layer can hold",
                         (unsigned)get_le32(bytes));
    if (length < tags[row].names_at || length - BUFFER_HEADER < get_le16(bytes + 4)
        || get_le16(bytes + 4) < tags[row].names_at - BUFFER_HEADER)
        return error_set(err, ERR_INTEGRITY, "the link is cut short");
    length = BUFFER_HEADER + get_le16(bytes + 4);

    CLEANUP(str_free) char *print = NULL;
    CLEANUP(str_free) char *substitute = NULL;
    if (!read_name(bytes, length, tags[row].names_at, bytes + BUFFER_HEADER, &substitute, err)
        || !read_name(bytes, length, tags[row].names_at, bytes + BUFFER_HEADER + 4, &print, err))
        return false;
    char *target = print[0] != '\0' ? TAKE(print) : target_of(substitute);
    if (target[0] == '\0') {
        str_free(&target);
        return error_set(err, ERR_INTEGRITY, "the link has no target");
    }
    *ret_kind = tags[row].kind;
    *ret_target = target;
    return true;
}
