/* SPDX-License-Identifier: MIT */
/* sha256, sha1: streaming hashes.
 *
 * Written here rather than taken from the system because the product hashes every byte it downloads
 * twice: the SHA-NI path is several times faster than what BCrypt gives under Wine and equal to the
 * best library elsewhere (docs/decisions.md). Processors without SHA-NI take the portable path.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA1_SIZE 20

struct sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    uint8_t block[64];
};

void sha256_init(struct sha256 *hash);
void sha256_update(struct sha256 *hash, const void *data, size_t length);
void sha256_final(struct sha256 *hash, uint8_t ret[SHA256_SIZE]);

/* One-shot SHA-1; only for name-based GUIDs, never for integrity. */
void sha1_of(const void *const *parts, const size_t *lengths, size_t count, uint8_t ret[SHA1_SIZE]);
