/* SPDX-License-Identifier: MIT */
#include "layers/name_set.h"

#include "check.h"

TEST(names_are_told_apart_as_windows_does)
{
    static const struct {
        const char *a;
        const char *b;
        bool same;
    } rows[] = {
        {"Files\\a", "files\\A", true},
        {"\xc3\xa4", "\xc3\x84", true},  /* a with diaeresis */
        {"\xc3\xb7", "\xc3\x97", false}, /* division and multiplication sign */
        {"\xc4\x81", "\xc4\x80", true},  /* a with macron */
        {"\xc4\x80", "\xc3\xbf", false},
        {"\xc4\xb1", "\xc4\xb0", false}, /* the Turkish letters */
        {"\xc5\xbe", "\xc5\xbd", true},  /* z with caron */
        {"\xce\xb1", "\xce\x91", true},  /* alpha */
        {"\xcf\x82", "\xcf\x83", false}, /* both small sigmas */
        {"\xd0\xb0", "\xd0\x90", true},  /* Cyrillic a */
        {"\xd1\x8f", "\xd0\xaf", true},  /* ya */
        {"\xd1\x91", "\xd0\x81", true},  /* yo */
        {"a", "b", false},
        {"a", "a ", false},
        {"a\\b", "a/b", false},
        {"\xe4\xb8\xad", "\xe4\xb8\xae", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(name_set_clear) struct name_set set = {0};
        assert_int_equal(name_set_get(&set, rows[i].a), NAME_UNUSED);
        name_set_put(&set, rows[i].a, NAME_FILE);
        assert_int_equal(name_set_get(&set, rows[i].a), NAME_FILE);
        enum name_use use = name_set_get(&set, rows[i].b);
        if ((use == NAME_FILE) != rows[i].same)
            fail_msg("'%s' and '%s'", rows[i].a, rows[i].b);
    }
}

TEST(many_names)
{
    CLEANUP(name_set_clear) struct name_set set = {0};
    char name[32];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 20000; i++) {
            snprintf(name, sizeof(name), "Files\\%d", i);
            name_set_put(&set, name, round ? NAME_DIRECTORY : i % 2 ? NAME_FILE : NAME_LINK);
        }
    }
    assert_int_equal(set.count, 20000);
    for (int i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "FILES\\%d", i);
        assert_int_equal(name_set_get(&set, name), NAME_DIRECTORY);
    }
    assert_int_equal(name_set_get(&set, "Files\\20000"), NAME_UNUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_told_apart_as_windows_does),
        cmocka_unit_test(many_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
