/* SPDX-License-Identifier: MIT */
/* little_endian: integers of Windows' on-disk structures, whatever their alignment. */
#pragma once

#include <stdint.h>

static inline void put_le16(unsigned char *out, uint16_t value)
{
    out[0] = (unsigned char)value;
    out[1] = (unsigned char)(value >> 8);
}

static inline void put_le32(unsigned char *out, uint32_t value)
{
    put_le16(out, (uint16_t)value);
    put_le16(out + 2, (uint16_t)(value >> 16));
}

static inline void put_le64(unsigned char *out, uint64_t value)
{
    put_le32(out, (uint32_t)value);
    put_le32(out + 4, (uint32_t)(value >> 32));
}

static inline uint16_t get_le16(const unsigned char *in)
{
    return (uint16_t)(in[0] | in[1] << 8);
}

static inline uint32_t get_le32(const unsigned char *in)
{
    return get_le16(in) | (uint32_t)get_le16(in + 2) << 16;
}

static inline uint64_t get_le64(const unsigned char *in)
{
    return get_le32(in) | (uint64_t)get_le32(in + 4) << 32;
}
