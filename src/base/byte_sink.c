/* SPDX-License-Identifier: MIT */
#include "base/byte_sink.h"

bool file_sink_open(const char *path, struct file_sink *ret, struct error *err)
{
    struct file_sink sink = {0};
    if (!fs_open(path, FS_CREATE_NEW, &sink.file, err))
        return false;
    *ret = sink;
    return true;
}

void file_sink_close(struct file_sink *sink)
{
    fs_close(&sink->file);
    *sink = (struct file_sink){0};
}

static bool write_on(void *user, const void *data, size_t length, struct error *err)
{
    struct file_sink *sink = user;
    if (!fs_write_at(&sink->file, sink->at, data, length, err))
        return false;
    sink->at += length;
    return true;
}

struct byte_sink file_sink_interface(struct file_sink *sink)
{
    return (struct byte_sink){.write = write_on, .user = sink};
}
