/* SPDX-License-Identifier: MIT */
#include "base/sha256.h"

#include <string.h>

#define BLOCK_SIZE 64
#define LENGTH_SIZE 8

struct sha1 {
    uint32_t state[5];
    uint8_t block[BLOCK_SIZE];
    size_t used;
};

static uint32_t rotate(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

/* FIPS 180-4 section 6.1.2. */
static uint32_t choose(size_t round, uint32_t b, uint32_t c, uint32_t d)
{
    if (round < 20)
        return ((b & c) | (~b & d)) + 0x5a827999;
    if (round < 40)
        return (b ^ c ^ d) + 0x6ed9eba1;
    if (round < 60)
        return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    return (b ^ c ^ d) + 0xca62c1d6;
}

static void compress(struct sha1 *hash)
{
    uint32_t w[80];
    for (size_t i = 0; i < 16; i++) {
        const uint8_t *at = hash->block + 4 * i;
        w[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
    }
    for (size_t i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);

    uint32_t *state = hash->state;
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (size_t i = 0; i < 80; i++) {
        uint32_t next = rotate(a, 5) + choose(i, b, c, d) + e + w[i];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

static void add_byte(struct sha1 *hash, uint8_t byte)
{
    hash->block[hash->used++] = byte;
    if (hash->used == BLOCK_SIZE) {
        compress(hash);
        hash->used = 0;
    }
}

void sha1_of(const void *const *parts, const size_t *lengths, size_t count, uint8_t ret[SHA1_SIZE])
{
    struct sha1 hash = {.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *bytes = parts[i];
        for (size_t k = 0; k < lengths[i]; k++)
            add_byte(&hash, bytes[k]);
        bits += (uint64_t)lengths[i] * 8;
    }
    add_byte(&hash, 0x80);
    while (hash.used != BLOCK_SIZE - LENGTH_SIZE)
        add_byte(&hash, 0);
    for (unsigned shift = 64; shift; shift -= 8)
        add_byte(&hash, (uint8_t)(bits >> (shift - 8)));

    for (size_t i = 0; i < SHA1_SIZE; i++)
        ret[i] = (uint8_t)(hash.state[i / 4] >> (24 - 8 * (i % 4)));
}
