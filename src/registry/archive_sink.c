/* SPDX-License-Identifier: MIT */
#include "registry/archive_sink.h"

#include <string.h>

#include "base/alloc.h"

#define BLOCK 512
#define NAME_MAXIMUM 100

/* The largest size that eleven octal digits hold. */
#define OCTAL_MAXIMUM 077777777777ULL

/* ---- tar: the ustar header of POSIX.1-1988 ---- */

/* Fields are filled up with the zeros that are there. */
static void put_text(unsigned char *field, const char *text)
{
    for (; *text; text++)
        *field++ = (unsigned char)*text;
}

static void put_octal(unsigned char *field, size_t digits, uint64_t value)
{
    for (size_t i = digits; i > 0; i--, value >>= 3)
        field[i - 1] = (unsigned char)('0' + (value & 7));
}

/* Sizes of 8 GiB and more are written in base 256, as GNU tar does and everybody reads. */
static void put_size(unsigned char *field, uint64_t size)
{
    if (size <= OCTAL_MAXIMUM) {
        put_octal(field, 11, size);
        return;
    }
    for (size_t i = 12; i > 0; i--, size >>= 8)
        field[i - 1] = (unsigned char)(size & 0xFF);
    field[0] = 0x80;
}

static void put_checksum(unsigned char *header)
{
    unsigned sum = 0;
    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += header[i];
    put_octal(header + 148, 6, sum);
    header[154] = '\0';
}

static bool write_header(struct archive_tar *tar, const char *name, char type, uint64_t size,
                         struct error *err)
{
    unsigned char header[BLOCK] = {0};
    if (strlen(name) > NAME_MAXIMUM)
        error_bug("a name in an archive is too long");
    put_text(header, name);
    put_octal(header + 100, 7, type == '5' ? 0755 : 0644);
    put_octal(header + 108, 7, 0);
    put_octal(header + 116, 7, 0);
    put_size(header + 124, size);
    put_octal(header + 136, 11, 0);
    header[156] = (unsigned char)type;
    put_text(header + 257, "ustar");
    put_text(header + 263, "00");
    put_octal(header + 329, 7, 0);
    put_octal(header + 337, 7, 0);
    put_checksum(header);
    return tar->write(tar->user, header, sizeof(header), err);
}

static bool write_zeros(struct archive_tar *tar, size_t length, struct error *err)
{
    static const unsigned char zeros[2 * BLOCK];
    return length == 0 || tar->write(tar->user, zeros, length, err);
}

static bool tar_directory(void *user, const char *name, struct error *err)
{
    CLEANUP(str_free) char *with_slash = str_format("%s/", name);
    return write_header(user, with_slash, '5', 0, err);
}

static bool tar_begin(void *user, const char *name, uint64_t size, struct error *err)
{
    struct archive_tar *tar = user;
    tar->size = size;
    return write_header(tar, name, '0', size, err);
}

static bool tar_write(void *user, const void *data, size_t length, struct error *err)
{
    struct archive_tar *tar = user;
    return tar->write(tar->user, data, length, err);
}

static bool tar_end(void *user, struct error *err)
{
    struct archive_tar *tar = user;
    return write_zeros(tar, (size_t)(-tar->size % BLOCK), err);
}

static bool tar_finish(void *user, struct error *err)
{
    return write_zeros(user, (size_t)(2 * BLOCK), err);
}

struct archive_sink archive_tar_sink(struct archive_tar *tar)
{
    return (struct archive_sink){tar_directory, tar_begin, tar_write, tar_end, tar_finish, tar};
}

/* ---- a directory ---- */

static bool folder_directory(void *user, const char *name, struct error *err)
{
    const struct archive_folder *folder = user;
    CLEANUP(str_free) char *path = fs_join(folder->path, name);
    return fs_make_directories(path, err);
}

static bool folder_begin(void *user, const char *name, uint64_t size, struct error *err)
{
    struct archive_folder *folder = user;
    CLEANUP(str_free) char *path = fs_join(folder->path, name);
    (void)size;
    folder->written = 0;
    return fs_open(path, FS_CREATE_NEW, &folder->file, err);
}

static bool folder_write(void *user, const void *data, size_t length, struct error *err)
{
    struct archive_folder *folder = user;
    if (!fs_write_at(&folder->file, folder->written, data, length, err))
        return false;
    folder->written += length;
    return true;
}

static bool folder_end(void *user, struct error *err)
{
    (void)err;
    archive_folder_close(user);
    return true;
}

static bool folder_finish(void *user, struct error *err)
{
    (void)user;
    (void)err;
    return true;
}

struct archive_sink archive_folder_sink(struct archive_folder *folder)
{
    return (struct archive_sink){folder_directory, folder_begin,  folder_write,
                                 folder_end,       folder_finish, folder};
}

void archive_folder_close(struct archive_folder *folder)
{
    fs_close(&folder->file);
}
