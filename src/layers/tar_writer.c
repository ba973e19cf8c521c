/* SPDX-License-Identifier: MIT */
#include "layers/tar_writer.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf.h"
#include "layers/printable.h"
#include "layers/tar_header.h"

#define NAME_SIZE 100
#define PREFIX_SIZE 155
#define PAX_TYPE 'x'

/* Where the fields of a header are; POSIX.1-2001. */
struct field {
    size_t at;
    size_t size;
};

static const struct field f_name = {0, NAME_SIZE};
static const struct field f_mode = {100, 8};
static const struct field f_uid = {108, 8};
static const struct field f_gid = {116, 8};
static const struct field f_size = {124, 12};
static const struct field f_mtime = {136, 12};
static const struct field f_checksum = {148, 7}; /* a space follows */
static const struct field f_type = {156, 1};
static const struct field f_target = {157, NAME_SIZE};
static const struct field f_magic = {257, 8};
static const struct field f_device_major = {329, 8};
static const struct field f_device_minor = {337, 8};
static const struct field f_prefix = {345, PREFIX_SIZE};

static const char types[] = {
    [TAR_FILE] = '0',
    [TAR_HARD_LINK] = '1',
    [TAR_SYMLINK] = '2',
    [TAR_DIRECTORY] = '5',
};

/* ---- headers ---- */

static bool fits_octal(struct field field, int64_t value)
{
    return value >= 0 && value < INT64_C(1) << (field.size - 1) * 3;
}

/* Zero stands for what the field cannot hold; a record says it then. */
static void put_number(unsigned char *block, struct field field, int64_t value)
{
    uint64_t rest = fits_octal(field, value) ? (uint64_t)value : 0;
    for (size_t i = field.size - 1; i > 0; i--) {
        block[field.at + i - 1] = (unsigned char)('0' + (rest & 7));
        rest >>= 3;
    }
    block[field.at + field.size - 1] = '\0';
}

/* Without the slashes at the end. */
static void trim(unsigned char *text, size_t length)
{
    while (length > 0 && text[length - 1] == '/')
        text[--length] = '\0';
}

/* As much as fits of the ASCII in it. A name that was cut must not look like that of a directory.
 */
static void put_text(unsigned char *block, struct field field, const char *text, size_t length)
{
    unsigned char *out = block + field.at;
    size_t used = 0;
    size_t i = 0;
    for (; i < length && used < field.size; i++) {
        if ((unsigned char)text[i] < 0x80)
            out[used++] = (unsigned char)text[i];
    }
    if (i < length)
        trim(out, used);
}

static void put_checksum(unsigned char *block)
{
    int64_t sum = 0;
    memset(block + f_checksum.at, ' ', f_checksum.size + 1);
    for (size_t i = 0; i < TAR_BLOCK_SIZE; i++)
        sum += block[i];
    put_number(block, f_checksum, sum);
}

static void start_header(unsigned char *block, char type)
{
    memset(block, 0, TAR_BLOCK_SIZE);
    put_number(block, f_uid, 0);
    put_number(block, f_gid, 0);
    put_text(block, f_type, &type, 1);
    memcpy(block + f_magic.at, "ustar\00000", f_magic.size);
}

static bool emit(struct tar_writer *writer, const void *data, size_t length, struct error *err)
{
    if (length > 0 && !writer->sink.write(writer->sink.user, data, length, err))
        return false;
    writer->size += length;
    return true;
}

/* At most two blocks. */
static bool emit_zeros(struct tar_writer *writer, size_t count, struct error *err)
{
    static const unsigned char zeros[2 * TAR_BLOCK_SIZE];
    return emit(writer, zeros, count, err);
}

static size_t padding_of(uint64_t size)
{
    return (size_t)(-size % TAR_BLOCK_SIZE);
}

/* ---- names ---- */

static bool is_ascii(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
    }
    return true;
}

static bool fits_plainly(const char *text)
{
    return is_ascii(text) && strlen(text) <= NAME_SIZE;
}

/* Where POSIX lets a long name be cut in two: the length of the first part, 0 when there is no such
 * place. The last one that leaves a first part of legal length, as Go looks for it. */
static size_t split_at(const char *name)
{
    size_t length = strlen(name);
    if (!is_ascii(name) || length <= NAME_SIZE)
        return 0;
    size_t at = length < PREFIX_SIZE + 1 ? length : PREFIX_SIZE + 1;
    while (at > 0 && name[at - 1] != '/')
        at--;
    bool good = at > 1 && length - at <= NAME_SIZE && at < length;
    return good ? at - 1 : 0;
}

static char *pax_header_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    size_t directory = slash ? (size_t)(slash + 1 - name) : 0;
    return str_format("%.*sPaxHeaders.0/%s", (int)directory, name, name + directory);
}

