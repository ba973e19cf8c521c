/* SPDX-License-Identifier: MIT */
#include "base/digest.h"
#include "base/sha256.h"
#include "base/sha256_blocks.h"
#include "check.h"

#define MESSAGE_LENGTH 200
#define MESSAGE_SHA256 "2c7e18c942ef065b526a2d4e5546283749cd3ddfb51d8fc71f42717363685f46"
#define MESSAGE_SHA1 "892b673ca3c696ab13ab8aab3cf3abfbc3aaeb3b"

/* FIPS 180 and NIST's example values. */
static const struct {
    const char *piece;
    size_t repeat;
    const char *sha256;
    const char *sha1;
} vectors[] = {
    {"", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
     "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
     "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnop"
     "q"
     "rsmnopqrstnopqrstu",
     1, "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
     "a49b2446a02c645bf419f995b67091253a04a259"},
    {"a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
     "34aa973cd4c4daa4f61eeb2bdbad27316534016f"},
};

static void fill_message(uint8_t *message, size_t length)
{
    for (size_t i = 0; i < length; i++)
        message[i] = (uint8_t)(i * 7 + 3);
}

static void assert_sha256(struct sha256 *hash, const char *expected)
{
    struct digest digest = sha256_final_digest(hash);
    assert_string_equal(digest_hex(&digest), expected);
}

static void assert_sha1(const void *const *parts, const size_t *lengths, size_t count,
                        const char *expected)
{
    uint8_t bytes[SHA1_SIZE];
    sha1_of(parts, lengths, count, bytes);
    char text[2 * SHA1_SIZE + 1];
    for (size_t i = 0; i < SHA1_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    assert_string_equal(text, expected);
}

TEST(sha256_vectors)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct sha256 hash;
        sha256_init(&hash);
        for (size_t k = 0; k < vectors[i].repeat; k++)
            sha256_update(&hash, vectors[i].piece, strlen(vectors[i].piece));
        assert_sha256(&hash, vectors[i].sha256);
    }
}

TEST(sha1_vectors)
{
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        size_t count = vectors[i].repeat;
        CLEANUP(mem_free) const void **parts = xcalloc(count, sizeof(void *));
        CLEANUP(mem_free) size_t *lengths = xcalloc(count, sizeof *lengths);
        for (size_t k = 0; k < count; k++) {
            parts[k] = vectors[i].piece;
            lengths[k] = strlen(vectors[i].piece);
        }
        assert_sha1(parts, lengths, count, vectors[i].sha1);
    }
}

TEST(every_split_gives_the_same_hash)
{
    uint8_t message[MESSAGE_LENGTH];
    fill_message(message, sizeof message);
    for (size_t first = 0; first <= MESSAGE_LENGTH; first++)
        for (size_t second = first; second <= MESSAGE_LENGTH; second++) {
            struct sha256 hash;
            sha256_init(&hash);
            sha256_update(&hash, message, first);
            sha256_update(&hash, message + first, second - first);
            sha256_update(&hash, message + second, MESSAGE_LENGTH - second);
            assert_sha256(&hash, MESSAGE_SHA256);
        }
    for (size_t first = 0; first <= MESSAGE_LENGTH; first++) {
        const void *const parts[] = {message, message + first};
        const size_t lengths[] = {first, MESSAGE_LENGTH - first};
        assert_sha1(parts, lengths, ARRAY_SIZE(parts), MESSAGE_SHA1);
    }
}

/* Every length around the places where the padding needs another block: the hash of all hashes,
 * computed by another implementation. */
TEST(every_length_is_padded_right)
{
    uint8_t message[300];
    fill_message(message, sizeof message);
    struct sha256 all;
    sha256_init(&all);
    for (size_t length = 0; length <= sizeof message; length++) {
        struct sha256 hash;
        uint8_t bytes[SHA256_SIZE];
        CLEANUP(mem_free) uint8_t *copy = xmemdup(message, length);
        sha256_init(&hash);
        sha256_update(&hash, copy, length);
        sha256_final(&hash, bytes);
        sha256_update(&all, bytes, sizeof bytes);
    }
    assert_sha256(&all, "7d917fbd2cf49ddff9ad0a8706bba32d204e92e71d2e369c5a03d6af29278c9f");
}

/* A message of more than 2^32 bits; the 64-bit length must reach the last block. */
TEST(long_messages_count_their_bits)
{
    enum { PIECE = 1 << 20, PIECES = 513 };
    CLEANUP(mem_free) uint8_t *piece = xcalloc(PIECE, 1);
    struct sha256 hash;
    sha256_init(&hash);
    for (size_t i = 0; i < PIECES; i++)
        sha256_update(&hash, piece, PIECE);
    assert_true(hash.length == (uint64_t)PIECE * PIECES);
    assert_sha256(&hash, "a3e2acbb469e4e59dde406f912e754c933c1ac0fb0092a3634d61d5073309c0c");
}

TEST(both_compression_functions_agree)
{
    enum { BLOCKS = 40 };
    if (!sha256_has_shani())
        skip();
    uint8_t data[BLOCKS * SHA256_BLOCK_SIZE];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof data; i++) {
        seed = seed * 1664525 + 1013904223;
        data[i] = (uint8_t)(seed >> 24);
    }
    for (size_t count = 0; count <= BLOCKS; count++) {
        struct sha256 portable, shani;
        sha256_init(&portable);
        sha256_init(&shani);
        sha256_blocks_portable(portable.state, data, count);
        sha256_blocks_shani(shani.state, data, count);
        assert_memory_equal(portable.state, shani.state, sizeof portable.state);
    }
}

/* The public functions may never reach the portable form here, so it has its own known answer: the
 * padded block of "abc". */
TEST(the_portable_form_knows_abc)
{
    static const uint32_t expected[8] = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
                                         0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
    uint8_t block[SHA256_BLOCK_SIZE] = {'a', 'b', 'c', 0x80, [63] = 24};
    struct sha256 hash;
    sha256_init(&hash);
    sha256_blocks_portable(hash.state, block, 1);
    assert_memory_equal(hash.state, expected, sizeof expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_vectors),
        cmocka_unit_test(sha1_vectors),
        cmocka_unit_test(every_split_gives_the_same_hash),
        cmocka_unit_test(every_length_is_padded_right),
        cmocka_unit_test(long_messages_count_their_bits),
        cmocka_unit_test(both_compression_functions_agree),
        cmocka_unit_test(the_portable_form_knows_abc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
