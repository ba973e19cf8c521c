/* SPDX-License-Identifier: MIT */
/* The writer of a layer that is only looked at. */
#include "layers/layer_writer.h"

static bool take_path(void *self, const struct layer_path *path, struct error *err)
{
    (void)self;
    (void)path;
    (void)err;
    return true;
}

static bool take_directory(void *self, const struct layer_path *path, const struct win_meta *meta,
                           bool implied, struct error *err)
{
    (void)meta;
    (void)implied;
    return take_path(self, path, err);
}

static bool take_file(void *self, const struct layer_path *path, const struct win_meta *meta,
                      uint64_t size, struct error *err)
{
    (void)meta;
    (void)size;
    return take_path(self, path, err);
}

static bool take_link(void *self, const struct layer_path *path, const struct win_meta *meta,
                      struct error *err)
{
    (void)meta;
    return take_path(self, path, err);
}

static bool take_stream(void *self, const char *name, uint64_t size, struct error *err)
{
    (void)self;
    (void)name;
    (void)size;
    (void)err;
    return true;
}

static bool take_data(void *self, const void *data, size_t length, struct error *err)
{
    (void)self;
    (void)data;
    (void)length;
    (void)err;
    return true;
}

static bool take_end(void *self, struct error *err)
{
    (void)self;
    (void)err;
    return true;
}

static bool take_hard_link(void *self, const struct layer_link *link, struct error *err)
{
    (void)self;
    (void)link;
    (void)err;
    return true;
}

static bool take_finish(void *self, const struct layer_unpack_result *result, struct error *err)
{
    (void)self;
    (void)result;
    (void)err;
    return true;
}

static void close_nothing(void *self)
{
    (void)self;
}

static const struct layer_writer_ops ops = {
    .implied_directory = take_path,
    .directory = take_directory,
    .file = take_file,
    .link = take_link,
    .stream = take_stream,
    .data = take_data,
    .end = take_end,
    .hard_link = take_hard_link,
    .finish = take_finish,
    .close = close_nothing,
};

struct layer_writer check_writer_open(void)
{
    return (struct layer_writer){.ops = &ops};
}
