/* SPDX-License-Identifier: MIT */
/* What the command line says of layers: sizes, filters, sources. */
#include "check.h"
#include "runner/layer_filter.h"
#include "runner/layer_option.h"
#include "runner/size_text.h"

#define GIB ((uint64_t)1 << 30)

TEST(sizes)
{
    static const struct {
        const char *text;
        uint64_t bytes; /* 0 = none */
    } rows[] = {
        {"1", 1},
        {"60GB", 60 * GIB},
        {"60g", 60 * GIB},
        {"60GiB", 60 * GIB},
        {"1.5T", 1536 * GIB},
        {"61440m", 60 * GIB},
        {"512kb", 512 << 10},
        {"2P", (uint64_t)2 << 50},
        {"0.5g", GIB / 2},
        {"10B", 10},
        {"", 0},
        {"0", 0},
        {"0GB", 0},
        {"GB", 0},
        {"-1", 0},
        {"1..5g", 0},
        {"1.g", 0},
        {".5g", 0},
        {"1.0000001g", 0},
        {"1.5.5g", 0},
        {"60 GB", 0},
        {"60GBx", 0},
        {"60xB", 0},
        {"1iB", 0},
        {"1bb", 0},
        {"99999999999999999999", 0},
        {"18446744073709551615k", 0},
        {"16384P", 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(error_clear) struct error err = {0};
        uint64_t bytes = 0;
        bool good = size_parse(rows[i].text, &bytes, &err);
        if (good != (rows[i].bytes > 0) || bytes != rows[i].bytes)
            fail_msg("'%s' is %llu", rows[i].text, (unsigned long long)bytes);
        assert_int_equal(err.kind, good ? ERR_NONE : ERR_USAGE);
    }
}

TEST(filters)
{
    struct error err = {0};
    static const struct {
        const char *filters; /* with a space between them */
        bool matches;
    } rows[] = {
        {"", true},
        {"label=a", true},
        {"label=a=1", true},
        {"label=a=2", false},
        {"label=b", true},
        {"label=b=", true},
        {"label=c", false},
        {"state=active", true},
        {"state=committed", false},
        {"name=ONE", true},
        {"name=on", false},
        {"label=a state=active name=one", true},
        {"label=a label=c", false},
    };
    CLEANUP(named_layer_clear)
    struct named_layer layer = {.name = xstrdup("one"), .state = NAMED_LAYER_ACTIVE};
    assert_ok(named_layer_set_label(&layer.labels, "a=1", &err));
    assert_ok(named_layer_set_label(&layer.labels, "b", &err));
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(strlist_clear) struct strlist filters = {0};
        CLEANUP(str_free) char *text = xstrdup(rows[i].filters);
        for (char *at = text; *at;) {
            char *end = at + strcspn(at, " ");
            CLEANUP(str_free) char *filter = xstrndup(at, (size_t)(end - at));
            assert_ok(layer_filter_check(filter, &err));
            strlist_add(&filters, filter);
            at = end + (*end == ' ');
        }
        if (layer_filter_matches(&filters, &layer) != rows[i].matches)
            fail_msg("'%s'", rows[i].filters);
    }
}

TEST(what_is_no_filter)
{
    static const char *const filters[] = {"",        "label",      "label=", "label==x", "state=",
                                          "state=x", "state=none", "name=",  "size=3",   "=a"};
    for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
        struct error err = {0};
        assert_fails(layer_filter_check(filters[i], &err), ERR_USAGE, "is no");
    }
}

TEST(sources)
{
    struct error err = {0};
    char *root = make_scratch();
    CLEANUP(named_layer_clear) struct named_layer layer = {0};
    CLEANUP(str_free) char *directory = str_format("%s/names/one", root);
    CLEANUP(str_free) char *path = fs_join(directory, "layer.json");
    static const char active[] =
        "{\"version\":1,\"name\":\"one\",\"state\":\"active\",\"scratch\":"
        "\"0123456789abcdef0123456789abcdef\",\"parents\":[\"0123456789abcdef0123456789abcdef\"]}";
    static const char committed[] =
        "{\"version\":1,\"name\":\"one\",\"state\":\"committed\",\"layer\":"
        "\"0123456789abcdef0123456789abcdef\",\"parents\":[\"0123456789abcdef0123456789abcdef\"]}";
    assert_ok(layer_source_find(root, "one", &layer, &err));
    assert_int_equal(layer.state, NAMED_LAYER_NONE);
    assert_ok(layer_source_find(root, "localhost:5000/a/b:1", &layer, &err));
    assert_int_equal(layer.state, NAMED_LAYER_NONE);
    assert_ok(fs_make_directories(directory, &err));
    assert_ok(fs_write_file(path, active, strlen(active), &err));
    assert_fails(layer_source_find(root, "One", &layer, &err), ERR_BUSY, "'One' is active");
    assert_ok(fs_write_file(path, "{", 1, &err));
    assert_fails(layer_source_find(root, "one", &layer, &err), ERR_INTEGRITY, "layer.json");
    assert_ok(fs_write_file(path, committed, strlen(committed), &err));
    assert_ok(layer_source_find(root, "one", &layer, &err));
    assert_int_equal(layer.state, NAMED_LAYER_COMMITTED);
    remove_scratch(&root);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes),
        cmocka_unit_test(filters),
        cmocka_unit_test(what_is_no_filter),
        cmocka_unit_test(sources),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
