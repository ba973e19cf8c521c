/* SPDX-License-Identifier: MIT */
/* layer_digest: what is in a layer file, compressed or not. */
#pragma once

#include "base/digest.h"
#include "base/event.h"

/* The digest of the uncompressed bytes. The context may be NULL. */
bool layer_digest_of(const char *path, const struct context *context, struct digest *ret,
                     struct error *err) MUST_USE;

/* The same for a file that must be a layer of a Windows image: ERR_INTEGRITY when it is no tar file
 * or when something in it is not below Files, Hives or UtilityVM (Microsoft's layer format). */
bool layer_digest_of_windows(const char *path, const struct context *context, struct digest *ret,
                             struct error *err) MUST_USE;

/* The same for one that nothing lies below: one that changes the registry of another is refused. */
bool layer_digest_of_base(const char *path, const struct context *context, struct digest *ret,
                          struct error *err) MUST_USE;
