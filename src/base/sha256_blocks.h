/* SPDX-License-Identifier: MIT */
/* sha256_blocks: the compression function behind base/sha256.h, in its two forms.
 *
 * Only for sha256.c and its test; FIPS 180-4 section 6.2.2 defines what both compute. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_BLOCK_SIZE 64

extern const uint32_t sha256_round_constants[64];

/* Each folds 'count' whole blocks into the state. */
void sha256_blocks_portable(uint32_t state[8], const uint8_t *data, size_t count);
/* Only where sha256_has_shani(); elsewhere an illegal instruction. */
void sha256_blocks_shani(uint32_t state[8], const uint8_t *data, size_t count);

/* Does this processor have the SHA extensions? False on anything but x86. */
bool sha256_has_shani(void);
