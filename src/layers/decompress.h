/* SPDX-License-Identifier: MIT */
/* decompress: a layer blob to the bytes of its tar, slice by slice.
 *
 * The format is recognised by its first bytes: gzip (1f 8b; decoded by ISA-L's igzip, several
 * members in a row as RFC 1952 allows), zstd (frames and skippable frames of RFC 8878; decoded by
 * libarchive, with windows of at most 128 MiB), anything else is taken as a plain tar. Empty
 * content of zstd counts as damage. A blob that does not end where its last member or frame ends is
 * refused (zero bytes may follow gzip, as padding), and so is one whose checksums or lengths
 * disagree, and one that after its first GiB has grown to more than 200 times its size. */
#pragma once

#include "base/byte_source.h"
#include "base/event.h"
#include "base/sha256.h"
#include "layers/unpack_times.h"

enum decompress_format { DECOMPRESS_NONE = 1, DECOMPRESS_GZIP, DECOMPRESS_ZSTD };

/* Tells where the bytes of the next slice shall lie, so that the consumer, whose 'user' it gets,
 * need not copy them. Slices may lie elsewhere all the same. Returning false (with *err filled)
 * ends the work with that error. */
typedef bool (*decompress_space)(void *user, unsigned char **ret, size_t *ret_length,
                                 struct error *err);

struct decompress_options {
    const char *media_type; /* of the blob; NULL = not known. One that promises another compression
                               than the bytes have is refused (ERR_INTEGRITY) */
    uint64_t maximum_bytes; /* uncompressed; 0 = no limit */
    decompress_space space; /* NULL = slices lie in memory of the decoder */
    /* decompress_source_ahead() updates it, if not NULL, with the content, and, if not NULL, adds
     * how long inflating and hashing took. */
    struct sha256 *hash;
    struct unpack_times *times;
};

/* The data is only valid during the call. */
struct decompress_slice {
    const unsigned char *data;
    size_t length;
    uint64_t compressed_done;  /* bytes of the source that have been consumed */
    uint64_t compressed_total; /* its size */
};

/* Returning false (with *err filled) ends the work with that error. */
typedef bool (*decompress_consumer)(void *user, const struct decompress_slice *slice,
                                    struct error *err);

/* Hands the whole content to 'consume'. Checks context->cancel between slices. Damage is
 * ERR_INTEGRITY; the slices before it have been handed over by then. */
bool decompress_source(const struct byte_source *source, const struct decompress_options *options,
                       decompress_consumer consume, void *user, const struct context *context,
                       struct error *err) MUST_USE;

/* The same, with the reading and decoding on a thread of its own, a few megabytes ahead, and the
 * hashing on another. 'consume' is called on the caller's thread, 'read' on the decoding one. When
 * it has failed, the hash is of no use. */
bool decompress_source_ahead(const struct byte_source *source,
                             const struct decompress_options *options, decompress_consumer consume,
                             void *user, const struct context *context, struct error *err) MUST_USE;

#define DECOMPRESS_SNIFF_SIZE 4 /* bytes that tell all formats apart */

/* What the first bytes of a blob say. */
enum decompress_format decompress_sniff(const unsigned char *data, size_t length);

/* What a layer's media type says (suffixes +gzip, .gzip, +zstd, .zstd, none). */
enum decompress_format decompress_format_of(const char *media_type);
