/* SPDX-License-Identifier: MIT */
/* export_output: what becomes of the bytes of an exported tar. One thread hashes them, another one
 * compresses them, hashes that and gives it to the sink. Private to layer_export. */
#pragma once

#include "base/event.h"
#include "base/os.h"
#include "base/sha256.h"
#include "layers/layer_export.h"
#include "layers/slice_ring.h"

struct export_output {
    const struct layer_export_request *request;
    const struct context *context;
    struct slice_ring ring;
    struct os_thread hashing;
    struct os_thread writing;
    uint64_t tar_size;
    struct sha256 tar_hash;
    struct sha256 blob_hash;
    uint64_t blob_size;
    bool written;     /* the sink has everything */
    bool refused;     /* the tar could not go on, because of 'err' */
    struct error err; /* of writing */
};

/* Stays where it is until it is closed. */
bool export_output_open(const struct layer_export_request *request, const struct context *context,
                        struct export_output *output, struct error *err) MUST_USE;
/* Where the tar goes. Refuses more than layers may hold. */
struct byte_sink export_output_sink(struct export_output *output);
/* The tar is complete; digests and sizes go into *ret. */
bool export_output_finish(struct export_output *output, struct layer_export_result *ret,
                          struct error *err) MUST_USE;
/* Ends the threads. If the tar could not go on because writing failed, that takes the place of what
 * is in *err. */
void export_output_close(struct export_output *output, struct error *err);
