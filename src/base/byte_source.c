/* SPDX-License-Identifier: MIT */
#include "base/byte_source.h"

bool file_source_open(const char *path, struct file_source *ret, struct error *err)
{
    CLEANUP(file_source_close) struct file_source source = {0};
    if (!fs_open(path, FS_READ, &source.file, err))
        return false;
    if (!fs_size(&source.file, &source.size, err))
        return error_wrap(err, "'%s'", path);
    *ret = TAKE(source);
    return true;
}

void file_source_close(struct file_source *source)
{
    fs_close(&source->file);
    *source = (struct file_source){0};
}

static bool read_on(void *user, void *data, size_t length, size_t *ret, struct error *err)
{
    struct file_source *source = user;
    size_t got = 0;
    if (!fs_read_at(&source->file, source->at, data, length, &got, err))
        return false;
    source->at += got;
    *ret = got;
    return true;
}

static void go_back(void *user)
{
    struct file_source *source = user;
    source->at = 0;
}

struct byte_source file_source_interface(struct file_source *source)
{
    return (struct byte_source){
        .read = read_on, .rewind = go_back, .user = source, .size = source->size};
}
