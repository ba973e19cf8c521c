/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "check.h"

/* ---- helpers ---- */

static bool parse(const char *text, size_t length, struct json_document *ret, struct error *err)
{
    /* An exact copy, so that reading past the end is found. */
    CLEANUP(mem_free) char *copy = xmemdup(text, length);
    return json_parse(copy, length, &json_default_limits, ret, err);
}

static void put(struct json_writer *w, const struct json_value *value)
{
    switch (value->type) {
    case JSON_NULL:
        json_null(w, value->key);
        break;
    case JSON_BOOLEAN:
        json_bool(w, value->key, value->boolean);
        break;
    case JSON_NUMBER:
        json_raw(w, value->key, value->text);
        break;
    case JSON_STRING:
        json_string(w, value->key, value->text);
        break;
    case JSON_LIST:
        JSON_ARRAY(w, value->key) {
            for (const struct json_value *item = value->first; item; item = item->next)
                put(w, item);
        }
        break;
    case JSON_MAP:
        JSON_OBJECT(w, value->key) {
            for (const struct json_value *item = value->first; item; item = item->next)
                put(w, item);
        }
        break;
    }
}

/* What the tree says, written again. */
static char *rewrite(const struct json_document *document)
{
    struct error err = {0};
    char *text = NULL;
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    put(&w, document->root);
    assert_ok(json_writer_finish(&w, &text, &err));
    return text;
}

static char *repeat(const char *piece, size_t count)
{
    size_t length = strlen(piece);
    char *text = xmalloc(length * count + 1);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * length, piece, length);
    text[length * count] = '\0';
    return text;
}

static void assert_refused(const char *text, size_t length, const char *message)
{
    struct error err = {0};
    struct json_document document = {0};
    assert_fails(parse(text, length, &document, &err), ERR_INTEGRITY, message);
    assert_null(document.root);
    assert_null(document.arena);
}

/* ---- documents ---- */

TEST(good_documents_keep_all_they_say)
{
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"null", "null"},
        {"true", "true"},
        {" false\r\n\t", "false"},
        {"0", "0"},
        {"-0", "-0"},
        {"18446744073709551616000", "18446744073709551616000"},
        {"1.50e+300", "1.50e+300"},
        {"1E99999", "1E99999"},
        {"\"\"", "\"\""},
        {"[]", "[]"},
        {"{}", "{}"},
        {" [ 1 , [ 2 ] , { \"a\" : null } ] ", "[1,[2],{\"a\":null}]"},
        {"{\"b\":1,\"a\":2,\"B\":3,\"\":4}", "{\"b\":1,\"a\":2,\"B\":3,\"\":4}"},
        {"{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}",
         "{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":1}]}"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"\"\\u00e4\\u20ac\\ud83d\\udc0b\\u0001\"",
         "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x8b\\u0001\""},
        /* Escaped backslashes hide what would be escapes. */
        {"\"\\\\u0000\\\\\\\\ud800\"", "\"\\\\u0000\\\\\\\\ud800\""},
        {"\"\xf0\x9f\x90\x8b\"", "\"\xf0\x9f\x90\x8b\""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(json_document_clear) struct json_document document = {0};
        assert_ok(parse(rows[i].text, strlen(rows[i].text), &document, &err));
        CLEANUP(str_free) char *text = rewrite(&document);
        assert_string_equal(text, rows[i].expected);
    }
}

