/* SPDX-License-Identifier: MIT */
/* manifest: the two documents a registry answers for a reference, an index (one image per platform)
 * and an image manifest.
 *
 * The declared media type decides what a document is, and everything in it must agree: the same
 * bytes must never pass both as an index and as a manifest (CVE-2021-41190). */
#pragma once

#include "registry/descriptor.h"

#define MANIFEST_MAXIMUM ((size_t)4 << 20) /* bytes of an index or manifest */

struct index {
    struct descriptor_list manifests;
};

struct manifest {
    struct descriptor config;
    struct descriptor_list layers; /* lowest first; at least one, at most 512 */
};

/* 'media_type' is what the response or the descriptor declared. ERR_INTEGRITY when the document
 * contradicts it or is malformed, ERR_UNSUPPORTED when it is well-formed but no image that wrun can
 * run (schema 1, an artifact, an unknown kind of layer). */
bool index_parse(const char *text, size_t length, const char *media_type, struct index *ret,
                 struct error *err) MUST_USE;
bool manifest_parse(const char *text, size_t length, const char *media_type, struct manifest *ret,
                    struct error *err) MUST_USE;

/* An image manifest of that type. The same image gives the same text, which the caller owns. */
bool manifest_compose(const char *media_type, const struct descriptor *config,
                      const struct descriptor_list *layers, char **ret, struct error *err) MUST_USE;

void index_clear(struct index *index);
void manifest_clear(struct manifest *manifest);
