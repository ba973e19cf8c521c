/* SPDX-License-Identifier: MIT */
/* layer_parents: what a new layer stands on: an image, or a committed layer. */
#pragma once

#include "base/buf.h"
#include "runner/image_ready.h"

struct layer_parents_request {
    const char *from; /* a layer's name, or else an image's */
    const struct image_options *image;
    enum pull_policy pull;
};

struct layer_parents {
    struct strlist paths; /* layer directories, topmost first */
    struct buf config;    /* the image configuration it descends from */
};

/* A layer's name comes first: what is an image can always be written with its tag. The caller holds
 * the store's shared lock until it is recorded who needs the layers. */
bool layer_parents_find(const struct invocation *invocation,
                        const struct layer_parents_request *request, struct layer_parents *ret,
                        struct error *err) MUST_USE;
void layer_parents_clear(struct layer_parents *parents);
