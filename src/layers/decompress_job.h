/* SPDX-License-Identifier: MIT */
/* decompress_job: what the decoders of decompress.c share: the source, and the consumer behind its
 * limits. */
#pragma once

#include "layers/decompress.h"

struct decompress_job {
    const struct byte_source *source;
    uint64_t read;        /* bytes of the source that a decoder has been given */
    unsigned char *input; /* DECOMPRESS_INPUT_SIZE bytes */
    size_t ready;         /* bytes in it that no decoder has been given yet */
    uint64_t produced;
    uint64_t maximum;
    decompress_consumer consume;
    void *user;
    const struct context *context;
    decompress_space space; /* NULL = in 'output' */
    unsigned char *output;  /* DECOMPRESS_OUTPUT_SIZE bytes; NULL = not needed so far */
};

#define DECOMPRESS_INPUT_SIZE ((size_t)512 * 1024)
#define DECOMPRESS_OUTPUT_SIZE ((size_t)256 * 1024)

/* Reads on into job->input; 0 bytes only at the end of the source. Sees cancellation. */
bool decompress_job_read(struct decompress_job *job, size_t *ret_length, struct error *err)
    MUST_USE;
/* Memory for output: what is decoded there is not copied by who wants it. For the next emit alone.
 */
bool decompress_job_space(struct decompress_job *job, unsigned char **ret, size_t *ret_length,
                          struct error *err) MUST_USE;
/* Hands over decoded bytes, of which 'unused' bytes of input have no part yet. */
bool decompress_job_emit(struct decompress_job *job, const unsigned char *data, size_t length,
                         size_t unused, struct error *err) MUST_USE;

/* The decoders: from the start of the source to its end. */
bool decompress_gzip(struct decompress_job *job, struct error *err) MUST_USE;
bool decompress_zstd(struct decompress_job *job, struct error *err) MUST_USE;
