/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/token.h"

#define ASKED_MS 1000

TEST(replies)
{
    static const struct {
        const char *text;
        const char *authorization;
        uint64_t life_s;
    } rows[] = {
        {"{\"token\":\"abc\"}", "Bearer abc", 60},
        {"{\"access_token\":\"abc\"}", "Bearer abc", 60},
        {"{\"token\":\"\",\"access_token\":\"abc\"}", "Bearer abc", 60},
        {"{\"token\":\"abc\",\"access_token\":\"def\",\"expires_in\":300}", "Bearer abc", 300},
        {"{\"token\":\"abc\",\"expires_in\":59}", "Bearer abc", 60},
        {"{\"token\":\"abc\",\"expires_in\":0}", "Bearer abc", 60},
        {"{\"token\":\"abc\",\"expires_in\":-5}", "Bearer abc", 60},
        {"{\"token\":\"abc\",\"expires_in\":\"300\"}", "Bearer abc", 60},
        {"{\"token\":\"abc\",\"expires_in\":null}", "Bearer abc", 60},
        {"{\"token\":\"abc\",\"expires_in\":1e3}", "Bearer abc", 60},
        {"{\"token\":\"abc\",\"expires_in\":18446744073709551615}", "Bearer abc", 86400},
        {"{\"token\":\"a.b-c_d/e+f=\",\"issued_at\":\"2026-01-01T00:00:00Z\",\"scope\":\"x\"}",
         "Bearer a.b-c_d/e+f=", 60},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(token_clear) struct token token = {0};
        assert_ok(token_parse(rows[i].text, strlen(rows[i].text), ASKED_MS, &token, &err));
        assert_string_equal(token.authorization, rows[i].authorization);
        assert_int_equal(token.expires_ms, ASKED_MS + rows[i].life_s * 1000);
    }
}

TEST(bad_replies)
{
    static const struct {
        const char *text;
        enum err_kind kind;
        const char *told;
    } rows[] = {
        {"", ERR_INTEGRITY, "token reply: not JSON"},
        {"[]", ERR_INTEGRITY, "token reply: expected an object"},
        {"{}", ERR_AUTH, "no usable token"},
        {"{\"token\":null}", ERR_AUTH, "no usable token"},
        {"{\"token\":\"\"}", ERR_AUTH, "no usable token"},
        {"{\"token\":7}", ERR_INTEGRITY, "token reply: token: expected a string"},
        {"{\"token\":\"a b\"}", ERR_AUTH, "no usable token"},
        {"{\"token\":\"a\\r\\nX: 1\"}", ERR_AUTH, "no usable token"},
        {"{\"token\":\"\\u00e9\"}", ERR_AUTH, "no usable token"},
        {"{\"token\":\"a\",\"token\":\"b\"}", ERR_INTEGRITY, "appears twice"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(token_clear) struct token token = {0};
        if (token_parse(rows[i].text, strlen(rows[i].text), ASKED_MS, &token, &err))
            fail_msg("'%s' was accepted", rows[i].text);
        check_error(&err, rows[i].kind, rows[i].told, rows[i].text);
        assert_null(token.authorization);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies),
        cmocka_unit_test(bad_replies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
