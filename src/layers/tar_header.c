/* SPDX-License-Identifier: MIT */
#include "layers/tar_header.h"

#include <string.h>

#include "base/scan.h"

/* POSIX.1-2001 ustar; GNU and v7 share it up to 'version'. */
struct raw_header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char target[100];
    char magic[6];
    char version[2];
    char uname[32];
    char gname[32];
    char device_major[8];
    char device_minor[8];
    char prefix[155];
    char unused[8];
    char star_trailer[4];
};

_Static_assert(sizeof(struct raw_header) == TAR_BLOCK_SIZE, "a tar header is one block");
_Static_assert(offsetof(struct raw_header, magic) == 257, "no padding");

#define STAR_PREFIX_SIZE 131

static const struct {
    char raw;
    enum tar_type type;
} types[] = {
    {'\0', TAR_FILE},     {'0', TAR_FILE},    {'7', TAR_FILE},
    {'1', TAR_HARD_LINK}, {'2', TAR_SYMLINK}, {'5', TAR_DIRECTORY},
    {'3', TAR_DEVICE},    {'4', TAR_DEVICE},  {'6', TAR_DEVICE},
};

bool tar_block_is_zero(const unsigned char *block)
{
    static const unsigned char zeros[TAR_BLOCK_SIZE];
    return !memcmp(block, zeros, TAR_BLOCK_SIZE);
}

/* GNU's base-256: big-endian two's complement, the first bit is a flag. */
static bool parse_base256(const char *field, size_t width, int64_t *ret)
{
    bool negative = field[0] & 0x40;
    unsigned char inversion = negative ? 0xFF : 0;
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++) {
        unsigned char byte = (unsigned char)field[i] ^ inversion;
        if (i == 0)
            byte &= 0x7F;
        if (value >> 55)
            return false;
        value = value << 8 | byte;
    }
    *ret = negative ? ~(int64_t)value : (int64_t)value;
    return true;
}

static bool is_filler(char c)
{
    return c == ' ' || c == '\0';
}

static bool parse_number(const char *field, size_t width, int64_t *ret)
{
    if ((unsigned char)field[0] & 0x80)
        return parse_base256(field, width, ret);
    size_t start = 0;
    while (start < width && is_filler(field[start]))
        start++;
    while (width > start && is_filler(field[width - 1]))
        width--;
    /* At most 12 octal digits: no overflow. */
    int64_t value = 0;
    for (size_t i = start; i < width; i++) {
        if (field[i] < '0' || field[i] > '7')
            return false;
        value = value * 8 + (field[i] - '0');
    }
    *ret = value;
    return true;
}

/* Old tars summed signed bytes. */
static bool checksum_matches(const unsigned char *block, int64_t expected)
{
    const size_t first = offsetof(struct raw_header, checksum);
    int64_t unsigned_sum = 0;
    int64_t signed_sum = 0;
    for (size_t i = 0; i < TAR_BLOCK_SIZE; i++) {
        bool blank = i >= first && i < first + sizeof(((struct raw_header *)0)->checksum);
        unsigned char byte = blank ? ' ' : block[i];
        unsigned_sum += byte;
        signed_sum += (signed char)byte;
    }
    return expected == unsigned_sum || expected == signed_sum;
}

static void join_name(const struct raw_header *raw, char ret[257])
{
    size_t used = 0;
    if (!memcmp(raw->magic, "ustar", sizeof(raw->magic))) {
        bool star = !memcmp(raw->star_trailer, "tar", sizeof(raw->star_trailer));
        used = strnlen(raw->prefix, star ? STAR_PREFIX_SIZE : sizeof(raw->prefix));
        memcpy(ret, raw->prefix, used);
        if (used > 0)
            ret[used++] = '/';
    }
    size_t length = strnlen(raw->name, sizeof(raw->name));
    memcpy(ret + used, raw->name, length);
    ret[used + length] = '\0';
}

bool tar_header_parse(const unsigned char *block, struct tar_header *ret, struct error *err)
{
    struct raw_header raw;
    memcpy(&raw, block, sizeof(raw));
    int64_t checksum = 0;
    int64_t size = 0;
    int64_t mtime = 0;
    if (!parse_number(raw.checksum, sizeof(raw.checksum), &checksum)
        || !checksum_matches(block, checksum))
        return error_set(err, ERR_INTEGRITY,
                         "the layer is not a tar archive, or one of its headers is damaged");
    if (!parse_number(raw.size, sizeof(raw.size), &size) || size < 0)
        return error_set(err, ERR_INTEGRITY, "a header of the archive has an impossible size");
    if (!parse_number(raw.mtime, sizeof(raw.mtime), &mtime))
        return error_set(err, ERR_INTEGRITY, "a header of the archive has an impossible time");

    struct tar_header header = {
        .raw_type = raw.type,
        .oldest_type = raw.type == '\0',
        .size = (uint64_t)size,
        .mtime = mtime,
    };
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (types[i].raw == raw.type)
            header.type = types[i].type;
    }
    join_name(&raw, header.name);
    memcpy(header.target, raw.target, sizeof(raw.target));
    *ret = header;
    return true;
}

bool tar_record_parse(char *data, size_t length, size_t *at, struct tar_record *ret,
                      struct error *err)
{
    struct scan s = scan_bytes(data + *at, length - *at);
    uint64_t size = 0;
    bool good = scan_uint64(&s, &size) && scan_char(&s, ' ') && size <= length - *at;
    char *key = data + (s.at - data);
    char *last = good && size > 0 ? data + *at + size - 1 : data;
    good = good && last > key && *last == '\n';
    char *equals = good ? memchr(key, '=', (size_t)(last - key)) : NULL;
    if (!equals || equals == key || memchr(key, '\0', (size_t)(equals - key)))
        return error_set(err, ERR_INTEGRITY, "the archive has a malformed PAX record");

    *equals = '\0';
    *last = '\0';
    *ret = (struct tar_record){
        .key = key,
        .value = equals + 1,
        .value_length = (size_t)(last - equals - 1),
    };
    *at += (size_t)size;
    return true;
}
