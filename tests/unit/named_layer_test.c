/* SPDX-License-Identifier: MIT */
#include "layers/named_layer.h"

#include "check.h"
#include "write_plainly.h"

#define A "0123456789abcdef0123456789abcdef"
#define B "fedcba9876543210fedcba9876543210"
#define C "00000000000000000000000000000001"

TEST(names)
{
    static const struct {
        const char *name;
        bool good;
    } rows[] = {
        {"a", true},       {"A-1_b.c", true},   {"9", true},    {"nullify", true},  {"com10", true},
        {"a..b", true},    {"", false},         {".a", false},  {"-a", false},      {"_a", false},
        {"a.", false},     {"a b", false},      {"a/b", false}, {"a\\b", false},    {"..", false},
        {"a:b", false},    {"\xC3\xA4", false}, {"nul", false}, {"NUL.txt", false}, {"Com1", false},
        {"lpt9.x", false}, {"con", false},      {"a\n", false}, {"a*", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(error_clear) struct error err = {0};
        if (named_layer_check_name(rows[i].name, &err) != rows[i].good)
            fail_msg("'%s' is %s", rows[i].name, rows[i].good ? "refused" : "taken");
        assert_int_equal(err.kind, rows[i].good ? ERR_NONE : ERR_USAGE);
    }
}

TEST(names_have_a_length)
{
    struct error err = {0};
    char name[NAMED_LAYER_MAXIMUM_LENGTH + 2] = {0};
    memset(name, 'x', NAMED_LAYER_MAXIMUM_LENGTH);
    assert_ok(named_layer_check_name(name, &err));
    name[NAMED_LAYER_MAXIMUM_LENGTH] = 'x';
    assert_fails(named_layer_check_name(name, &err), ERR_USAGE, "is no name for a layer");
}

TEST(labels)
{
    struct error err = {0};
    CLEANUP(named_layer_clear) struct named_layer layer = {0};
    struct strlist *labels = &layer.labels;
    assert_ok(named_layer_set_label(labels, "b=2", &err));
    assert_ok(named_layer_set_label(labels, "a.long", &err));
    assert_ok(named_layer_set_label(labels, "b=x=y", &err));
    assert_ok(named_layer_set_label(labels, "bb=", &err));
    CLEANUP(str_free) char *text = strlist_join(labels, "|");
    assert_string_equal(text, "a.long=|b=x=y|bb=");
    assert_string_equal(named_layer_label(&layer, "b"), "x=y");
    assert_string_equal(named_layer_label(&layer, "a.long"), "");
    assert_null(named_layer_label(&layer, "a"));
    assert_fails(named_layer_set_label(labels, "", &err), ERR_USAGE, "is no label");
    assert_fails(named_layer_set_label(labels, "=x", &err), ERR_USAGE, "is no label");
    assert_fails(named_layer_set_label(labels, "a\n=x", &err), ERR_USAGE, "is no label");
    assert_int_equal(labels->count, 3);
}

static struct named_layer make_layer(enum named_layer_state state)
{
    struct error err = {0};
    struct named_layer layer = {
        .name = xstrdup("One"),
        .state = state,
        .from = xstrdup("image:1"),
        .created = xstrdup("2026-11-22T01:02:03Z"),
        .last_used = xstrdup("2026-11-22T01:02:04Z"),
        .storage_bytes = (uint64_t)60 << 30,
        .mounted = true,
    };
    strlist_add(&layer.parents, A);
    strlist_add(&layer.parents, B);
    assert_ok(named_layer_set_label(&layer.labels, "k=v", &err));
    return layer;
}

TEST(what_is_composed_is_read_back)
{
    struct error err = {0};
    CLEANUP(named_layer_clear) struct named_layer layer = make_layer(NAMED_LAYER_COMMITTING);
    CLEANUP(named_layer_clear) struct named_layer read = {0};
    CLEANUP(str_free) char *text = NULL;
    CLEANUP(str_free) char *again = NULL;
    layer.scratch = xstrdup(C);
    layer.layer = xstrdup(B);
    layer.commit_as = xstrdup("two");
    assert_ok(named_layer_compose(&layer, &text, &err));
    assert_ok(named_layer_parse(text, strlen(text), &read, &err));
    assert_ok(named_layer_compose(&read, &again, &err));
    assert_string_equal(text, again);
    assert_int_equal(read.state, NAMED_LAYER_COMMITTING);
    assert_string_equal(read.name, "One");
    assert_string_equal(read.scratch, C);
    assert_string_equal(read.layer, B);
    assert_string_equal(read.commit_as, "two");
    assert_string_equal(read.parents.items[1], B);
    assert_string_equal(named_layer_label(&read, "k"), "v");
    assert_true(read.mounted);
    assert_true(read.storage_bytes == (uint64_t)60 << 30);
    CLEANUP(named_layer_clear) struct named_layer copy = named_layer_copy(&read);
    CLEANUP(str_free) char *third = NULL;
    assert_ok(named_layer_compose(&copy, &third, &err));
    assert_string_equal(text, third);
}

#define HEAD "{\"version\":1,\"name\":\"one\","
#define PARENTS "\"parents\":[\"" A "\"]"

TEST(broken_records_are_refused)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"", ""},
        {"[]", "version"},
        {"{}", "version"},
        {"{\"version\":2}", "newer wrun"},
        {"{\"version\":\"1\"}", "version"},
        {HEAD PARENTS "}", "state"},
        {HEAD "\"state\":\"none\"," PARENTS "}", "state"},
        {HEAD "\"state\":\"Active\"," PARENTS "}", "state"},
        {HEAD "\"state\":1," PARENTS "}", "state"},
        {HEAD "\"state\":\"active\"," PARENTS "}", "other members"},
        {HEAD "\"state\":\"active\",\"scratch\":\"..\"," PARENTS "}", "scratch"},
        {HEAD "\"state\":\"active\",\"scratch\":\"" A "0\"," PARENTS "}", "scratch"},
        {HEAD "\"state\":\"active\",\"scratch\":\"" A "\",\"layer\":\"" A "\"," PARENTS "}",
         "other members"},
        {HEAD "\"state\":\"committed\",\"scratch\":\"" A "\"," PARENTS "}", "other members"},
        {HEAD "\"state\":\"committing\",\"layer\":\"" A "\"," PARENTS "}", "other members"},
        {HEAD "\"state\":\"committed\",\"layer\":\"0123456789ABCDEF0123456789ABCDEF\"," PARENTS "}",
         "layer"},
        {HEAD "\"state\":\"committed\",\"layer\":\"" A "\",\"parents\":[]}", "parents"},
        {HEAD "\"state\":\"committed\",\"layer\":\"" A "\",\"parents\":[\"x\"]}", "parents"},
        {HEAD "\"state\":\"committed\",\"layer\":\"" A "\",\"parents\":[1]}", "parents"},
        {HEAD "\"state\":\"committed\",\"layer\":\"" A "\"}", "parents"},
        {HEAD "\"state\":\"committed\",\"layer\":\"" A "\",\"labels\":[]," PARENTS "}", "labels"},
        {HEAD "\"state\":\"committed\",\"layer\":\"" A "\",\"labels\":{\"\":\"x\"}," PARENTS "}",
         "labels"},
        {HEAD "\"state\":\"committed\",\"layer\":\"" A "\",\"labels\":{\"a=b\":\"x\"}," PARENTS "}",
         "labels"},
        {HEAD "\"state\":\"committed\",\"layer\":\"" A "\",\"labels\":{\"a\":1}," PARENTS "}",
         "labels.a"},
        {HEAD "\"state\":\"committed\",\"layer\":\"" A "\",\"commitAs\":\"../x\"," PARENTS "}",
         "commitAs"},
        {HEAD "\"state\":\"committed\",\"layer\":\"" A "\",\"mounted\":1," PARENTS "}", "mounted"},
        {"{\"version\":1,\"name\":\"nul\",\"state\":\"committed\",\"layer\":\"" A "\"," PARENTS "}",
         "name"},
        {"{\"version\":1,\"state\":\"committed\",\"layer\":\"" A "\"," PARENTS "}", "name"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        struct named_layer read = {0};
        assert_fails(named_layer_parse(rows[i].text, strlen(rows[i].text), &read, &err),
                     ERR_INTEGRITY, rows[i].message);
        assert_null(read.name);
        assert_null(read.parents.items);
    }
}

