/* SPDX-License-Identifier: MIT */
#include "runner/plain_host.h"

static bool refuse(struct error *err)
{
    return error_set(err, ERR_UNSUPPORTED,
                     "'wrun unpack' is in the native build for Linux only so far");
}

bool plain_host_open(const char *directory, struct plain_host *ret, struct error *err)
{
    (void)directory;
    (void)ret;
    return refuse(err);
}

bool plain_host_begin(struct plain_host *host, struct error *err)
{
    (void)host;
    return refuse(err);
}

bool plain_host_add(struct plain_host *host, const struct invocation *invocation,
                    const struct host_layer *layer, struct error *err)
{
    (void)host;
    (void)invocation;
    (void)layer;
    return refuse(err);
}

struct layer_merge_result plain_host_result(const struct plain_host *host)
{
    (void)host;
    return (struct layer_merge_result){0};
}

bool plain_host_publish(struct plain_host *host, struct error *err)
{
    (void)host;
    return refuse(err);
}

void plain_host_close(struct plain_host *host)
{
    (void)host;
}
