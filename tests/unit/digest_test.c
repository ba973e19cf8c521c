/* SPDX-License-Identifier: MIT */
#include "base/digest.h"
#include "check.h"

#define EMPTY_HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC_HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

TEST(a_well_formed_digest_is_kept)
{
    struct error err = {0};
    struct digest digest = {0};
    assert_false(digest_is_set(&digest));
    assert_string_equal(digest_hex(&digest), "");
    assert_ok(digest_parse("sha256:" EMPTY_HEX, &digest, &err));
    assert_true(digest_is_set(&digest));
    assert_string_equal(digest.text, "sha256:" EMPTY_HEX);
    assert_string_equal(digest_hex(&digest), EMPTY_HEX);
}

TEST(anything_else_is_refused)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"", "not a sha256 digest"},
        {"sha256", "not a sha256 digest"},
        {"sha256:", "not a sha256 digest"},
        {EMPTY_HEX, "not a sha256 digest"},
        {"sha256:" EMPTY_HEX "0", "not a sha256 digest"},
        {"sha256: " EMPTY_HEX, "not a sha256 digest"},
        {"SHA256:" EMPTY_HEX, "not a sha256 digest"},
        {" sha256:" EMPTY_HEX, "not a sha256 digest"},
        {"sha256:E3B0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "not a sha256"},
        {"sha256:g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "not a sha256"},
        {"sha256:../0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "not a sha256"},
        {"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85\n", "b85?'"},
        {"sha512:" EMPTY_HEX EMPTY_HEX, "'sha512' is not supported"},
        {"blake3:" EMPTY_HEX, "'blake3' is not supported"},
        {"md5:d41d8cd98f00b204e9800998ecf8427e", "not a sha256 digest"},
    };
    struct digest untouched = digest_of("", 0);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        assert_fails(digest_parse(rows[i].text, &untouched, &err), ERR_INTEGRITY, rows[i].message);
    }
    assert_string_equal(digest_hex(&untouched), EMPTY_HEX);
}

TEST(digests_of_content_compare_by_content)
{
    struct error err = {0};
    struct digest abc = digest_of("abc", 3);
    assert_string_equal(abc.text, "sha256:" ABC_HEX);

    struct digest parsed;
    assert_ok(digest_parse("sha256:" ABC_HEX, &parsed, &err));
    assert_true(digest_equal(&abc, &parsed));
    struct digest other = digest_of("abd", 3);
    assert_false(digest_equal(&abc, &other));

    struct sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, "ab", 2);
    sha256_update(&hash, "c", 1);
    struct digest streamed = sha256_final_digest(&hash);
    assert_true(digest_equal(&abc, &streamed));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_well_formed_digest_is_kept),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(digests_of_content_compare_by_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
