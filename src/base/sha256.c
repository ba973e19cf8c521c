/* SPDX-License-Identifier: MIT */
#include "base/sha256.h"

#include <string.h>

#include "base/sha256_blocks.h"

/* The length of the message in bits, big-endian, ends the last block. */
#define LENGTH_SIZE 8

const uint32_t sha256_round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static void blocks(uint32_t state[8], const uint8_t *data, size_t count)
{
    if (sha256_has_shani())
        sha256_blocks_shani(state, data, count);
    else
        sha256_blocks_portable(state, data, count);
}

static uint32_t rotate(uint32_t value, unsigned bits)
{
    return value >> bits | value << (32 - bits);
}

static uint32_t load_be32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void store_be32(uint8_t *bytes, uint32_t value)
{
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
}

/* One round. The eight working variables never move: in each round they are named one place further
 * along, which costs nothing once the loop is unrolled. */
static inline void round_step(uint32_t v[8], size_t round, uint32_t word)
{
    uint32_t a = v[(0 - round) % 8];
    uint32_t b = v[(1 - round) % 8];
    uint32_t c = v[(2 - round) % 8];
    uint32_t *d = &v[(3 - round) % 8];
    uint32_t e = v[(4 - round) % 8];
    uint32_t f = v[(5 - round) % 8];
    uint32_t g = v[(6 - round) % 8];
    uint32_t *h = &v[(7 - round) % 8];
    uint32_t t1 = *h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (g ^ (e & (f ^ g))) + word;
    *d += t1;
    *h = t1 + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) | (c & (a | b)));
}

/* Word 'round' of the schedule, in place of the one sixteen rounds before. */
static inline uint32_t extend(uint32_t w[16], size_t round)
{
    uint32_t a = w[(round + 1) % 16];
    uint32_t b = w[(round + 14) % 16];
    w[round % 16] += (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[(round + 9) % 16]
        + (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
    return w[round % 16];
}

static void compress(uint32_t state[8], const uint8_t *block)
{
    uint32_t v[8];
    uint32_t w[16];
    memcpy(v, state, sizeof v);
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++) {
        w[i] = load_be32(block + 4 * i);
        round_step(v, i, sha256_round_constants[i] + w[i]);
    }
    for (size_t group = 16; group < 64; group += 16) {
#pragma GCC unroll 16
        for (size_t i = 0; i < 16; i++)
            round_step(v, i, sha256_round_constants[group + i] + extend(w, i));
    }
    for (size_t i = 0; i < 8; i++)
        state[i] += v[i];
}

void sha256_blocks_portable(uint32_t state[8], const uint8_t *data, size_t count)
{
    for (; count; count--, data += SHA256_BLOCK_SIZE)
        compress(state, data);
}

void sha256_init(struct sha256 *hash)
{
    *hash = (struct sha256){
        .state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c,
                  0x1f83d9ab, 0x5be0cd19},
    };
}

void sha256_update(struct sha256 *hash, const void *data, size_t length)
{
    const uint8_t *at = data;
    size_t used = hash->length % SHA256_BLOCK_SIZE;
    hash->length += length;

    if (used) {
        size_t room = SHA256_BLOCK_SIZE - used;
        size_t step = length < room ? length : room;
        if (step)
            memcpy(hash->block + used, at, step);
        if (step < room)
            return;
        blocks(hash->state, hash->block, 1);
        at += step;
        length -= step;
    }
    size_t whole = length / SHA256_BLOCK_SIZE;
    if (whole)
        blocks(hash->state, at, whole);
    size_t rest = length % SHA256_BLOCK_SIZE;
    if (rest)
        memcpy(hash->block, at + whole * SHA256_BLOCK_SIZE, rest);
}

void sha256_final(struct sha256 *hash, uint8_t ret[SHA256_SIZE])
{
    uint64_t bits = hash->length * 8;
    size_t used = hash->length % SHA256_BLOCK_SIZE;
    hash->block[used++] = 0x80;
    if (used > SHA256_BLOCK_SIZE - LENGTH_SIZE) {
        memset(hash->block + used, 0, SHA256_BLOCK_SIZE - used);
        blocks(hash->state, hash->block, 1);
        used = 0;
    }
    memset(hash->block + used, 0, SHA256_BLOCK_SIZE - LENGTH_SIZE - used);
    store_be32(hash->block + SHA256_BLOCK_SIZE - 8, (uint32_t)(bits >> 32));
    store_be32(hash->block + SHA256_BLOCK_SIZE - 4, (uint32_t)bits);
    blocks(hash->state, hash->block, 1);

    for (size_t i = 0; i < 8; i++)
        store_be32(ret + 4 * i, hash->state[i]);
}
