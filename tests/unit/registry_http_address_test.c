/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/http_address.h"
#include "registry/http_redirect.h"

TEST(each_address_has_its_scope)
{
    static const struct {
        const char *text;
        enum http_scope scope;
    } rows[] = {
        {"8.8.8.8", HTTP_SCOPE_PUBLIC},
        {"0.0.0.0", HTTP_SCOPE_LINK},
        {"0.1.2.3", HTTP_SCOPE_LINK},
        {"1.0.0.0", HTTP_SCOPE_PUBLIC},
        {"9.255.255.255", HTTP_SCOPE_PUBLIC},
        {"10.0.0.0", HTTP_SCOPE_PRIVATE},
        {"10.255.255.255", HTTP_SCOPE_PRIVATE},
        {"11.0.0.0", HTTP_SCOPE_PUBLIC},
        {"100.63.255.255", HTTP_SCOPE_PUBLIC},
        {"100.64.0.0", HTTP_SCOPE_PRIVATE},
        {"100.100.100.200", HTTP_SCOPE_LINK},
        {"100.100.100.201", HTTP_SCOPE_PRIVATE},
        {"100.127.255.255", HTTP_SCOPE_PRIVATE},
        {"100.128.0.0", HTTP_SCOPE_PUBLIC},
        {"126.255.255.255", HTTP_SCOPE_PUBLIC},
        {"127.0.0.0", HTTP_SCOPE_LOOPBACK},
        {"127.0.0.1", HTTP_SCOPE_LOOPBACK},
        {"127.255.255.255", HTTP_SCOPE_LOOPBACK},
        {"128.0.0.0", HTTP_SCOPE_PUBLIC},
        {"168.63.129.16", HTTP_SCOPE_LINK},
        {"168.63.129.17", HTTP_SCOPE_PUBLIC},
        {"169.253.255.255", HTTP_SCOPE_PUBLIC},
        {"169.254.169.254", HTTP_SCOPE_LINK},
        {"169.255.0.0", HTTP_SCOPE_PUBLIC},
        {"172.15.255.255", HTTP_SCOPE_PUBLIC},
        {"172.16.0.0", HTTP_SCOPE_PRIVATE},
        {"172.31.255.255", HTTP_SCOPE_PRIVATE},
        {"172.32.0.0", HTTP_SCOPE_PUBLIC},
        {"192.0.0.192", HTTP_SCOPE_LINK},
        {"192.167.255.255", HTTP_SCOPE_PUBLIC},
        {"192.168.0.1", HTTP_SCOPE_PRIVATE},
        {"192.169.0.0", HTTP_SCOPE_PUBLIC},
        {"223.255.255.255", HTTP_SCOPE_PUBLIC},
        {"224.0.0.1", HTTP_SCOPE_LINK},
        {"255.255.255.255", HTTP_SCOPE_LINK},
        {"::", HTTP_SCOPE_LINK},
        {"::1", HTTP_SCOPE_LOOPBACK},
        {"::2", HTTP_SCOPE_LINK},
        {"0:0:0:0:0:0:0:1", HTTP_SCOPE_LOOPBACK},
        {"::127.0.0.1", HTTP_SCOPE_LOOPBACK},
        {"::ffff:127.0.0.1", HTTP_SCOPE_LOOPBACK},
        {"::ffff:7f00:1", HTTP_SCOPE_LOOPBACK},
        {"::FFFF:10.1.2.3", HTTP_SCOPE_PRIVATE},
        {"::ffff:8.8.8.8", HTTP_SCOPE_PUBLIC},
        {"::ffff:169.254.169.254", HTTP_SCOPE_LINK},
        {"64:ff9b::8.8.8.8", HTTP_SCOPE_PUBLIC},
        {"64:ff9b::a9fe:a9fe", HTTP_SCOPE_LINK},
        {"64:ff9b::127.0.0.1", HTTP_SCOPE_LOOPBACK},
        {"2001:4860:4860::8888", HTTP_SCOPE_PUBLIC},
        {"fc00::", HTTP_SCOPE_PRIVATE},
        {"fdff::1", HTTP_SCOPE_PRIVATE},
        {"fd00:ec2::254", HTTP_SCOPE_LINK},
        {"fd00:ec2::255", HTTP_SCOPE_PRIVATE},
        {"fd20:ce::254", HTTP_SCOPE_LINK},
        {"fe00::1", HTTP_SCOPE_PUBLIC},
        {"fe80::1", HTTP_SCOPE_LINK},
        {"fe80::1%eth0", HTTP_SCOPE_LINK},
        {"febf::1", HTTP_SCOPE_LINK},
        {"fec0::1", HTTP_SCOPE_PRIVATE},
        {"ff02::1", HTTP_SCOPE_LINK},
        {"1:2:3:4:5:6:7:8", HTTP_SCOPE_PUBLIC},
        {"1:2:3:4:5:6:1.2.3.4", HTTP_SCOPE_PUBLIC},
        {"1:2:3:4:5:6:7::", HTTP_SCOPE_PUBLIC},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint8_t address[16];
        print_message("%s\n", rows[i].text);
        assert_true(http_address_parse(rows[i].text, address));
        assert_int_equal(http_address_scope(address), rows[i].scope);
    }
}

TEST(bytes_are_in_their_place)
{
    static const uint8_t expected[16] = {0x20, 0x01, 0x0D, 0xB8, 0, 1, 0,    0,
                                         0,    0,    0,    0,    0, 0, 0xAB, 0x0C};
    uint8_t address[16];
    assert_true(http_address_parse("2001:db8:1::ab0c", address));
    assert_memory_equal(address, expected, 16);
    assert_true(http_address_parse("1.2.3.4", address));
    assert_memory_equal(address, "\0\0\0\0\0\0\0\0\0\0\xFF\xFF\1\2\3\4", 16);
}

