/* SPDX-License-Identifier: MIT */
#include "base/sha256_blocks.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define SHANI __attribute__((target("sha,sse4.1")))

/* CPUID: leaf 1 ECX and leaf 7 EBX. */
#define LEAF1_SSSE3 (1u << 9)
#define LEAF1_SSE41 (1u << 19)
#define LEAF7_SHA (1u << 29)

/* The order in which the instructions want the eight words. */
struct lanes {
    __m128i abef;
    __m128i cdgh;
};

static bool ask_processor(void)
{
    unsigned eax, ebx, ecx, edx;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & LEAF1_SSSE3) || !(ecx & LEAF1_SSE41))
        return false;
    return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & LEAF7_SHA);
}

bool sha256_has_shani(void)
{
    enum { UNKNOWN, NO, YES };
    /* Under a hypervisor every CPUID is a trap of microseconds: ask once. Threads that race here
     * find the same answer. */
    static int known = UNKNOWN;
    int answer = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (answer == UNKNOWN) {
        answer = ask_processor() ? YES : NO;
        __atomic_store_n(&known, answer, __ATOMIC_RELAXED);
    }
    return answer == YES;
}

SHANI static struct lanes load_state(const uint32_t state[8])
{
    __m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)state);
    __m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)(state + 4));
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1);
    __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1B);
    return (struct lanes){
        .abef = _mm_alignr_epi8(cdab, efgh, 8),
        .cdgh = _mm_blend_epi16(efgh, cdab, 0xF0),
    };
}

SHANI static void store_state(uint32_t state[8], struct lanes lanes)
{
    __m128i feba = _mm_shuffle_epi32(lanes.abef, 0x1B);
    __m128i dchg = _mm_shuffle_epi32(lanes.cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Four rounds, on words 4 * group ... of the schedule. */
SHANI static inline struct lanes rounds(struct lanes lanes, __m128i words, size_t group)
{
    const uint32_t *constants = sha256_round_constants + 4 * group;
    __m128i sum = _mm_add_epi32(words, _mm_loadu_si128((const __m128i *)(const void *)constants));
    lanes.cdgh = _mm_sha256rnds2_epu32(lanes.cdgh, lanes.abef, sum);
    lanes.abef = _mm_sha256rnds2_epu32(lanes.abef, lanes.cdgh, _mm_shuffle_epi32(sum, 0x0E));
    return lanes;
}

/* The four words after w3, from the sixteen before them. */
SHANI static inline __m128i extend(__m128i w0, __m128i w1, __m128i w2, __m128i w3)
{
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
    return _mm_sha256msg2_epu32(sum, w3);
}

SHANI static inline __m128i load_words(const uint8_t *bytes)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)bytes), big_endian);
}

SHANI static struct lanes compress(struct lanes lanes, const uint8_t *block)
{
    __m128i w0 = load_words(block);
    __m128i w1 = load_words(block + 16);
    __m128i w2 = load_words(block + 32);
    __m128i w3 = load_words(block + 48);
    for (size_t group = 0; group < 12; group += 4) {
        lanes = rounds(lanes, w0, group);
        w0 = extend(w0, w1, w2, w3);
        lanes = rounds(lanes, w1, group + 1);
        w1 = extend(w1, w2, w3, w0);
        lanes = rounds(lanes, w2, group + 2);
        w2 = extend(w2, w3, w0, w1);
        lanes = rounds(lanes, w3, group + 3);
        w3 = extend(w3, w0, w1, w2);
    }
    lanes = rounds(lanes, w0, 12);
    lanes = rounds(lanes, w1, 13);
    lanes = rounds(lanes, w2, 14);
    return rounds(lanes, w3, 15);
}

SHANI void sha256_blocks_shani(uint32_t state[8], const uint8_t *data, size_t count)
{
    struct lanes lanes = load_state(state);
    for (; count; count--, data += SHA256_BLOCK_SIZE) {
        struct lanes sums = compress(lanes, data);
        lanes.abef = _mm_add_epi32(lanes.abef, sums.abef);
        lanes.cdgh = _mm_add_epi32(lanes.cdgh, sums.cdgh);
    }
    store_state(state, lanes);
}

#else

bool sha256_has_shani(void)
{
    return false;
}

void sha256_blocks_shani(uint32_t state[8], const uint8_t *data, size_t count)
{
    sha256_blocks_portable(state, data, count);
}

#endif