/* ---- on the disk ---- */

static char *root;

static int set_up(void **state)
{
    struct error err = {0};
    (void)state;
    root = make_scratch();
    CLEANUP(str_free) char *locks = fs_join(root, "locks");
    assert_ok(fs_make_directories(locks, &err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_scratch(&root);
    return 0;
}

static void claim(const char *name, struct named_layer_claim *ret)
{
    struct error err = {0};
    assert_ok(named_layer_claim(root, name, ret, &err));
}

static void put(const char *name, const char *scratch)
{
    struct error err = {0};
    CLEANUP(named_layer_close) struct named_layer_claim mine = {0};
    claim(name, &mine);
    named_layer_clear(&mine.layer);
    mine.layer = make_layer(NAMED_LAYER_ACTIVE);
    str_free(&mine.layer.name);
    mine.layer.name = xstrdup(name);
    mine.layer.scratch = xstrdup(scratch);
    assert_ok(named_layer_write_config(&mine, "{}", 2, &err));
    assert_ok(named_layer_write(&mine, &err));
}

static void put_file(const char *folder, const char *name, const char *text)
{
    struct error err = {0};
    CLEANUP(str_free) char *directory = str_format("%s/names/%s", root, folder);
    CLEANUP(str_free) char *path = fs_join(directory, name);
    assert_ok(fs_make_directories(directory, &err));
    write_plainly(path, text, strlen(text));
}

TEST(a_name_is_taken_in_any_case)
{
    struct error err = {0};
    CLEANUP(named_layer_close) struct named_layer_claim mine = {0};
    CLEANUP(named_layer_clear) struct named_layer read = {0};
    CLEANUP(buf_clear) struct buf config = {0};
    put("One", C);
    claim("ONE", &mine);
    assert_int_equal(mine.layer.state, NAMED_LAYER_ACTIVE);
    assert_string_equal(mine.layer.name, "One");
    assert_ok(named_layer_read(root, "oNE", &read, &err));
    assert_string_equal(read.scratch, C);
    assert_ok(named_layer_read_config(root, "one", &config, &err));
    assert_string_equal(buf_str(&config), "{}");
    CLEANUP(str_free) char *path = named_layer_path(root, &read);
    assert_non_null(strstr(path, "scratch"));
}

TEST(one_at_a_time_has_a_name)
{
    struct error err = {0};
    CLEANUP(named_layer_close) struct named_layer_claim mine = {0};
    struct named_layer_claim other = {0};
    assert_false(named_layer_is_held(root, "one"));
    claim("one", &mine);
    assert_int_equal(mine.layer.state, NAMED_LAYER_NONE);
    assert_true(named_layer_is_held(root, "ONE"));
    assert_false(named_layer_is_held(root, "two"));
    assert_fails(named_layer_claim(root, "One", &other, &err), ERR_BUSY, "'One' is in use");
    assert_null(other.directory);
    named_layer_close(&mine);
    assert_false(named_layer_is_held(root, "one"));
    claim("one", &mine);
}

TEST(what_is_forgotten_leaves_nothing)
{
    struct error err = {0};
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(strlist_clear) struct strlist locks = {0};
    struct named_layer_claim mine = {0};
    put("one", C);
    claim("one", &mine);
    assert_ok(named_layer_forget(&mine, &err));
    assert_null(mine.directory);
    CLEANUP(str_free) char *directory = fs_join(root, "names");
    CLEANUP(str_free) char *lock_directory = fs_join(root, "locks");
    assert_ok(fs_list(directory, &names, &err));
    assert_ok(fs_list(lock_directory, &locks, &err));
    assert_int_equal(names.count, 0);
    assert_int_equal(locks.count, 1);
    assert_string_equal(locks.items[0], "names.lock");
    assert_fails(named_layer_open(root, "one", &mine, &err), ERR_NOT_FOUND, "no layer named 'one'");
    assert_fails(named_layer_open(root, "a/b", &mine, &err), ERR_USAGE, "no name");
}

TEST(use_is_noted_where_nobody_works)
{
    struct error err = {0};
    CLEANUP(named_layer_close) struct named_layer_claim mine = {0};
    CLEANUP(named_layer_clear) struct named_layer before = {0};
    CLEANUP(named_layer_clear) struct named_layer after = {0};
    put("one", C);
    claim("one", &mine);
    named_layer_note_use(root, "ONE");
    assert_ok(named_layer_read(root, "one", &before, &err));
    assert_string_equal(before.last_used, "2026-11-22T01:02:04Z");
    named_layer_close(&mine);
    named_layer_note_use(root, "ONE");
    assert_false(named_layer_is_held(root, "one"));
    assert_ok(named_layer_read(root, "one", &after, &err));
    assert_string_not_equal(after.last_used, before.last_used);
    assert_string_equal(after.created, before.created);
    assert_string_equal(after.scratch, C);
    named_layer_note_use(root, "none");
    assert_fails(named_layer_read(root, "none", &before, &err), ERR_NOT_FOUND, "none");
}

TEST(locks_of_free_names_go)
{
    struct error err = {0};
    CLEANUP(strlist_clear) struct strlist locks = {0};
    CLEANUP(named_layer_close) struct named_layer_claim held = {0};
    struct named_layer_claim left = {0};
    put("kept", C);
    claim("held", &held);
    claim("left", &left);
    named_layer_close(&left);
    CLEANUP(str_free) char *other = str_format("%s/locks/%s.lock", root, A);
    write_plainly(other, "", 0);
    assert_ok(named_layer_sweep_locks(root, &err));
    CLEANUP(str_free) char *directory = fs_join(root, "locks");
    assert_ok(fs_list(directory, &locks, &err));
    CLEANUP(str_free) char *text = strlist_join(&locks, " ");
    assert_string_equal(text, A ".lock name-held.lock name-kept.lock names.lock");
}

TEST(listing)
{
    struct error err = {0};
    CLEANUP(named_layer_list_clear) struct named_layer_list list = {0};
    assert_ok(named_layer_list_read(root, &list, &err));
    assert_int_equal(list.count, 0);
    named_layer_list_clear(&list);
    put("b", A);
    put("A", B);
    put_file("c", "layer.json", "{");
    put_file("e", "config.json", "{}");
    /* The record of another name is not believed. */
    CLEANUP(named_layer_clear) struct named_layer other = make_layer(NAMED_LAYER_ACTIVE);
    CLEANUP(str_free) char *text = NULL;
    other.scratch = xstrdup(C);
    assert_ok(named_layer_compose(&other, &text, &err));
    put_file("d", "layer.json", text);
    assert_ok(named_layer_list_read(root, &list, &err));
    assert_int_equal(list.count, 2);
    assert_string_equal(list.items[0].name, "A");
    assert_int_equal(list.damaged.count, 2);
    assert_string_equal(list.damaged.items[0], "c");
    assert_ptr_equal(named_layer_list_find(&list, "B"), &list.items[1]);
    assert_null(named_layer_list_find(&list, "c"));
    CLEANUP(named_layer_clear) struct named_layer read = {0};
    assert_fails(named_layer_read(root, "c", &read, &err), ERR_INTEGRITY, "layer.json");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(names_have_a_length),
        cmocka_unit_test(labels),
        cmocka_unit_test(what_is_composed_is_read_back),
        cmocka_unit_test(broken_records_are_refused),
        cmocka_unit_test_setup_teardown(a_name_is_taken_in_any_case, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_at_a_time_has_a_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_forgotten_leaves_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(use_is_noted_where_nobody_works, set_up, tear_down),
        cmocka_unit_test_setup_teardown(locks_of_free_names_go, set_up, tear_down),
        cmocka_unit_test_setup_teardown(listing, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
