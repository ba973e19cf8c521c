/* SPDX-License-Identifier: MIT */
/* selection: which image of an index a host takes, and a refusal that explains itself. */
#pragma once

#include "registry/manifest.h"

/* The entry of an index that fits the host best (platform_compare; then the one listed first; one
 * without a platform last). ERR_MISMATCH names the host and every entry with the reason against it.
 */
bool selection_choose(const struct index *index, const struct platform_host *host, size_t *ret,
                      struct error *err) MUST_USE;

/* The same verdict for an image that stands alone, given its configuration's platform. */
bool selection_check(const struct platform *platform, const struct platform_host *host,
                     struct error *err) MUST_USE;
