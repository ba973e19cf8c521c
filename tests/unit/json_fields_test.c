/* SPDX-License-Identifier: MIT */
#include "base/digest.h"
#include "base/json_read.h"
#include "base/strlist.h"
#include "check.h"

#define DIGEST "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

struct thing {
    char *name;
    uint64_t size;
    int64_t offset;
    bool flag;
    struct digest digest;
    struct strlist list;
};

static void thing_clear(struct thing *thing)
{
    str_free(&thing->name);
    strlist_clear(&thing->list);
    *thing = (struct thing){0};
}

static const struct json_field thing_fields[] = {
    {"name", json_to_string, offsetof(struct thing, name), JSON_REQUIRED},
    {"size", json_to_uint64, offsetof(struct thing, size), JSON_OPTIONAL},
    {"offset", json_to_int64, offsetof(struct thing, offset), JSON_OPTIONAL},
    {"flag", json_to_bool, offsetof(struct thing, flag), JSON_OPTIONAL},
    {"digest", json_to_digest, offsetof(struct thing, digest), JSON_OPTIONAL},
    {"list", json_to_strlist, offsetof(struct thing, list), JSON_OPTIONAL},
};

/* Reads the thing that is the second element of "things". */
static bool read_thing(const char *json, struct thing *ret, struct error *err)
{
    CLEANUP(str_free) char *text = str_format("{\"things\":[null,%s]}", json);
    CLEANUP(json_document_clear) struct json_document document = {0};
    if (!json_parse(text, strlen(text), &json_default_limits, &document, err))
        return false;
    return json_read_fields(json_member(document.root, "things")->first->next, thing_fields,
                            ARRAY_SIZE(thing_fields), ret, err);
}

TEST(every_field_is_read)
{
    struct error err = {0};
    CLEANUP(thing_clear) struct thing thing = {0};
    assert_ok(read_thing("{\"unknown\":{\"name\":1},\"list\":[\"a\",\"\"],\"digest\":\"" DIGEST
                         "\",\"flag\":true,\"offset\":-9223372036854775808,"
                         "\"size\":18446744073709551615,\"name\":\"x\"}",
                         &thing, &err));
    assert_string_equal(thing.name, "x");
    assert_true(thing.size == UINT64_MAX);
    assert_true(thing.offset == INT64_MIN);
    assert_true(thing.flag);
    assert_string_equal(thing.digest.text, DIGEST);
    assert_int_equal(thing.list.count, 2);
    assert_string_equal(thing.list.items[0], "a");
    assert_string_equal(thing.list.items[1], "");
}

TEST(absent_and_null_leave_the_target_alone)
{
    struct error err = {0};
    CLEANUP(thing_clear) struct thing thing = {.size = 5, .flag = true};
    assert_ok(read_thing("{\"name\":\"\",\"size\":null,\"list\":null}", &thing, &err));
    assert_string_equal(thing.name, "");
    assert_true(thing.size == 5);
    assert_true(thing.flag);
    assert_int_equal(thing.list.count, 0);
}