TEST(what_is_no_address)
{
    static const char *const rows[] = {
        "",
        "localhost",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.-4",
        "1.2.3.4 ",
        " 1.2.3.4",
        "1..2.3",
        "0x7f.0.0.1",
        ":",
        ":::",
        "1::2::3",
        "1:2:3",
        "12345::",
        "g::",
        "[::1]",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::",
        "::1.2.3",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::1.2.3.4:5",
        "1:",
        ":1",
        "1:2:3:4::5:6:7:8",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        uint8_t address[16] = {0xAA};
        print_message("'%s'\n", rows[i]);
        assert_false(http_address_parse(rows[i], address));
        assert_int_equal(address[0], 0xAA);
    }
}

TEST(prefixes)
{
    static const uint8_t a[16] = {0xFC, 0x10};
    static const uint8_t b[16] = {0xFD, 0x10};
    assert_true(http_address_matches(a, b, 0));
    assert_true(http_address_matches(a, b, 7));
    assert_false(http_address_matches(a, b, 8));
    assert_false(http_address_matches(a, b, 128));
    assert_true(http_address_matches(a, a, 128));
}

TEST(who_may_lead_where)
{
    static const bool allowed[5][5] = {
        /* to:      unknown public private loopback link */
        [HTTP_SCOPE_UNKNOWN] = {true, true, true, true, false},
        [HTTP_SCOPE_PUBLIC] = {true, true, true, false, false},
        [HTTP_SCOPE_PRIVATE] = {true, true, true, true, false},
        [HTTP_SCOPE_LOOPBACK] = {true, true, true, true, false},
        [HTTP_SCOPE_LINK] = {true, true, true, true, true},
    };
    for (int from = HTTP_SCOPE_UNKNOWN; from <= HTTP_SCOPE_LINK; from++)
        for (int to = HTTP_SCOPE_UNKNOWN; to <= HTTP_SCOPE_LINK; to++)
            assert_int_equal(http_scope_may_lead((enum http_scope)from, (enum http_scope)to),
                             allowed[from][to]);
}

TEST(redirects)
{
    static const struct {
        const char *from;
        const char *target;
        unsigned before;
        const char *refusal; /* NULL = allowed */
    } rows[] = {
        {"https://a/x", "https://b/y", 0, NULL},
        {"https://a/x", "https://b/y", 9, NULL},
        {"https://a/x", "https://b/y", 10, "a:443: more than 10 redirects"},
        {"http://a/x", "https://b/y", 0, NULL},
        {"http://a/x", "http://b/y", 0, NULL},
        {"https://a:5000/x", "http://b/y", 0, "a:5000: redirects from https to http (b:80)"},
        {"https://a/x", "ftp://b/y", 0, "is not an http or https URL"},
        {"https://a/x", "file:///etc/passwd", 0, "is not an http or https URL"},
        {"https://a/x", "https://user:secret@b/y", 0, "is not an http or https URL"},
        {"https://a/x", "", 0, "is not an http or https URL"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        print_message("%s\n", rows[i].target);
        if (rows[i].refusal)
            assert_fails(http_redirect_check(rows[i].from, rows[i].target, rows[i].before, &err),
                         ERR_NETWORK, rows[i].refusal);
        else
            assert_ok(http_redirect_check(rows[i].from, rows[i].target, rows[i].before, &err));
    }
}

TEST(hosts_that_are_addresses)
{
    static const struct {
        const char *url;
        bool allowed; /* to a registry on the internet */
    } rows[] = {
        {"https://storage.example/x", true},
        {"https://8.8.8.8/x", true},
        {"https://10.0.0.1/x", true},
        {"https://127.0.0.1:8080/x", false},
        {"https://[::1]/x", false},
        {"https://169.254.169.254/latest", false},
        {"https://[fd00:ec2::254]/x", false},
        {"https://[2001:4860::1]/x", true},
        {"https://0x7f.1/x", false},
        {"https://2130706433/x", false},
        {"https://[::ffff:127.0.0.1]/", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        struct origin origin = {0};
        print_message("%s\n", rows[i].url);
        assert_ok(origin_parse(rows[i].url, &origin, &err));
        if (rows[i].allowed)
            assert_ok(http_redirect_check_host(HTTP_SCOPE_PUBLIC, &origin, &err));
        else
            assert_fails(http_redirect_check_host(HTTP_SCOPE_PUBLIC, &origin, &err), ERR_NETWORK,
                         "the registry sends wrun to");
        origin_clear(&origin);
    }
}

TEST(statuses)
{
    static const long redirects[] = {301, 302, 303, 307, 308};
    unsigned count = 0;
    for (long status = 0; status < 1000; status++)
        count += http_redirect_is(status);
    for (size_t i = 0; i < ARRAY_SIZE(redirects); i++)
        assert_true(http_redirect_is(redirects[i]));
    assert_int_equal(count, ARRAY_SIZE(redirects));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_address_has_its_scope), cmocka_unit_test(bytes_are_in_their_place),
        cmocka_unit_test(what_is_no_address),         cmocka_unit_test(prefixes),
        cmocka_unit_test(who_may_lead_where),         cmocka_unit_test(redirects),
        cmocka_unit_test(hosts_that_are_addresses),   cmocka_unit_test(statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
