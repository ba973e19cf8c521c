/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/toml.h"

#define FOUR "a.b.c.d."

static struct toml_value *parse(const char *text)
{
    struct error err = {0};
    struct toml_value *top = NULL;
    assert_ok(toml_parse(text, strlen(text), &top, &err));
    return top;
}

/* The value at a path of keys, "a|b|c". */
static const struct toml_value *at(const struct toml_value *top, const char *path)
{
    const struct toml_value *value = top;
    CLEANUP(str_free) char *copy = xstrdup(path);
    for (char *key = copy; key;) {
        char *bar = strchr(key, '|');
        if (bar)
            *bar = '\0';
        value = toml_member(value, key);
        assert_non_null(value);
        key = bar ? bar + 1 : NULL;
    }
    return value;
}

TEST(strings)
{
    static const struct {
        const char *text;
        const char *path;
        const char *value;
    } rows[] = {
        {"a = \"b\"", "a", "b"},
        {"a=\"b\"\n", "a", "b"},
        {"\t a \t=\t \"b\" \t\r\n", "a", "b"},
        {"\xEF\xBB\xBF"
         "a = 'b'",
         "a", "b"},
        {"# nothing\r\n\n  # more\na = 'b' # end", "a", "b"},
        {"a = ''", "a", ""},
        {"a = \"\"", "a", ""},
        {"a = 'C:\\certs\\x.pem'", "a", "C:\\certs\\x.pem"},
        {"a = \"C:\\\\x \\\"y\\\" \\t \\u00e9 \\U0001F600\"", "a",
         "C:\\x \"y\" \t \xC3\xA9 \xF0\x9F\x98\x80"},
        {"a = '# no comment'", "a", "# no comment"},
        {"\"a b\" = 'c'", "a b", "c"},
        {"'a' = 'c'", "a", "c"},
        {"1-a_B = 'c'", "1-a_B", "c"},
        {"a.b.c = 'd'", "a|b|c", "d"},
        {"a . \"b.c\" = 'd'", "a|b.c", "d"},
        {"[a]\nb = 'c'", "a|b", "c"},
        {"[a.b] # x\nc = 'd'", "a|b|c", "d"},
        {"[ a . 'b.x' ]\nc = 'd'", "a|b.x|c", "d"},
        {"[a.b]\n[a]\nc = 'd'", "a|c", "d"},
        {"[a]\nx.y = '1'\nx.z = '2'", "a|x|z", "2"},
        {"a = { b = 'c', d = { e = 'f' } }", "a|d|e", "f"},
        {"[host.\"https://m:5000\"]\n  [host.\"https://m:5000\".header]\n    x-y = 'z'",
         "host|https://m:5000|header|x-y", "z"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        print_message("%s\n", rows[i].text);
        CLEANUP(toml_free) struct toml_value *top = parse(rows[i].text);
        const struct toml_value *value = at(top, rows[i].path);
        assert_int_equal(value->type, TOML_STRING);
        assert_string_equal(value->text, rows[i].value);
    }
}

TEST(other_values)
{
    CLEANUP(toml_free)
    struct toml_value *top = parse("t = true\nf = false\nzero = 0\nmost = 9223372036854775807\n"
                                   "less = -12\nmore = +7\nempty = []\nnone = {}\n");
    assert_int_equal(at(top, "t")->type, TOML_BOOLEAN);
    assert_true(at(top, "t")->boolean);
    assert_int_equal(at(top, "f")->type, TOML_BOOLEAN);
    assert_false(at(top, "f")->boolean);
    assert_int_equal(at(top, "zero")->type, TOML_INTEGER);
    assert_int_equal(at(top, "zero")->integer, 0);
    assert_true(at(top, "most")->integer == INT64_MAX);
    assert_int_equal(at(top, "less")->integer, -12);
    assert_int_equal(at(top, "more")->integer, 7);
    assert_int_equal(at(top, "empty")->type, TOML_ARRAY);
    assert_null(at(top, "empty")->first);
    assert_int_equal(at(top, "none")->type, TOML_TABLE);
    assert_null(toml_member(top, "absent"));
    assert_null(toml_member(at(top, "t"), "absent"));
    assert_null(toml_member(NULL, "absent"));
}

TEST(arrays)
{
    CLEANUP(toml_free)
    struct toml_value *top = parse("a = [ 'x', # first\n  \"y\"\n , ['p', 'q'], [] , ]\nb = ['z']");
    const struct toml_value *item = at(top, "a")->first;
    assert_string_equal(item->text, "x");
    item = item->next;
    assert_string_equal(item->text, "y");
    item = item->next;
    assert_int_equal(item->type, TOML_ARRAY);
    assert_string_equal(item->first->text, "p");
    assert_string_equal(item->first->next->text, "q");
    assert_null(item->first->next->next);
    item = item->next;
    assert_null(item->first);
    assert_null(item->next);
    assert_string_equal(at(top, "b")->first->text, "z");
}

TEST(the_order_is_that_of_the_file)
{
    CLEANUP(toml_free)
    struct toml_value *top = parse("[host.b]\n[host.a]\n[host.b.x]\n[host.c]\n");
    const struct toml_value *host = at(top, "host")->first;
    assert_string_equal(host->key, "b");
    assert_string_equal(host->next->key, "a");
    assert_string_equal(host->next->next->key, "c");
    assert_null(host->next->next->next);
}

TEST(what_is_refused)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"a", "line 1: '=' is missing"},
        {"a =", "a value is expected"},
        {"a = b", "a value is expected"},
        {"a = \"b", "does not end on its line"},
        {"a = \"b\nc\"", "line 1: a string does not end"},
        {"a = 'b' c = 'd'", "after the end"},
        {"a = 'b'\na = 'c'", "line 2: 'a' is given twice"},
        {"a = 'b'\na.c = 'd'", "'a' is no table"},
        {"a = 'b'\n[a]", "'a' is no table"},
        {"[a]\n[a]", "this table is given twice"},
        {"a = {b = 'c'}\n[a]", "no table that can be added to"},
        {"a = {b = 'c'}\na.d = 'e'", "no table that can be added to"},
        {"a = {b = 'c'}\n[a.d]", "no table that can be added to"},
        {"[[a]]", "arrays of tables"},
        {"[a", "']' is missing"},
        {"[]", "a key is missing"},
        {"[a.]", "a key is missing"},
        {"= 'a'", "a key is missing"},
        {"a. = 'b'", "a key is missing"},
        {"a = \"\"\"b\"\"\"", "several lines"},
        {"a = '''b'''", "several lines"},
        {"a = \"C:\\path\"", "unknown escape; Windows paths"},
        {"a = \"\\u12\"", "hexadecimal digits"},
        {"a = \"\\ud800\"", "no character"},
        {"a = \"\\u0000\"", "no character"},
        {"a = \"\\U00110000\"", "no character"},
        {"a = 1.5", "a value is expected"},
        {"a = 1_000", "a value is expected"},
        {"a = 0x10", "a value is expected"},
        {"a = 9223372036854775808", "a value is expected"},
        {"a = 1979-05-27", "a value is expected"},
        {"a = truex", "after the end"},
        {"a = [ 'b'", "',' or ']' is missing"},
        {"a = [ 'b' 'c' ]", "',' or ']' is missing"},
        {"a = [ , ]", "a value is expected"},
        {"a = {b = 'c'", "',' or '}' is missing"},
        {"a = {b = 'c',}", "a key is missing"},
        {"a = {\nb = 'c' }", "a key is missing"},
        {"a = '\x01'", "does not end on its line"},
        {"a = '\xFF'", "not in UTF-8"},
        {"\xFF\xFE"
         "a",
         "not in UTF-8"},
        {"a = '\x80'", "not in UTF-8"},
        {FOUR FOUR FOUR FOUR "e.f = 1", "more than 16 levels"},
        {"[" FOUR FOUR FOUR FOUR "e]", "more than 16 levels"},
        {"a = [[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]", "more than 16 levels"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        struct toml_value *top = NULL;
        print_message("%s\n", rows[i].text);
        assert_fails(toml_parse(rows[i].text, strlen(rows[i].text), &top, &err), ERR_USAGE,
                     rows[i].message);
        assert_null(top);
    }
}

TEST(an_embedded_nul)
{
    static const char text[] = "a = 'b\0c'";
    struct error err = {0};
    struct toml_value *top = NULL;
    assert_fails(toml_parse(text, sizeof(text) - 1, &top, &err), ERR_USAGE, "does not end");
}

TEST(too_much)
{
    struct error err = {0};
    struct toml_value *top = NULL;
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    buf_add_str(&text, "a = [");
    for (int i = 0; i < 4000; i++)
        buf_add_str(&text, "1,");
    buf_add_str(&text, "]");
    assert_fails(toml_parse(buf_str(&text), text.length, &top, &err), ERR_USAGE,
                 "more than 4000 values");
    while (text.length <= 1 << 20)
        buf_add_str(&text, "# a comment that makes it longer and longer\n");
    assert_fails(toml_parse(buf_str(&text), text.length, &top, &err), ERR_USAGE,
                 "larger than 1048576 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),         cmocka_unit_test(other_values),
        cmocka_unit_test(arrays),          cmocka_unit_test(the_order_is_that_of_the_file),
        cmocka_unit_test(what_is_refused), cmocka_unit_test(an_embedded_nul),
        cmocka_unit_test(too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
