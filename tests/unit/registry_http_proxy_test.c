/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/http_proxy.h"

static bool is_proxied(const struct http_proxies *proxies, const char *url)
{
    struct error err = {0};
    CLEANUP(origin_clear) struct origin origin = {0};
    assert_ok(origin_parse(url, &origin, &err));
    return http_proxies_choose(proxies, &origin) != NULL;
}

static bool is_proxied_but_for(enum http_bypass notation, const char *item, const char *url)
{
    CLEANUP(http_proxies_clear) struct http_proxies proxies = {.notation = notation};
    proxies.https = xstrdup("proxy:3128");
    strlist_add(&proxies.bypass, item);
    return is_proxied(&proxies, url);
}

struct row {
    const char *item;
    const char *url;
    bool bypassed;
};

static void check_rows(enum http_bypass notation, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        print_message("%s %s\n", rows[i].item, rows[i].url);
        assert_int_equal(!is_proxied_but_for(notation, rows[i].item, rows[i].url),
                         rows[i].bypassed);
    }
}

TEST(no_proxy)
{
    static const struct row rows[] = {
        {"corp", "https://corp/", true},
        {"corp", "https://a.b.corp/", true},
        {"corp", "https://A.CORP:5000/", true},
        {"corp", "https://notcorp/", false},
        {"corp", "https://corp.example/", false},
        {".corp", "https://corp/", true},
        {".corp", "https://a.corp/", true},
        {"corp.", "https://a.corp/", true},
        {"corp", "https://a.corp./", true},
        {".", "https://corp/", false},
        {"*", "https://anything.example/", true},
        {"*.corp", "https://a.corp/", false},
        {"10.1.2.3", "https://10.1.2.3:5000/", true},
        {"10.1.2.3", "https://10.1.2.30/", false},
        {"10.0.0.0/8", "https://10.9.8.7/", true},
        {"10.0.0.0/8", "https://11.0.0.1/", false},
        {"10.0.0.0/33", "https://10.0.0.1/", false},
        {"10.0.0.0/18446744073709551615", "https://10.0.0.1/", false},
        {"10.0.0.0/", "https://10.0.0.0/", false},
        {"10.0.0.0/8x", "https://10.0.0.0/", false},
        {"0.0.0.0/0", "https://1.2.3.4/", true},
        {"0.0.0.0/0", "https://[2001:db8::1]/", false},
        {"::/0", "https://[2001:db8::1]/", true},
        {"2001:db8::/32", "https://[2001:db8:1::5]/", true},
        {"2001:db8::/32", "https://[2001:db9::5]/", false},
        {"2001:db8:0:0::1", "https://[2001:db8::1]:5000/", true},
    };
    check_rows(HTTP_BYPASS_ENVIRONMENT, rows, ARRAY_SIZE(rows));
}

TEST(exceptions_of_windows)
{
    static const struct row rows[] = {
        {"<local>", "https://server/", true},
        {"<local>", "https://server.corp/", false},
        {"<local>", "https://[2001:db8::1]/", false},
        {"*.corp", "https://a.b.corp/", true},
        {"*.corp", "https://corp/", false},
        {"corp", "https://a.corp/", false},
        {"corp", "https://corp/", true},
        {"10.*", "https://10.1.2.3/", true},
        {"10.*", "https://110.1.2.3/", false},
        {"*mirror*", "https://my-mirror.example/", true},
        {"a*b*c", "https://axxbyyc/", true},
        {"a*b*c", "https://axxbyyd/", false},
        {"10.0.0.0/8", "https://10.9.8.7/", true},
    };
    check_rows(HTTP_BYPASS_WINDOWS, rows, ARRAY_SIZE(rows));
}

TEST(this_host_needs_no_proxy)
{
    CLEANUP(http_proxies_clear) struct http_proxies proxies = {0};
    proxies.http = xstrdup("proxy:3128");
    proxies.https = xstrdup("proxy:3128");
    assert_false(is_proxied(&proxies, "http://localhost:5000/"));
    assert_false(is_proxied(&proxies, "http://127.0.0.1/"));
    assert_false(is_proxied(&proxies, "https://[::1]/"));
    assert_true(is_proxied(&proxies, "http://localhost.example/"));
}

TEST(lists_of_windows)
{
    static const struct {
        const char *servers;
        const char *http;
        const char *https;
    } rows[] = {
        {NULL, NULL, NULL},
        {"", NULL, NULL},
        {"proxy:8080", "proxy:8080", "proxy:8080"},
        {"http://proxy:8080", "http://proxy:8080", "http://proxy:8080"},
        {"http=a:80;https=b:443", "a:80", "b:443"},
        {"https=b:443;http=a:80;ftp=c:21", "a:80", "b:443"},
        {"https=b:443 other:1", "other:1", "b:443"},
        {"socks=s:1080", NULL, NULL},
        {"HTTPS=B:443", NULL, "b:443"},
        {"https=", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(http_proxies_clear)
        struct http_proxies proxies =
            http_proxies_parse_windows(rows[i].servers, "*.Corp;<local>, 10.*");
        print_message("%s\n", rows[i].servers ? rows[i].servers : "NULL");
        if (rows[i].http)
            assert_string_equal(proxies.http, rows[i].http);
        else
            assert_null(proxies.http);
        if (rows[i].https)
            assert_string_equal(proxies.https, rows[i].https);
        else
            assert_null(proxies.https);
        CLEANUP(str_free) char *bypass = strlist_join(&proxies.bypass, "|");
        assert_string_equal(bypass, "*.corp|<local>|10.*");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_proxy),
        cmocka_unit_test(exceptions_of_windows),
        cmocka_unit_test(this_host_needs_no_proxy),
        cmocka_unit_test(lists_of_windows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
