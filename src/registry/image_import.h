/* SPDX-License-Identifier: MIT */
/* image_import: an image of one layer from a tar file ('docker import'). */
#pragma once

#include "base/event.h"
#include "base/strlist.h"
#include "registry/archive_image.h"

struct import_request {
    const struct archive_source *source;
    struct reference name;
    const char *architecture;      /* "amd64" */
    const char *os_version;        /* "10.0.20348.2322" */
    const char *message;           /* for the history; NULL = none */
    const struct strlist *changes; /* instructions, registry/image_instruction.h */
    /* Also says when the file is no layer. */
    struct archive_inflater inflater;
};

/* The file becomes a layer as it is, with its compression. The same request gives the same image.
 * ERR_USAGE when an instruction is not understood. On failure the store is as before. */
bool image_import(const struct import_request *request, const struct blob_store *store,
                  const struct context *context, struct digest *ret, struct error *err) MUST_USE;
