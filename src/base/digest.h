/* SPDX-License-Identifier: MIT */
/* digest: a content digest as OCI writes it, "sha256:" and 64 lower-case hex digits.
 *
 * A struct digest can only be made by digest_parse(), digest_of() and sha256_final_digest(), so one
 * that holds text is valid, and its hex part is safe to use as a file name. */
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "base/sha256.h"

#define DIGEST_TEXT_SIZE 72 /* "sha256:" + 64 + NUL */

struct digest {
    char text[DIGEST_TEXT_SIZE]; /* "" = none */
};

/* Fails (ERR_INTEGRITY) on anything but a well-formed sha256 digest; other registered algorithms
 * are refused by name. */
bool digest_parse(const char *text, struct digest *ret, struct error *err) MUST_USE;
bool digest_is_set(const struct digest *digest);
bool digest_equal(const struct digest *a, const struct digest *b);
/* The 64 hex digits; points into the digest. */
const char *digest_hex(const struct digest *digest);
struct digest digest_of(const void *data, size_t length);
struct digest sha256_final_digest(struct sha256 *hash);
