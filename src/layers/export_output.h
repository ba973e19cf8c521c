/* SPDX-License-Identifier: MIT */
/* export_output: what becomes of the bytes of an exported tar: hashed, compressed, hashed again and
 * given to the sink. Private to layer_export. */
#pragma once

#include "base/event.h"
#include "base/sha256.h"
#include "layers/layer_export.h"

struct export_output {
    const struct layer_export_request *request;
    const struct context *context;
    struct compressor *compressor; /* NULL = closed */
    struct sha256 tar_hash;
    struct sha256 blob_hash;
    uint64_t tar_size;
    uint64_t blob_size;
};

/* Stays where it is until it is closed. */
void export_output_open(struct export_output *output, const struct layer_export_request *request,
                        const struct context *context);
/* Where the tar goes. Refuses more than layers may hold. */
struct byte_sink export_output_sink(struct export_output *output);
/* The tar is complete; digests and sizes go into *ret. */
bool export_output_finish(struct export_output *output, struct layer_export_result *ret,
                          struct error *err) MUST_USE;
void export_output_close(struct export_output *output);