TEST(wrong_values_are_reported_with_their_path)
{
    static const struct {
        const char *json;
        const char *message;
    } rows[] = {
        {"{}", "things[1]: 'name' is missing"},
        {"{\"name\":null}", "things[1]: 'name' is missing"},
        {"[]", "things[1]: expected an object, found a list"},
        {"\"x\"", "things[1]: expected an object, found a string"},
        {"{\"name\":1}", "things[1].name: expected a string, found a number"},
        {"{\"name\":{}}", "things[1].name: expected a string, found an object"},
        {"{\"name\":\"x\",\"size\":\"1\"}", "things[1].size: expected a number, found a string"},
        {"{\"name\":\"x\",\"size\":-1}", "things[1].size: -1 is not a whole number in range"},
        {"{\"name\":\"x\",\"size\":1.0}", "things[1].size: 1.0 is not a whole number"},
        {"{\"name\":\"x\",\"size\":1e3}", "things[1].size: 1e3 is not a whole number"},
        {"{\"name\":\"x\",\"size\":18446744073709551616}", "18446744073709551616 is not"},
        {"{\"name\":\"x\",\"offset\":9223372036854775808}", "things[1].offset: 922337203685477580"},
        {"{\"name\":\"x\",\"offset\":-9223372036854775809}",
         "things[1].offset: -92233720368547758"},
        {"{\"name\":\"x\",\"offset\":-0.5}", "things[1].offset: -0.5 is not a whole number"},
        {"{\"name\":\"x\",\"flag\":0}", "things[1].flag: expected a boolean, found a number"},
        {"{\"name\":\"x\",\"flag\":\"true\"}", "things[1].flag: expected a boolean"},
        {"{\"name\":\"x\",\"digest\":\"sha256:x\"}",
         "things[1].digest: 'sha256:x' is not a sha256 digest"},
        {"{\"name\":\"x\",\"digest\":true}",
         "things[1].digest: expected a string, found a boolean"},
        {"{\"name\":\"x\",\"list\":\"a\"}", "things[1].list: expected a list, found a string"},
        {"{\"name\":\"x\",\"list\":[\"a\",1]}",
         "things[1].list[1]: expected a string, found a num"},
        {"{\"name\":\"x\",\"list\":[null]}", "things[1].list[0]: expected a string, found null"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(thing_clear) struct thing thing = {0};
        assert_fails(read_thing(rows[i].json, &thing, &err), ERR_INTEGRITY, rows[i].message);
    }
}

TEST(signed_numbers_reach_both_ends)
{
    static const struct {
        const char *digits;
        int64_t value;
    } rows[] = {
        {"0", 0},   {"-0", 0},
        {"-1", -1}, {"9223372036854775807", INT64_MAX},
        {"7", 7},   {"-9223372036854775807", -INT64_MAX},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(thing_clear) struct thing thing = {.offset = 99};
        CLEANUP(str_free) char *json = str_format("{\"name\":\"x\",\"offset\":%s}", rows[i].digits);
        assert_ok(read_thing(json, &thing, &err));
        assert_true(thing.offset == rows[i].value);
    }
}

TEST(nothing_is_no_object)
{
    struct error err = {0};
    struct thing thing = {0};
    assert_fails(json_read_fields(NULL, thing_fields, ARRAY_SIZE(thing_fields), &thing, &err),
                 ERR_INTEGRITY, "found nothing");
}

TEST(errors_at_the_top_have_no_path)
{
    struct error err = {0};
    CLEANUP(json_document_clear) struct json_document document = {0};
    assert_ok(json_parse("[]", 2, &json_default_limits, &document, &err));
    assert_false(json_error(document.root, &err, "bad %d", 1));
    assert_string_equal(err.message, "bad 1");
    assert_int_equal(err.kind, ERR_INTEGRITY);
    error_clear(&err);
}

TEST(hostile_keys_are_tamed_in_messages)
{
    /* An escape sequence, and more bytes than anybody wants to read. */
    char key[201];
    memset(key, 'k', sizeof key - 1);
    key[sizeof key - 1] = '\0';
    CLEANUP(str_free) char *text = str_format("{\"\\u001b[2J%s\":{\"a\":1}}", key);
    struct error err = {0};
    CLEANUP(json_document_clear) struct json_document document = {0};
    assert_ok(json_parse(text, strlen(text), &json_default_limits, &document, &err));
    assert_false(json_error(document.root->first->first, &err, "bad"));
    assert_null(strchr(err.message, '\x1b'));
    assert_non_null(strstr(err.message, "?[2Jkkkk"));
    assert_non_null(strstr(err.message, "k....a: bad"));
    assert_true(strlen(err.message) < 100);
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_read),
        cmocka_unit_test(absent_and_null_leave_the_target_alone),
        cmocka_unit_test(wrong_values_are_reported_with_their_path),
        cmocka_unit_test(signed_numbers_reach_both_ends),
        cmocka_unit_test(nothing_is_no_object),
        cmocka_unit_test(errors_at_the_top_have_no_path),
        cmocka_unit_test(hostile_keys_are_tamed_in_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
