/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/go_duration.h"
#include "registry/hosts_file.h"

#ifdef _WIN32
#define SEPARATOR "\\"
#else
#define SEPARATOR "/"
#endif

static struct hosts_file parse(const char *text)
{
    struct error err = {0};
    struct hosts_file file = {0};
    assert_ok(hosts_file_parse(text, strlen(text), "/certs", &file, &err));
    return file;
}

TEST(an_empty_file)
{
    CLEANUP(hosts_file_clear) struct hosts_file file = parse("");
    assert_int_equal(file.count, 0);
    assert_null(file.server.url);
    assert_true(file.server.pull);
    assert_true(file.server.resolve);
    assert_false(file.server.skip_verify);
}

TEST(everything_at_once)
{
    CLEANUP(hosts_file_clear)
    struct hosts_file file = parse("server = \"https://upstream.example\"\n"
                                   "ca = ['a.crt', '/abs/b.crt', 'C:\\c.crt']\n"
                                   "[host.\"https://public.example\"]\n"
                                   "  capabilities = [\"pull\"]\n"
                                   "[host.\"http://10.0.0.1:5000/sub/path/\"]\n"
                                   "  capabilities = [\"Pull\", \"resolve\", \"push\"]\n"
                                   "  ca = \"mirror.crt\"\n"
                                   "  client = [[\"c.cert\", \"c.key\"], [\"d.pem\", \"\"]]\n"
                                   "  skip_verify = true\n"
                                   "  dial_timeout = \"1m0.5s\"\n"
                                   "  override_path = true\n"
                                   "  proxy = \"http://proxy:3128\"\n"
                                   "  unknown = 5\n"
                                   "  [host.\"http://10.0.0.1:5000/sub/path/\".header]\n"
                                   "    x-one = \"1\"\n"
                                   "    x-two = [\"2\", \"3\"]\n"
                                   "[host.\"bare.example:8443\"]\n"
                                   "  client = \"both.pem\"\n");
    assert_int_equal(file.count, 3);
    assert_string_equal(file.mirrors[0].url, "https://public.example/v2");
    assert_true(file.mirrors[0].pull);
    assert_false(file.mirrors[0].resolve);

    const struct hosts_entry *full = &file.mirrors[1];
    assert_string_equal(full->url, "http://10.0.0.1:5000/sub/path");
    assert_true(full->pull && full->resolve && full->skip_verify);
    assert_int_equal(full->ca_files.count, 1);
    assert_string_equal(full->ca_files.items[0], "/certs" SEPARATOR "mirror.crt");
    assert_string_equal(full->client_file, "/certs" SEPARATOR "c.cert");
    assert_string_equal(full->key_file, "/certs" SEPARATOR "c.key");
    assert_int_equal(full->dial_timeout_ms, 60500);
    assert_string_equal(full->proxy, "http://proxy:3128");
    CLEANUP(str_free) char *headers = strlist_join(&full->headers, "|");
    assert_string_equal(headers, "x-one: 1|x-two: 2|x-two: 3");

    assert_string_equal(file.mirrors[2].url, "https://bare.example:8443/v2");
    assert_true(file.mirrors[2].pull && file.mirrors[2].resolve);
    assert_string_equal(file.mirrors[2].client_file, "/certs" SEPARATOR "both.pem");
    assert_null(file.mirrors[2].key_file);

    assert_string_equal(file.server.url, "https://upstream.example/v2");
    assert_int_equal(file.server.ca_files.count, 3);
    assert_string_equal(file.server.ca_files.items[0], "/certs" SEPARATOR "a.crt");
    assert_string_equal(file.server.ca_files.items[1], "/abs/b.crt");
    assert_string_equal(file.server.ca_files.items[2], "C:\\c.crt");
}

