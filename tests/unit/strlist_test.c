/* SPDX-License-Identifier: MIT */
#include "base/strlist.h"
#include "check.h"

static void assert_items(const struct strlist *list, const char *expected)
{
    CLEANUP(str_free) char *joined = strlist_join(list, ",");
    assert_string_equal(joined, expected);
}

TEST(an_empty_list_joins_to_nothing)
{
    struct strlist list = {0};
    assert_items(&list, "");
    strlist_sort(&list);
    assert_false(strlist_contains(&list, ""));
    strlist_clear(&list);
}

TEST(items_are_copied_and_followed_by_null)
{
    CLEANUP(strlist_clear) struct strlist list = {0};
    char text[] = "one";
    strlist_add(&list, text);
    text[0] = 'X';
    strlist_add_owned(&list, xstrdup("two"));
    strlist_addf(&list, "%s-%d", "three", 3);
    assert_int_equal(list.count, 3);
    assert_null(list.items[3]);
    assert_items(&list, "one,two,three-3");
}

TEST(many_items_stay_in_order)
{
    CLEANUP(strlist_clear) struct strlist list = {0};
    for (int i = 0; i < 1000; i++) {
        strlist_addf(&list, "%d", i);
        assert_null(list.items[list.count]);
    }
    assert_string_equal(list.items[0], "0");
    assert_string_equal(list.items[7], "7");
    assert_string_equal(list.items[999], "999");
}

TEST(lists_are_concatenated_even_with_themselves)
{
    CLEANUP(strlist_clear) struct strlist a = {0};
    CLEANUP(strlist_clear) struct strlist b = {0};
    strlist_add(&a, "x");
    strlist_add(&a, "y");
    strlist_add_all(&b, &a);
    strlist_add_all(&b, &b);
    strlist_add_all(&b, &(struct strlist){0});
    assert_items(&a, "x,y");
    assert_items(&b, "x,y,x,y");
}

TEST(items_are_inserted_at_their_place)
{
    CLEANUP(strlist_clear) struct strlist list = {0};
    strlist_insert_owned(&list, 0, xstrdup("c"));
    strlist_insert_owned(&list, 0, xstrdup("a"));
    strlist_insert_owned(&list, 1, xstrdup("b"));
    strlist_insert_owned(&list, 3, xstrdup("d"));
    assert_items(&list, "a,b,c,d");
    assert_null(list.items[4]);
}

TEST(membership_is_exact)
{
    CLEANUP(strlist_clear) struct strlist list = {0};
    strlist_add(&list, "Path");
    assert_true(strlist_contains(&list, "Path"));
    assert_false(strlist_contains(&list, "path"));
    assert_false(strlist_contains(&list, "Pat"));
    assert_false(strlist_contains(&list, "Paths"));
}

TEST(sorting_is_by_byte_value)
{
    CLEANUP(strlist_clear) struct strlist list = {0};
    const char *const unsorted[] = {"b", "\xc3\xa4", "a", "B", "", "ab"};
    for (size_t i = 0; i < ARRAY_SIZE(unsorted); i++)
        strlist_add(&list, unsorted[i]);
    strlist_sort(&list);
    assert_items(&list, ",B,a,ab,b,\xc3\xa4");
    assert_null(list.items[list.count]);
}

TEST(separators_stand_only_between_items)
{
    CLEANUP(strlist_clear) struct strlist list = {0};
    strlist_add(&list, "a");
    CLEANUP(str_free) char *one = strlist_join(&list, " | ");
    assert_string_equal(one, "a");
    strlist_add(&list, "");
    strlist_add(&list, "c");
    CLEANUP(str_free) char *three = strlist_join(&list, " | ");
    assert_string_equal(three, "a |  | c");
    CLEANUP(str_free) char *plain = strlist_join(&list, "");
    assert_string_equal(plain, "ac");
}

TEST(clear_leaves_a_usable_list)
{
    struct strlist list = {0};
    strlist_add(&list, "x");
    strlist_clear(&list);
    assert_null(list.items);
    assert_int_equal(list.count, 0);
    strlist_add(&list, "y");
    assert_items(&list, "y");
    strlist_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_list_joins_to_nothing),
        cmocka_unit_test(items_are_copied_and_followed_by_null),
        cmocka_unit_test(many_items_stay_in_order),
        cmocka_unit_test(lists_are_concatenated_even_with_themselves),
        cmocka_unit_test(items_are_inserted_at_their_place),
        cmocka_unit_test(membership_is_exact),
        cmocka_unit_test(sorting_is_by_byte_value),
        cmocka_unit_test(separators_stand_only_between_items),
        cmocka_unit_test(clear_leaves_a_usable_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
