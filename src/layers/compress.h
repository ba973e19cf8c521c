/* SPDX-License-Identifier: MIT */
/* compress: a tar to the blob of a layer: as it is, as gzip (ISA-L), or as zstd. */
#pragma once

#include "base/byte_sink.h"

enum compress_format { COMPRESS_NONE = 1, COMPRESS_GZIP, COMPRESS_ZSTD };

struct compressor; /* opaque: one allocation */

/* 'sink' is borrowed. */
struct compressor *compressor_open(enum compress_format format, const struct byte_sink *sink);
bool compressor_write(struct compressor *compressor, const void *data, size_t length,
                      struct error *err) MUST_USE;
/* Everything has come: writes the end. Then, or after a failure, only to be closed. */
bool compressor_finish(struct compressor *compressor, struct error *err) MUST_USE;
void compressor_close(struct compressor **compressor);

/* "none", "gzip", "zstd"; false for anything else. */
bool compress_format_parse(const char *text, enum compress_format *ret);
