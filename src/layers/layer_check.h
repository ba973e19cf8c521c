/* SPDX-License-Identifier: MIT */
/* layer_check: proves a layer without unpacking it anywhere, on systems that cannot. */
#pragma once

#include "base/byte_source.h"
#include "base/digest.h"
#include "base/event.h"

struct layer_check_request {
    const struct byte_source *source; /* the blob */
    const char *media_type;           /* NULL = not known */
    struct digest diff_id;
    bool is_base;
};

/* The same verdict as that of unpacking (layers/unpack.h): the compression is sound, the tar has
 * nothing in it that is refused, the diff id is right. Only what a layer says about those below it
 * is believed. Emits EVENT_CHECK_STARTED, _PROGRESS, _DONE. */
bool layer_check(const struct layer_check_request *request, const struct context *context,
                 struct error *err) MUST_USE;
