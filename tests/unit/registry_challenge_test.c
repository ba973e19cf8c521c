/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/challenge.h"

struct row {
    const char *lines[3];
    enum challenge_scheme scheme;
    const char *realm;
    const char *service;
    const char *scope;
};

static void check_text(const char *line, const char *found, const char *expected)
{
    if (!found != !expected || (found && strcmp(found, expected)))
        fail_msg("%s: '%s' is not '%s'", line, found ? found : "NULL",
                 expected ? expected : "NULL");
}

TEST(the_best_challenge_is_taken)
{
    static const struct row rows[] = {
        {{"Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
          "scope=\"repository:library/x:pull\""},
         CHALLENGE_BEARER,
         "https://auth.docker.io/token",
         "registry.docker.io",
         "repository:library/x:pull"},
        {{"Bearer realm=\"r\",scope=\"repository:x:pull,push\""},
         CHALLENGE_BEARER,
         "r",
         NULL,
         "repository:x:pull,push"},
        {{"bearer REALM=\"r\" , Service = s"}, CHALLENGE_BEARER, "r", "s", NULL},
        {{"Bearer realm=https://a.example/token?x=1,service=s"},
         CHALLENGE_BEARER,
         "https://a.example/token?x=1",
         "s",
         NULL},
        {{"Bearer realm=\"a\\\"b\\\\c\""}, CHALLENGE_BEARER, "a\"b\\c", NULL, NULL},
        {{"Bearer realm=\"\""}, CHALLENGE_BEARER, "", NULL, NULL},
        {{"Bearer"}, CHALLENGE_BEARER, NULL, NULL, NULL},
        {{"Basic realm=\"basic-realm\""}, CHALLENGE_BASIC, "basic-realm", NULL, NULL},
        {{"Basic realm=\"b\"", "Bearer realm=\"r\""}, CHALLENGE_BEARER, "r", NULL, NULL},
        {{"Bearer realm=\"r\"", "Basic realm=\"b\""}, CHALLENGE_BEARER, "r", NULL, NULL},
        {{"Basic realm=\"b\", Bearer realm=\"r\",service=\"s\""}, CHALLENGE_BEARER, "r", "s", NULL},
        {{"Negotiate, Basic realm=\"b\""}, CHALLENGE_BASIC, "b", NULL, NULL},
        {{"Negotiate YIIabc==, Bearer realm=\"r\""}, CHALLENGE_BEARER, "r", NULL, NULL},
        {{"NTLM TlRMTVNTUAAB", "Digest realm=\"d\", nonce=\"n\", qop=\"auth\""},
         CHALLENGE_NONE,
         NULL,
         NULL,
         NULL},
        {{"Bearer realm=\"first\",realm=\"second\""}, CHALLENGE_BEARER, "first", NULL, NULL},
        {{"Bearer realm=\"one\"", "Bearer realm=\"two\""}, CHALLENGE_BEARER, "one", NULL, NULL},
        {{""}, CHALLENGE_NONE, NULL, NULL, NULL},
        {{" , ,, "}, CHALLENGE_NONE, NULL, NULL, NULL},
        {{NULL}, CHALLENGE_NONE, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(strlist_clear) struct strlist lines = {0};
        for (size_t k = 0; rows[i].lines[k]; k++)
            strlist_add(&lines, rows[i].lines[k]);
        CLEANUP(challenge_clear) struct challenge challenge = {0};
        assert_ok(challenge_parse(&lines, &challenge, &err));
        const char *name = rows[i].lines[0] ? rows[i].lines[0] : "(none)";
        if (challenge.scheme != rows[i].scheme)
            fail_msg("%s: scheme %d", name, (int)challenge.scheme);
        check_text(name, challenge.realm, rows[i].realm);
        check_text(name, challenge.service, rows[i].service);
        check_text(name, challenge.scope, rows[i].scope);
    }
}

TEST(the_reason_of_a_refusal)
{
    struct error err = {0};
    CLEANUP(strlist_clear) struct strlist lines = {0};
    strlist_add(&lines, "Basic realm=\"b\"");
    strlist_add(&lines,
                "Bearer realm=\"r\",scope=\"repository:a:pull\","
                "ERROR=\"insufficient_scope\",error_description=\"x\"");
    CLEANUP(challenge_clear) struct challenge challenge = {0};
    assert_ok(challenge_parse(&lines, &challenge, &err));
    check_text("error", challenge.error, "insufficient_scope");
    check_text("scope", challenge.scope, "repository:a:pull");
}

TEST(malformed_lines_are_refused)
{
    static const char *const rows[] = {
        "Bearer realm=\"never closed",
        "Bearer realm=\"ends in a backslash\\",
        "Bearer realm=\"r\" \"stray\"",
        "=x",
        "\"quoted\"",
        "Bearer realm=\"r\";service=s",
        "\x01",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(strlist_clear) struct strlist lines = {0};
        strlist_add(&lines, rows[i]);
        CLEANUP(challenge_clear) struct challenge challenge = {0};
        if (challenge_parse(&lines, &challenge, &err))
            fail_msg("'%s' was accepted", rows[i]);
        check_error(&err, ERR_NETWORK, "WWW-Authenticate", rows[i]);
        assert_int_equal(challenge.scheme, CHALLENGE_NONE);
    }
}

TEST(values_are_limited)
{
    struct error err = {0};
    CLEANUP(strlist_clear) struct strlist lines = {0};
    CLEANUP(str_free) char *filler = xcalloc(5001, 1);
    memset(filler, 'x', 5000);
    strlist_addf(&lines, "Bearer realm=\"%s\"", filler);
    CLEANUP(challenge_clear) struct challenge challenge = {0};
    assert_fails(challenge_parse(&lines, &challenge, &err), ERR_INTEGRITY, "WWW-Authenticate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_challenge_is_taken),
        cmocka_unit_test(the_reason_of_a_refusal),
        cmocka_unit_test(malformed_lines_are_refused),
        cmocka_unit_test(values_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