TEST(bad_documents_are_refused)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        /* cut or empty */
        {"", "premature EOF"},
        {"  ", "premature EOF"},
        {"[", "premature EOF"},
        {"[1", "premature EOF"},
        {"{\"a\"", "premature EOF"},
        {"{\"a\":", "premature EOF"},
        {"\"abc", "premature EOF"},
        {"\"\\", "not JSON"},
        {"\"\\u", "not JSON"},
        {"\"\\u12", "not JSON"},
        {"tru", "not JSON"},
        {"-", "not JSON"},
        /* more than one document */
        {"{} {}", "trailing garbage"},
        {"[]]", "trailing garbage"},
        {"1 2", "trailing garbage"},
        {"null,", "trailing garbage"},
        /* grammar */
        {"[1,]", "not JSON"},
        {"[,1]", "not JSON"},
        {"{\"a\":1,}", "not JSON"},
        {"{a:1}", "not JSON"},
        {"{1:1}", "not JSON"},
        {"{\"a\" 1}", "not JSON"},
        {"[1 2]", "not JSON"},
        {"['a']", "not JSON"},
        {"[}", "not JSON"},
        {"{]", "not JSON"},
        {"[1}", "not JSON"},
        {"// x\n[]", "not JSON"},
        {"[/* x */]", "not JSON"},
        {"True", "not JSON"},
        {"undefined", "not JSON"},
        {"\xef\xbb\xbf[]", "not JSON"},
        /* numbers */
        {"[01]", "not JSON"},
        {"[+1]", "not JSON"},
        {"[.5]", "not JSON"},
        {"[1.]", "not JSON"},
        {"[1e]", "not JSON"},
        {"[0x10]", "not JSON"},
        {"[NaN]", "not JSON"},
        {"[Infinity]", "not JSON"},
        {"[-Infinity]", "not JSON"},
        /* strings */
        {"\"a\nb\"", "not JSON"},
        {"\"a\tb\"", "not JSON"},
        {"\"\\x\"", "not JSON"},
        {"\"\\u12g4\"", "not JSON"},
        {"\"\\ud83d\\u12g4\"", "not JSON"},
        {"\"\\U0041\"", "not JSON"},
        /* NUL */
        {"\"\\u0000\"", "embedded NUL"},
        {"\"a\\\\\\u0000\"", "embedded NUL"},
        {"{\"a\\u0000b\":1}", "embedded NUL"},
        /* surrogates */
        {"\"\\ud800\"", "unpaired surrogate"},
        {"\"\\uDFFF\"", "unpaired surrogate"},
        {"\"\\ud800x\"", "unpaired surrogate"},
        {"\"\\ud800\\n\"", "unpaired surrogate"},
        {"\"\\ud800\\u0041\"", "unpaired surrogate"},
        {"\"\\ud800\\ud800\\udc00\"", "unpaired surrogate"},
        {"\"\\udc00\\ud800\"", "unpaired surrogate"},
        {"{\"\\ud800\":1}", "unpaired surrogate"},
        /* UTF-8 */
        {"\"\xff\"", "not UTF-8"},
        {"\"\xc0\x80\"", "not UTF-8"},
        {"\"\xed\xa0\x80\"", "not UTF-8"},
        {"\"\xf4\x90\x80\x80\"", "not UTF-8"},
        {"\"\xe2\x82\"", "not UTF-8"},
        {"[\xc3\xa4]", "not JSON"},
        /* keys */
        {"{\"a\":1,\"a\":1}", "a: the key appears twice"},
        {"{\"a\":1,\"\\u0061\":2}", "a: the key appears twice"},
        {"{\"\":1,\"\":2}", "the key appears twice"},
        {"{\"a\":1,\"b\":2,\"c\":3,\"b\":4}", "b: the key appears twice"},
        {"[0,{\"x\":{\"k\":1,\"k\":2}}]", "[1].x.k: the key appears twice"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_refused(rows[i].text, strlen(rows[i].text), rows[i].message);
}

TEST(raw_nul_bytes_are_refused)
{
    assert_refused("\"a\0b\"", 5, "not JSON");
    assert_refused("[]\0", 3, "not JSON");
    assert_refused("\0", 1, "not JSON");
}

TEST(every_prefix_of_a_document_is_refused)
{
    static const char text[] = "{\"a\":[1,-2.5e3,\"x\\u00e4\\ud83d\\udc0b\",true,false,null,{}],"
                               "\"b\\\"\":{\"c\":[[]]},\"\xe2\x82\xac\":\"\xf0\x9f\x90\x8b\"}";
    for (size_t length = 0; length < sizeof text - 1; length++)
        assert_refused(text, length, "");
    struct error err = {0};
    CLEANUP(json_document_clear) struct json_document document = {0};
    assert_ok(parse(text, sizeof text - 1, &document, &err));
}