TEST(urls)
{
    static const struct {
        const char *text;
        const char *url; /* NULL = refused */
    } rows[] = {
        {"https://m", "https://m/v2"},
        {"https://m/", "https://m/v2"},
        {"https://m/v2", "https://m/v2"},
        {"https://m/v2/", "https://m/v2"},
        {"https://m/x", "https://m/x/v2"},
        {"https://v2", "https://v2/v2"},
        {"m:5000", "https://m:5000/v2"},
        {"http://[::1]:5000", "http://[::1]:5000/v2"},
        {"", NULL},
        {"ftp://m", NULL},
        {"https://u:p@m", NULL},
        {"https://m?x=1", NULL},
        {"https://m/#f", NULL},
        {"https://m/a b", NULL},
        {"https://", NULL},
        {"://m", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(hosts_entry_clear) struct hosts_entry entry = {0};
        print_message("%s\n", rows[i].text);
        if (!rows[i].url) {
            assert_fails(hosts_entry_parse(rows[i].text, &entry, &err), ERR_USAGE, "no http");
            continue;
        }
        assert_ok(hosts_entry_parse(rows[i].text, &entry, &err));
        assert_string_equal(entry.url, rows[i].url);
        assert_true(entry.pull);
        assert_false(entry.resolve);
    }
}

TEST(what_is_refused)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"server = 5", "server: must be a string"},
        {"server = 'ftp://x'", "'ftp://x' is no http or https URL"},
        {"capabilities = 'pull'", "capabilities: must be"},
        {"capabilities = ['fly']", "capabilities: must be of"},
        {"capabilities = [5]", "capabilities: must be of"},
        {"ca = 5", "ca: must be"},
        {"ca = ['x', 5]", "ca: must be"},
        {"client = true", "client: must be"},
        {"client = [['a']]", "client: must be"},
        {"client = [['a', 'b', 'c']]", "client: must be"},
        {"client = [['a', 5]]", "client: must be"},
        {"client = [5]", "client: must be"},
        {"skip_verify = 'yes'", "skip_verify: must be true or false"},
        {"override_path = 1", "override_path: must be true or false"},
        {"header = 'x'", "header: must be"},
        {"header = {x = 5}", "header: must be"},
        {"header = {'x y' = 'z'}", "header: must be"},
        {"header = {'x:' = 'z'}", "header: must be"},
        {"header = {'' = 'z'}", "header: must be"},
        {"header = {x = ''}", "header: must be"},
        {"header = {x = \"a\\r\\nEvil: 1\"}", "header: must be"},
        {"header = {x = ['a', \"b\\n\"]}", "header: must be"},
        {"dial_timeout = 5", "dial_timeout: must be"},
        {"dial_timeout = '5'", "dial_timeout: must be"},
        {"proxy = 'x:3128'", "proxy: must be"},
        {"host = 'x'", "host: must be a table"},
        {"[host]\nx = 'y'", "host: must be a table of tables"},
        {"[host.'https://m']\nca = 5", "host 'https://m': ca: must be"},
        {"[host.'gopher://m']", "host 'gopher://m': 'gopher://m' is no"},
        {"server = \"x", "line 1"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        struct hosts_file file = {0};
        print_message("%s\n", rows[i].text);
        assert_fails(hosts_file_parse(rows[i].text, strlen(rows[i].text), "/certs", &file, &err),
                     ERR_USAGE, rows[i].message);
        assert_null(file.mirrors);
    }
}

TEST(too_many_mirrors)
{
    struct error err = {0};
    struct hosts_file file = {0};
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    for (int i = 0; i < 33; i++)
        buf_addf(&text, "[host.m%d]\n", i);
    assert_fails(hosts_file_parse(buf_str(&text), text.length, "/certs", &file, &err), ERR_USAGE,
                 "more than 32 mirrors");
}

TEST(durations)
{
    static const struct {
        const char *text;
        unsigned ms;
    } rows[] = {
        {"1s", 1000},      {"500ms", 500},      {"1m30s", 90000}, {"1.5s", 1500},
        {"0.0001s", 0},    {"2h", 7200000},     {"1500us", 1},    {"999999ns", 0},
        {"24h", 86400000}, {"1h0m0s", 3600000}, {"0s", 0},        {"1.123456789s", 1123},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        unsigned ms = 4711;
        print_message("%s\n", rows[i].text);
        assert_true(go_duration_parse(rows[i].text, &ms));
        assert_int_equal(ms, rows[i].ms);
    }
    static const char *const bad[] = {"",
                                      "s",
                                      "5",
                                      "-1s",
                                      "1 s",
                                      "1d",
                                      ".5s",
                                      "1s ",
                                      "1sx",
                                      "25h",
                                      "24h1ns",
                                      "18446744073709551616s",
                                      "99999999999h"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        unsigned ms = 4711;
        print_message("'%s'\n", bad[i]);
        assert_false(go_duration_parse(bad[i], &ms));
        assert_int_equal(ms, 4711);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file),
        cmocka_unit_test(everything_at_once),
        cmocka_unit_test(urls),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(too_many_mirrors),
        cmocka_unit_test(durations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
