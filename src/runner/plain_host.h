/* SPDX-License-Identifier: MIT */
/* plain_host: the directory that 'wrun unpack' fills, in the native build; on Windows there is none
 * yet, and opening it says so. */
#pragma once

#include "layers/layer_merge.h"
#include "runner/host.h"

/* Files are written to "DIRECTORY.partial", which gets its name when all is there. What a killed
 * process leaves is never 'DIRECTORY'. */
struct plain_host {
    char *directory;
    char *partial; /* NULL = none */
    struct layer_merge *merge;
};

/* Whether the directory can be filled: it is absent or empty, and nobody is at it. ERR_USAGE or
 * ERR_BUSY. *ret has no files yet. */
bool plain_host_open(const char *directory, struct plain_host *ret, struct error *err) MUST_USE;
/* Removes the partial directory, unless plain_host_publish() has been there. */
void plain_host_close(struct plain_host *host);

/* Makes the partial directory, or makes it empty again. */
bool plain_host_begin(struct plain_host *host, struct error *err) MUST_USE;
/* The next layer, from the base one on. */
bool plain_host_add(struct plain_host *host, const struct invocation *invocation,
                    const struct host_layer *layer, struct error *err) MUST_USE;
struct layer_merge_result plain_host_result(const struct plain_host *host);
/* All layers are there. */
bool plain_host_publish(struct plain_host *host, struct error *err) MUST_USE;
