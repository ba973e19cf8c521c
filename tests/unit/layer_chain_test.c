/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "layers/chain.h"
#include "layers/layer_id.h"

/* Pairs of directory names and GUIDs from public documentation and logs of Windows. */
static const struct {
    const char *name;
    const char *id;
} known[] = {
    {"4", "bd9c3ef9-f239-59b5-a27e-15c523b1d149"},
    {"10", "7c9a6fb7-2ca8-5ef7-bbfe-cabbff23cfa4"},
    {"11", "8698c4b4-b092-57c6-b1eb-0a7ca14fcf4e"},
    {"28", "9e6302af-4082-5230-ac0e-efe1e3828954"},
    {"b2b88bc2a47abcc682e422507abbba9c9b6d826d34e67b9e4e3144cc125a1f80",
     "1532b584-8431-5b5a-8735-5e1b4fe9c2a9"},
};

TEST(layer_ids_are_those_of_windows)
{
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        struct error err = {0};
        struct guid id;
        char text[GUID_TEXT_SIZE];
        assert_ok(layer_id_from_name(known[i].name, &id, &err));
        guid_format(&id, text);
        assert_string_equal(text, known[i].id);
    }
}

TEST(names_with_an_unknown_id_are_refused)
{
    static const char *const names[] = {"", "A", "layer 1", "\xc3\xa4", "a\\b", "a/b", "a:b"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct error err = {0};
        struct guid id;
        assert_fails(layer_id_from_name(names[i], &id, &err), ERR_USAGE, "layer directory");
    }
}

static struct digest parsed(const char *text)
{
    struct error err = {0};
    struct digest digest = {0};
    assert_ok(digest_parse(text, &digest, &err));
    return digest;
}

/* Computed with sha256sum from the rule of the image specification. */
TEST(chain_ids)
{
    struct digest diff_ids[3];
    struct digest ids[3];
    diff_ids[0] = digest_of("one", 3);
    diff_ids[1] = digest_of("two", 3);
    diff_ids[2] = digest_of("three", 5);
    chain_ids_of(diff_ids, 3, ids);
    assert_string_equal(ids[0].text, diff_ids[0].text);
    assert_string_equal(ids[0].text,
                        "sha256:"
                        "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
    assert_string_equal(ids[1].text,
                        "sha256:"
                        "ee90d7132b9e9a049b7b0a88db345ca31fb5e8a74a5ee57210478a9a2522d499");
    assert_string_equal(ids[2].text,
                        "sha256:"
                        "bda931dfb05a05b2b515a117925fb63136f30ff08f5b2a4f79da3507a55580b3");

    struct digest again = chain_id_next(&ids[1], &diff_ids[2]);
    assert_true(digest_equal(&again, &ids[2]));
    struct digest unset = {0};
    struct digest base = chain_id_next(&unset, &diff_ids[0]);
    assert_true(digest_equal(&base, &diff_ids[0]));
    struct digest swapped = chain_id_next(&diff_ids[1], &diff_ids[0]);
    assert_false(digest_equal(&swapped, &ids[1]));
}

TEST(directory_names)
{
    struct digest id =
        parsed("sha256:0123456789abcdef0123456789abcdeffedcba9876543210fedcba9876543210");
    char name[LAYER_DIRECTORY_NAME_SIZE];
    layer_directory_name(&id, name);
    assert_string_equal(name, "0123456789abcdef0123456789abcdef");
    struct error err = {0};
    struct guid guid;
    assert_ok(layer_id_from_name(name, &guid, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layer_ids_are_those_of_windows),
        cmocka_unit_test(names_with_an_unknown_id_are_refused),
        cmocka_unit_test(chain_ids),
        cmocka_unit_test(directory_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
