/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/http_retry.h"

TEST(statuses_that_may_pass)
{
    static const long passing[] = {408, 425, 429, 499, 500, 502, 503, 504, 522};
    unsigned count = 0;
    for (long status = 0; status < 1000; status++)
        count += http_retry_of_status(status) > 0;
    assert_int_equal(count, ARRAY_SIZE(passing));
    for (size_t i = 0; i < ARRAY_SIZE(passing); i++)
        assert_int_equal(http_retry_of_status(passing[i]), 6);
}

TEST(failures)
{
    static const struct {
        CURLcode code;
        const char *text;
        long connect_status;
        unsigned first, later;
        const char *hint; /* part of it; NULL = none */
    } rows[] = {
        {CURLE_COULDNT_RESOLVE_HOST, "", 0, 3, 6, "DNS"},
        {CURLE_COULDNT_CONNECT, "", 0, 3, 6, "is running"},
        {CURLE_OPERATION_TIMEDOUT, "", 0, 3, 6, "check the network"},
        {CURLE_PARTIAL_FILE, "", 0, 6, 6, "check the network"},
        {CURLE_RECV_ERROR, "Connection reset by peer", 0, 6, 6, "check the network"},
        {CURLE_RECV_ERROR, "CONNECT tunnel failed, response 407", 407, 0, 0, "HTTPS_PROXY"},
        {CURLE_RECV_ERROR, "CONNECT tunnel failed, response 403", 403, 0, 0, "does not let"},
        {CURLE_RECV_ERROR, "CONNECT tunnel failed, response 502", 502, 6, 6, "check the network"},
        {CURLE_RECV_ERROR, "reset behind the proxy", 200, 6, 6, "check the network"},
        {CURLE_PEER_FAILED_VERIFICATION, "", 0, 0, 0, "--cacert"},
        {CURLE_SSL_CACERT_BADFILE, "", 0, 0, 0, "--cacert"},
        {CURLE_SSL_CONNECT_ERROR, "error:0A00010B:SSL routines::wrong version number", 0, 0, 0,
         "--plain-http"},
        {CURLE_SSL_CONNECT_ERROR,
         "schannel: next InitializeSecurityContext failed: SEC_E_UNTRUSTED_ROOT (0x80090325)", 0, 0,
         0, "--cacert"},
        {CURLE_SSL_CONNECT_ERROR, "schannel: ... CERT_E_CN_NO_MATCH ...", 0, 0, 0, "--cacert"},
        {CURLE_SSL_CONNECT_ERROR,
         "schannel: next InitializeSecurityContext failed: CRYPT_E_REVOCATION_OFFLINE (0x80092013)",
         0, 0, 0, "--no-revoke"},
        {CURLE_SSL_CONNECT_ERROR, "schannel: ... CRYPT_E_NO_REVOCATION_CHECK ...", 0, 0, 0,
         "--no-revoke"},
        {CURLE_SSL_CONNECT_ERROR, "Connection reset by peer in connection to x", 0, 3, 6, ""},
        {CURLE_SSL_CERTPROBLEM, "", 0, 0, 0, "PKCS #12"},
        {CURLE_UNSUPPORTED_PROTOCOL, "", 0, 0, 0, NULL},
        {CURLE_WRITE_ERROR, "", 0, 0, 0, NULL},
        {CURLE_ABORTED_BY_CALLBACK, "", 0, 0, 0, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct http_retry *retry =
            http_retry_of_failure(rows[i].code, rows[i].text, rows[i].connect_status);
        print_message("%d %s %ld\n", (int)rows[i].code, rows[i].text, rows[i].connect_status);
        assert_int_equal(retry->repeats_first, rows[i].first);
        assert_int_equal(retry->repeats, rows[i].later);
        if (rows[i].hint)
            assert_non_null(strstr(retry->hint, rows[i].hint));
        else
            assert_null(retry->hint);
    }
}

TEST(pauses_grow)
{
    static const uint64_t expected[] = {500, 1000, 2000, 4000, 8000, 16000, 16000, 16000};
    for (unsigned i = 0; i < ARRAY_SIZE(expected); i++)
        for (unsigned n = 0; n < 50; n++) {
            uint64_t pause = http_retry_pause_ms(i + 1);
            assert_in_range(pause, expected[i] * 8 / 10, expected[i] * 12 / 10);
        }
}

TEST(pauses_differ)
{
    uint64_t first = http_retry_pause_ms(6);
    bool differs = false;
    for (unsigned i = 0; i < 100 && !differs; i++)
        differs = http_retry_pause_ms(6) != first;
    assert_true(differs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_that_may_pass),
        cmocka_unit_test(failures),
        cmocka_unit_test(pauses_grow),
        cmocka_unit_test(pauses_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