TEST(syntax_errors_tell_where)
{
    assert_refused("[1, 2, x]", 9, "lexical error: invalid char in json text, near byte 8");
    assert_refused("[1, 2", 5, "parse error: premature EOF, near byte 5");
}

/* ---- limits ---- */

static bool parse_nested(const char *open, const char *close, size_t depth, struct error *err)
{
    CLEANUP(str_free) char *front = repeat(open, depth);
    CLEANUP(str_free) char *back = repeat(close, depth);
    CLEANUP(str_free) char *text = str_format("%s0%s", front, back);
    CLEANUP(json_document_clear) struct json_document document = {0};
    return parse(text, strlen(text), &document, err);
}

TEST(depth_is_limited_exactly)
{
    struct error err = {0};
    assert_ok(parse_nested("[", "]", 64, &err));
    assert_ok(parse_nested("{\"a\":", "}", 64, &err));
    assert_fails(parse_nested("[", "]", 65, &err), ERR_INTEGRITY, "deeper than 64 levels");
    assert_fails(parse_nested("{\"a\":", "}", 65, &err), ERR_INTEGRITY, "deeper than 64 levels");
}

TEST(a_million_levels_are_an_error_and_no_crash)
{
    CLEANUP(str_free) char *lists = repeat("[", 1000000);
    assert_refused(lists, 1000000, "deeper than 64 levels");

    struct error err = {0};
    struct json_document document = {0};
    struct json_limits limits = {SIZE_MAX, 64, SIZE_MAX};
    CLEANUP(str_free) char *maps = repeat("{\"a\":", 1000000);
    assert_fails(json_parse(maps, strlen(maps), &limits, &document, &err), ERR_INTEGRITY,
                 "deeper than 64 levels");

    /* Even where the caller allows it, nothing recurses. */
    limits.maximum_depth = 2000000;
    assert_fails(json_parse(lists, 1000000, &limits, &document, &err), ERR_INTEGRITY,
                 "premature EOF");
    CLEANUP(str_free) char *ends = repeat("]", 1000000);
    CLEANUP(str_free) char *whole = str_format("%s%s", lists, ends);
    assert_ok(json_parse(whole, 2000000, &limits, &document, &err));
    size_t depth = 0;
    for (const struct json_value *at = document.root; at; at = at->first)
        depth++;
    assert_int_equal(depth, 1000000);
    json_document_clear(&document);
}

TEST(values_and_bytes_are_limited_exactly)
{
    static const char text[] = "[1,{\"a\":2}]"; /* the list, 1, the map and 2 */
    struct error err = {0};
    struct json_document document = {0};
    struct json_limits limits = {sizeof text - 1, 2, 4};
    assert_ok(json_parse(text, sizeof text - 1, &limits, &document, &err));
    json_document_clear(&document);

    limits.maximum_values = 3;
    assert_fails(json_parse(text, sizeof text - 1, &limits, &document, &err), ERR_INTEGRITY,
                 "more than 3 values");
    limits = (struct json_limits){sizeof text - 2, 2, 4};
    assert_fails(json_parse(text, sizeof text - 1, &limits, &document, &err), ERR_INTEGRITY,
                 "larger than the limit of 10");
    limits = (struct json_limits){sizeof text - 1, 0, 4};
    assert_fails(json_parse(text, sizeof text - 1, &limits, &document, &err), ERR_INTEGRITY,
                 "deeper than 0 levels");
    assert_ok(json_parse("7", 1, &limits, &document, &err));
    json_document_clear(&document);
    limits.maximum_values = 0;
    assert_fails(json_parse("7", 1, &limits, &document, &err), ERR_INTEGRITY, "more than 0 values");
}

