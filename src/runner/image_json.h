/* SPDX-License-Identifier: MIT */
/* image_json: an image described for programs (wrun pull, inspect and match with --json;
 * docs/registry.md, "Images as JSON"). The caller owns what is composed. */
#pragma once

#include "base/strlist.h"
#include "registry/description.h"

/* What a pull came to. */
struct pull_outcome {
    const struct strlist *layers; /* their directories, topmost first; empty when nothing was
                                     unpacked */
    uint64_t fetched_bytes;
};

/* {ref, digest, platform, created, size, chainId, topLayer, layers:[{diffId, chainId, digest,
 * mediaType, size, path}], config, bytesFetched} */
bool image_json_compose(const struct image *image, const struct pull_outcome *outcome, char **ret,
                        struct error *err) MUST_USE;

/* The same without what a pull adds, but with {indexDigest, fetched, candidates}. Of an index that
 * has nothing for the host, only {ref, indexDigest, candidates}. */
bool image_json_describe(const struct reference *reference, const struct description *description,
                         const struct platform_host *host, char **ret, struct error *err) MUST_USE;

/* {ref, indexDigest, host:{os, architecture, osVersion, isolation}, candidates} */
bool image_json_match(const struct reference *reference, const struct description *description,
                      const struct platform_host *host, char **ret, struct error *err) MUST_USE;
