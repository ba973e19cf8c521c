/* SPDX-License-Identifier: MIT */
#include "base/json_write.h"
#include "check.h"

static void put_sample(struct json_writer *w)
{
    JSON_OBJECT(w, NULL) {
        json_string(w, "Name", "x");
        json_bool(w, "Yes", true);
        json_bool(w, "No", false);
        json_null(w, "Nothing");
        json_int(w, "Lowest", INT64_MIN);
        json_int(w, "MinusOne", -1);
        json_uint(w, "Highest", UINT64_MAX);
        JSON_OBJECT(w, "Empty") {
        }
        JSON_ARRAY(w, "List") {
            json_string(w, NULL, "a");
            JSON_ARRAY(w, NULL) {
            }
            JSON_OBJECT(w, NULL) {
                json_uint(w, "n", 0);
            }
        }
        json_raw(w, "Raw", "{\"a\":[1,2.50]}");
    }
}

static void assert_finishes(struct json_writer *w, const char *expected)
{
    struct error err = {0};
    CLEANUP(str_free) char *text = NULL;
    assert_ok(json_writer_finish(w, &text, &err));
    assert_string_equal(text, expected);
}

TEST(compact_form)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    put_sample(&w);
    assert_finishes(&w,
                    "{\"Name\":\"x\",\"Yes\":true,\"No\":false,\"Nothing\":null,"
                    "\"Lowest\":-9223372036854775808,\"MinusOne\":-1,"
                    "\"Highest\":18446744073709551615,\"Empty\":{},"
                    "\"List\":[\"a\",[],{\"n\":0}],\"Raw\":{\"a\":[1,2.50]}}");
}

TEST(pretty_form)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open_pretty(&w);
    JSON_OBJECT(&w, NULL) {
        json_string(&w, "a", "b");
        JSON_ARRAY(&w, "c") {
            json_uint(&w, NULL, 1);
            json_uint(&w, NULL, 2);
        }
    }
    assert_finishes(&w,
                    "{\n"
                    "  \"a\": \"b\",\n"
                    "  \"c\": [\n"
                    "    1,\n"
                    "    2\n"
                    "  ]\n"
                    "}\n");
}

TEST(text_is_escaped)
{
    static const struct {
        const char *text;
        const char *json;
    } rows[] = {
        {"", "\"\""},
        {"C:\\a \"b\"", "\"C:\\\\a \\\"b\\\"\""},
        {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
        {"\x01\x1f", "\"\\u0001\\u001F\""},
        {"/\x7f", "\"/\x7f\""},
        {"\xc3\xa4\xf0\x9f\x90\x8b", "\"\xc3\xa4\xf0\x9f\x90\x8b\""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(json_writer_close) struct json_writer w;
        json_writer_open(&w);
        json_string(&w, NULL, rows[i].text);
        assert_finishes(&w, rows[i].json);
    }
}

TEST(optional_members_are_left_out)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_opt_string(&w, "a", NULL);
        json_opt_string(&w, "b", "");
        json_opt_bool(&w, "c", false);
        json_opt_uint(&w, "d", 0);
        json_opt_string(&w, "e", "x");
        json_opt_bool(&w, "f", true);
        json_opt_uint(&w, "g", 1);
    }
    assert_finishes(&w, "{\"e\":\"x\",\"f\":true,\"g\":1}");
}

TEST(text_that_is_not_utf8_is_reported_at_the_end)
{
    static const char *const bad[] = {"\xff", "a\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80",
                                      "\xe2"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        for (int as_key = 0; as_key < 2; as_key++) {
            struct error err = {0};
            CLEANUP(json_writer_close) struct json_writer w;
            json_writer_open(&w);
            JSON_OBJECT(&w, NULL) {
                json_string(&w, as_key ? bad[i] : "key", as_key ? "value" : bad[i]);
                /* What follows is swallowed, whatever it is. */
                JSON_ARRAY(&w, bad[i]) {
                    json_uint(&w, NULL, 1);
                }
                json_raw(&w, "r", "[]");
            }
            char *text = NULL;
            assert_fails(json_writer_finish(&w, &text, &err), ERR_INTEGRITY, "not UTF-8");
            assert_null(text);
        }
}

TEST(sixty_four_blocks_may_nest)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    for (int i = 0; i < 32; i++) {
        json_array_begin(&w, i ? "k" : NULL);
        json_object_begin(&w, NULL);
    }
    for (int i = 0; i < 32; i++) {
        json_object_end(&w);
        json_array_end(&w);
    }
    struct error err = {0};
    CLEANUP(str_free) char *text = NULL;
    assert_ok(json_writer_finish(&w, &text, &err));
    assert_int_equal(strlen(text), 64 * 2 + 31 * strlen("\"k\":"));
}

/* ---- misuse ---- */

static struct json_writer misused;

static void finish(void)
{
    struct error err = {0};
    char *text;
    if (!json_writer_finish(&misused, &text, &err))
        error_clear(&err);
}

static void key_in_a_list(void)
{
    json_writer_open(&misused);
    json_array_begin(&misused, NULL);
    json_uint(&misused, "k", 1);
}

static void no_key_in_an_object(void)
{
    json_writer_open(&misused);
    json_object_begin(&misused, NULL);
    json_uint(&misused, NULL, 1);
}

static void no_key_after_a_list_in_an_object(void)
{
    json_writer_open(&misused);
    json_object_begin(&misused, NULL);
    json_array_begin(&misused, "l");
    json_array_end(&misused);
    json_uint(&misused, NULL, 1);
}

static void key_at_the_top(void)
{
    json_writer_open(&misused);
    json_uint(&misused, "k", 1);
}

static void two_documents(void)
{
    json_writer_open(&misused);
    json_uint(&misused, NULL, 1);
    json_uint(&misused, NULL, 2);
}

static void finish_inside_a_block(void)
{
    json_writer_open(&misused);
    json_object_begin(&misused, NULL);
    finish();
}

static void finish_nothing(void)
{
    json_writer_open(&misused);
    finish();
}

static void raw_garbage(void)
{
    json_writer_open(&misused);
    json_raw(&misused, NULL, "{\"a\":}");
}

static void raw_nothing(void)
{
    json_writer_open(&misused);
    json_raw(&misused, NULL, "");
}

static void nest_too_deeply(void)
{
    json_writer_open(&misused);
    for (int i = 0; i < 65; i++)
        json_array_begin(&misused, NULL);
}

TEST(misuse_aborts)
{
    assert_aborts(key_in_a_list, "key");
    assert_aborts(no_key_in_an_object, "key");
    assert_aborts(no_key_after_a_list_in_an_object, "key");
    assert_aborts(key_at_the_top, "key");
    assert_aborts(two_documents, "after the end");
    assert_aborts(finish_inside_a_block, "still open");
    assert_aborts(finish_nothing, "before it was written");
    assert_aborts(raw_garbage, "not JSON");
    assert_aborts(raw_nothing, "not JSON");
    assert_aborts(nest_too_deeply, "too deeply");
}

TEST(a_writer_may_be_closed_early_and_twice)
{
    struct json_writer w;
    json_writer_open(&w);
    json_object_begin(&w, NULL);
    json_writer_close(&w);
    assert_null(w.generator);
    json_writer_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compact_form),
        cmocka_unit_test(pretty_form),
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(optional_members_are_left_out),
        cmocka_unit_test(text_that_is_not_utf8_is_reported_at_the_end),
        cmocka_unit_test(sixty_four_blocks_may_nest),
        cmocka_unit_test(misuse_aborts),
        cmocka_unit_test(a_writer_may_be_closed_early_and_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