static bool check_item(const struct tar_item *item, struct error *err)
{
    bool link = item->type == TAR_HARD_LINK || item->type == TAR_SYMLINK;
    if (item->name[0] == '\0' || item->name[0] == '/' || str_ends_with(item->name, "/")
        || !utf8_is_valid(item->name, strlen(item->name)))
        return error_set(err, ERR_INTEGRITY, "'%s' cannot be a name in a tar",
                         printable_name(item->name).text);
    if (link && (item->target[0] == '\0' || !utf8_is_valid(item->target, strlen(item->target))))
        return error_set(err, ERR_INTEGRITY, "'%s' has no proper target",
                         printable_name(item->name).text);
    if (item->size > INT64_MAX)
        return error_set(err, ERR_INTEGRITY, "'%s' is too large", printable_name(item->name).text);
    return true;
}

/* ---- entries ---- */

static bool emit_pax_header(struct tar_writer *writer, const char *name,
                            struct tar_records *records, struct error *err)
{
    CLEANUP(buf_clear) struct buf text;
    CLEANUP(str_free) char *own_name = pax_header_name(name);
    unsigned char block[TAR_BLOCK_SIZE];
    buf_init(&text, TAR_MAXIMUM_HEADER);
    if (!tar_records_compose(records, &text, err))
        return error_wrap(err, "'%s'", printable_name(name).text);

    start_header(block, PAX_TYPE);
    put_text(block, f_name, own_name, strlen(own_name));
    trim(block + f_name.at, strnlen((const char *)block, f_name.size));
    put_number(block, f_mode, 0);
    put_number(block, f_size, (int64_t)text.length);
    put_number(block, f_mtime, 0);
    put_checksum(block);
    return emit(writer, block, sizeof(block), err) && emit(writer, text.data, text.length, err)
        && emit_zeros(writer, padding_of(text.length), err);
}

static bool emit_header(struct tar_writer *writer, const struct tar_item *item, size_t split,
                        struct error *err)
{
    unsigned char block[TAR_BLOCK_SIZE];
    start_header(block, types[item->type]);
    const char *name = item->name;
    if (split > 0) {
        put_text(block, f_prefix, name, split);
        name += split + 1;
    }
    put_text(block, f_name, name, strlen(name));
    if (item->target)
        put_text(block, f_target, item->target, strlen(item->target));
    put_number(block, f_mode, item->mode);
    put_number(block, f_size, (int64_t)writer->left);
    put_number(block, f_mtime, item->mtime);
    put_number(block, f_device_major, 0);
    put_number(block, f_device_minor, 0);
    put_checksum(block);
    return emit(writer, block, sizeof(block), err);
}

bool tar_writer_begin(struct tar_writer *writer, const struct tar_item *item, struct error *err)
{
    if (writer->left > 0)
        return error_set(err, ERR_INTEGRITY, "%llu bytes are missing before '%s'",
                         (unsigned long long)writer->left, printable_name(item->name).text);
    if (!check_item(item, err))
        return false;
    writer->left = item->type == TAR_FILE ? item->size : 0;
    writer->padding = padding_of(writer->left);

    CLEANUP(tar_records_clear) struct tar_records own = {0};
    struct tar_records *records = item->records ? item->records : &own;
    size_t split = records->count > 0 ? 0 : split_at(item->name);
    if (!fits_plainly(item->name) && split == 0)
        tar_records_add_text(records, "path", item->name);
    if (item->target && !fits_plainly(item->target))
        tar_records_add_text(records, "linkpath", item->target);
    if (!fits_octal(f_size, (int64_t)writer->left)) {
        CLEANUP(str_free) char *size = str_format("%llu", (unsigned long long)writer->left);
        tar_records_add_text(records, "size", size);
    }
    if (records->count > 0 && !emit_pax_header(writer, item->name, records, err))
        return false;
    writer->entries++;
    return emit_header(writer, item, split, err);
}

bool tar_writer_data(struct tar_writer *writer, const void *data, size_t length, struct error *err)
{
    if (length > writer->left)
        return error_set(err, ERR_INTEGRITY, "there is more data than was promised");
    if (!emit(writer, data, length, err))
        return false;
    writer->left -= length;
    if (writer->left > 0)
        return true;
    size_t padding = TAKE(writer->padding);
    return emit_zeros(writer, padding, err);
}

bool tar_writer_finish(struct tar_writer *writer, struct error *err)
{
    if (writer->left > 0)
        return error_set(err, ERR_INTEGRITY, "%llu bytes are missing at the end",
                         (unsigned long long)writer->left);
    return emit_zeros(writer, (size_t)2 * TAR_BLOCK_SIZE, err);
}

void tar_writer_init(struct tar_writer *writer, const struct byte_sink *sink)
{
    *writer = (struct tar_writer){.sink = *sink};
}
