/* SPDX-License-Identifier: MIT */
#include "base/guid.h"
#include "base/utf.h"
#include "check.h"

/* The namespace of the layer GUIDs that Windows derives from directory names. */
#define LAYER_NAMESPACE "800872c5-909c-403a-89c9-931fe5e2fd08"

static struct guid parse(const char *text)
{
    struct error err = {0};
    struct guid guid;
    assert_ok(guid_parse(text, &guid, &err));
    return guid;
}

static void assert_guid(const struct guid *guid, const char *expected)
{
    char text[GUID_TEXT_SIZE];
    guid_format(guid, text);
    assert_string_equal(text, expected);
}

TEST(bytes_are_in_the_order_of_the_text)
{
    struct guid guid = parse("00112233-4455-6677-8899-aabbccddeeff");
    for (size_t i = 0; i < sizeof guid.bytes; i++)
        assert_int_equal(guid.bytes[i], 0x11 * i);
    assert_guid(&guid, "00112233-4455-6677-8899-aabbccddeeff");
}

TEST(case_and_braces_do_not_matter)
{
    struct guid guid = parse("{800872C5-909C-403A-89C9-931FE5E2FD08}");
    struct guid plain = parse(LAYER_NAMESPACE);
    assert_true(guid_equal(&guid, &plain));
    assert_guid(&guid, LAYER_NAMESPACE);
}

TEST(anything_else_is_refused)
{
    static const char *const bad[] = {
        "",
        "800872c5",
        "800872c5-909c-403a-89c9-931fe5e2fd0",
        "800872c5-909c-403a-89c9-931fe5e2fd080",
        "800872c5-909c-403a-89c9-931fe5e2fd0g",
        "800872c5909c403a89c9931fe5e2fd08",
        "800872c59-09c-403a-89c9-931fe5e2fd08",
        "800872c5-909c-403a-89c9-931fe5e2fd08 ",
        " 800872c5-909c-403a-89c9-931fe5e2fd08",
        "{800872c5-909c-403a-89c9-931fe5e2fd08",
        "800872c5-909c-403a-89c9-931fe5e2fd08}",
        "{800872c5-909c-403a-89c9-931fe5e2fd08}}",
        "{}",
        "-800872c-909c-403a-89c9-931fe5e2fd08",
    };
    struct guid untouched = {{1}};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct error err = {0};
        assert_fails(guid_parse(bad[i], &untouched, &err), ERR_INTEGRITY, "is not a GUID");
    }
    assert_int_equal(untouched.bytes[0], 1);
}

TEST(zero_is_recognised)
{
    struct guid zero = {0};
    struct guid last = {.bytes = {[15] = 1}};
    assert_true(guid_is_zero(&zero));
    assert_false(guid_is_zero(&last));
    assert_false(guid_equal(&zero, &last));
}

TEST(random_guids_are_version_4_and_differ)
{
    struct error err = {0};
    struct guid first, second;
    assert_ok(guid_random(&first, &err));
    assert_ok(guid_random(&second, &err));
    assert_false(guid_equal(&first, &second));
    assert_int_equal(first.bytes[6] >> 4, 4);
    assert_int_equal(first.bytes[8] >> 6, 2);
}

/* Pairs of layer directory and GUID as Windows itself computed them (NameToGuid). */
TEST(layer_guids_are_those_of_windows)
{
    static const struct {
        const char *name;
        const char *guid;
    } rows[] = {
        {"4", "bd9c3ef9-f239-59b5-a27e-15c523b1d149"},
        {"10", "7c9a6fb7-2ca8-5ef7-bbfe-cabbff23cfa4"},
        {"11", "8698c4b4-b092-57c6-b1eb-0a7ca14fcf4e"},
        {"28", "9e6302af-4082-5230-ac0e-efe1e3828954"},
        {"b2b88bc2a47abcc682e422507abbba9c9b6d826d34e67b9e4e3144cc125a1f80",
         "1532b584-8431-5b5a-8735-5e1b4fe9c2a9"},
    };
    struct guid name_space = parse(LAYER_NAMESPACE);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(mem_free) uint16_t *units = NULL;
        size_t count;
        assert_ok(utf16_units_from_utf8(rows[i].name, strlen(rows[i].name), &units, &count, &err));
        struct guid guid = guid_from_name(&name_space, units, count * sizeof *units);
        assert_guid(&guid, rows[i].guid);
    }
}

/* RFC 4122's DNS namespace; the value is what every UUID library gives for "www.example.com". */
TEST(names_follow_rfc_4122)
{
    struct guid dns = parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8");
    struct guid guid = guid_from_name(&dns, "www.example.com", strlen("www.example.com"));
    assert_guid(&guid, "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    struct guid empty = guid_from_name(&dns, "", 0);
    assert_guid(&empty, "4ebd0208-8328-5d69-8c44-ec50939c0967");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_in_the_order_of_the_text),
        cmocka_unit_test(case_and_braces_do_not_matter),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(zero_is_recognised),
        cmocka_unit_test(random_guids_are_version_4_and_differ),
        cmocka_unit_test(layer_guids_are_those_of_windows),
        cmocka_unit_test(names_follow_rfc_4122),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