TEST(large_maps_are_searched_for_duplicates)
{
    enum { MEMBERS = 150000 };
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    buf_add_str(&text, "{");
    for (int i = 0; i < MEMBERS; i++)
        buf_addf(&text, "\"k%d\":%d,", i, i);
    size_t comma = text.length - 1;

    struct error err = {0};
    CLEANUP(json_document_clear) struct json_document document = {0};
    text.data[comma] = '}';
    assert_ok(parse(buf_str(&text), text.length, &document, &err));
    assert_int_equal(document.root->count, MEMBERS);

    text.data[comma] = ',';
    buf_add_str(&text, "\"k777\":0}");
    assert_refused(buf_str(&text), text.length, "k777: the key appears twice");
}

TEST(long_texts_have_their_own_room)
{
    /* Larger than a piece of the arena, between small ones. */
    CLEANUP(str_free) char *large = repeat("x", 100000);
    CLEANUP(str_free) char *text = str_format("[\"a\",\"%s\",\"b\"]", large);
    struct error err = {0};
    CLEANUP(json_document_clear) struct json_document document = {0};
    assert_ok(parse(text, strlen(text), &document, &err));
    const struct json_value *item = document.root->first;
    assert_string_equal(item->text, "a");
    assert_string_equal(item->next->text, large);
    assert_string_equal(item->next->next->text, "b");
    assert_null(item->next->next->next);
}

/* ---- the tree ---- */

TEST(the_tree_is_linked_both_ways)
{
    static const char text[] = "{\"list\":[1,\"two\"],\"flag\":true}";
    struct error err = {0};
    CLEANUP(json_document_clear) struct json_document document = {0};
    assert_ok(parse(text, sizeof text - 1, &document, &err));
    const struct json_value *root = document.root;
    assert_int_equal(root->type, JSON_MAP);
    assert_int_equal(root->count, 2);
    assert_null(root->key);
    assert_null(root->owner);

    const struct json_value *list = root->first;
    assert_string_equal(list->key, "list");
    assert_int_equal(list->type, JSON_LIST);
    assert_int_equal(list->count, 2);
    assert_ptr_equal(list->owner, root);
    assert_int_equal(list->first->type, JSON_NUMBER);
    assert_string_equal(list->first->text, "1");
    assert_null(list->first->key);
    assert_string_equal(list->first->next->text, "two");
    assert_ptr_equal(list->first->next->owner, list);

    assert_string_equal(list->next->key, "flag");
    assert_true(list->next->boolean);
    assert_null(list->next->next);
}

TEST(members_are_found_by_key)
{
    static const char text[] = "{\"Name\":\"x\",\"size\":1,\"none\":null}";
    struct error err = {0};
    CLEANUP(json_document_clear) struct json_document document = {0};
    assert_ok(parse(text, sizeof text - 1, &document, &err));
    const struct json_value *root = document.root;
    assert_string_equal(json_member(root, "Name")->text, "x");
    assert_null(json_member(root, "name"));
    assert_string_equal(json_member_nocase(root, "nAME")->text, "x");
    assert_null(json_member_nocase(root, "Nam"));
    assert_string_equal(json_member_string(root, "Name"), "x");
    assert_null(json_member_string(root, "size"));
    assert_null(json_member_string(root, "none"));
    assert_null(json_member_string(root, "absent"));
    assert_int_equal(json_member(root, "none")->type, JSON_NULL);

    assert_null(json_member(NULL, "Name"));
    assert_null(json_member_nocase(NULL, "Name"));
    assert_null(json_member_string(NULL, "Name"));
    assert_null(json_member(root->first, "Name"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_documents_keep_all_they_say),
        cmocka_unit_test(bad_documents_are_refused),
        cmocka_unit_test(raw_nul_bytes_are_refused),
        cmocka_unit_test(every_prefix_of_a_document_is_refused),
        cmocka_unit_test(syntax_errors_tell_where),
        cmocka_unit_test(depth_is_limited_exactly),
        cmocka_unit_test(a_million_levels_are_an_error_and_no_crash),
        cmocka_unit_test(values_and_bytes_are_limited_exactly),
        cmocka_unit_test(large_maps_are_searched_for_duplicates),
        cmocka_unit_test(long_texts_have_their_own_room),
        cmocka_unit_test(the_tree_is_linked_both_ways),
        cmocka_unit_test(members_are_found_by_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
