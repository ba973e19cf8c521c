/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/credential_file.h"

#define EVE "ZXZlOnNlOmNyZXQ=" /* eve:se:cret */

struct found {
    const char *user;
    const char *password;
    const char *identity_token;
    const char *registry_token;
};

static void check_text(const char *name, const char *found, const char *expected)
{
    if (!found != !expected || (found && strcmp(found, expected)))
        fail_msg("%s: '%s' is not '%s'", name, found ? found : "NULL",
                 expected ? expected : "NULL");
}

static void check_entry(const char *text, const struct found *expected)
{
    struct error err = {0};
    CLEANUP(credential_file_clear) struct credential_file file = {0};
    assert_ok(credential_file_parse(text, strlen(text), CREDENTIAL_CONFIG, &file, &err));
    const struct credential_entry *entry = credential_file_find(&file, "h", "a/b");
    if (!expected) {
        if (entry)
            fail_msg("%s: found '%s'", text, entry->name);
        return;
    }
    if (!entry)
        fail_msg("%s: nothing found", text);
    check_text(text, entry->credential.user, expected->user);
    check_text(text, entry->credential.password, expected->password);
    check_text(text, entry->credential.identity_token, expected->identity_token);
    check_text(text, entry->credential.registry_token, expected->registry_token);
}

TEST(entries)
{
    static const struct found eve = {.user = "eve", .password = "se:cret"};
    static const struct found identity = {.identity_token = "t"};
    static const struct found both = {.user = "eve", .password = "se:cret", .identity_token = "t"};
    static const struct found bearer = {.registry_token = "t"};
    static const struct found blank = {.user = "eve", .password = ""};
    static const struct {
        const char *text;
        const struct found *found; /* NULL = nothing */
    } rows[] = {
        {"{\"auths\":{\"h\":{\"auth\":\"" EVE "\"}}}", &eve},
        {"\xEF\xBB\xBF{\"auths\":{\"h\":{\"auth\":\"" EVE "\"}}}", &eve},
        {"{\"auths\":{\"h\":{\"username\":\"eve\",\"password\":\"se:cret\"}}}", &eve},
        /* auth wins, as docker has it */
        {"{\"auths\":{\"h\":{\"auth\":\"" EVE "\",\"username\":\"x\",\"password\":\"y\"}}}", &eve},
        /* eve:se:cret, padded with two NULs */
        {"{\"auths\":{\"h\":{\"auth\":\"ZXZlOnNlOmNyZXQAAA==\"}}}", &eve},
        /* <token>:t */
        {"{\"auths\":{\"h\":{\"auth\":\"PHRva2VuPjp0\"}}}", &identity},
        {"{\"auths\":{\"h\":{\"identitytoken\":\"t\"}}}", &identity},
        {"{\"auths\":{\"h\":{\"auth\":\"" EVE "\",\"identitytoken\":\"t\"}}}", &both},
        {"{\"auths\":{\"h\":{\"registrytoken\":\"t\"}}}", &bearer},
        /* eve: */
        {"{\"auths\":{\"h\":{\"auth\":\"ZXZlOg==\"}}}", &blank},
        {"{\"auths\":{\"h\":{\"auth\":\"" EVE "\",\"email\":\"e@x\",\"more\":[1]}}}", &eve},
        {"{\"auths\":{\"other\":{\"auth\":\"" EVE "\"}}}", NULL},
        {"{\"auths\":{\"h\":{}}}", NULL},
        {"{\"auths\":{\"h\":null}}", NULL},
        {"{\"auths\":{\"h\":{\"auth\":\"\"}}}", NULL},
        {"{\"auths\":{\"h\":{\"username\":\"eve\"}}}", NULL},
        {"{\"auths\":null,\"credHelpers\":null,\"credsStore\":null}", NULL},
        {"{}", NULL},
        /* what is empty does not hide what is not; what is nearer does */
        {"{\"auths\":{\"h/a\":{},\"h\":{\"auth\":\"" EVE "\"}}}", &eve},
        {"{\"auths\":{\"h\":{\"auth\":\"eDp5\"},\"h/a\":{\"auth\":\"" EVE "\"}}}", &eve},
        {"{\"auths\":{\"h/b\":{\"auth\":\"eDp5\"},\"http://h/v1/\":{\"auth\":\"" EVE "\"}}}", &eve},
        /* of two spellings the plain one counts */
        {"{\"auths\":{\"https://h\":{\"auth\":\"eDp5\"},\"h\":{\"auth\":\"" EVE "\"}}}", &eve},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        check_entry(rows[i].text, rows[i].found);
}

TEST(the_hub_by_each_of_its_names)
{
    static const char *const names[] = {"docker.io", "index.docker.io", "registry-1.docker.io",
                                        "https://index.docker.io/v1/"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct error err = {0};
        CLEANUP(credential_file_clear) struct credential_file file = {0};
        CLEANUP(str_free)
        char *text = str_format("{\"auths\":{\"%s\":{\"auth\":\"" EVE "\"}}}", names[i]);
        assert_ok(credential_file_parse(text, strlen(text), CREDENTIAL_CONFIG, &file, &err));
        assert_non_null(credential_file_find(&file, "docker.io", "library/x"));
        assert_null(credential_file_find(&file, "ghcr.io", "library/x"));
    }
}

TEST(helpers)
{
    struct error err = {0};
    CLEANUP(credential_file_clear) struct credential_file file = {0};
    static const char text[] =
        "{\"credsStore\":\"all\",\"credHelpers\":{\"h\":\"one\",\"h/a\":\"two\",\"i\":\"\"}}";
    assert_ok(credential_file_parse(text, strlen(text), CREDENTIAL_CONFIG, &file, &err));
    assert_string_equal(file.store, "all");
    assert_string_equal(credential_file_helper(&file, "h", "b"), "one");
    assert_string_equal(credential_file_helper(&file, "h", NULL), "one");
    assert_string_equal(credential_file_helper(&file, "h", "a/b"), "two");
    assert_null(credential_file_helper(&file, "i", "b"));
    assert_null(credential_file_helper(&file, "j", "b"));
}

TEST(what_is_wrong_is_named_and_no_secret_quoted)
{
    static const struct {
        const char *text;
        size_t length; /* 0 = all */
        const char *told;
    } rows[] = {
        {"", 0, "not JSON"},
        {"{", 0, "not JSON"},
        {"[]", 0, "expected an object"},
        {"7", 0, "expected an object"},
        {"{} {}", 0, "not JSON"},
        {"{\"auths\":[]}", 0, "auths: expected an object"},
        {"{\"auths\":{\"h\":\"secret\"}}", 0, "auths.h: expected an object"},
        {"{\"auths\":{\"h\":{\"auth\":7}}}", 0, "auths.h.auth: expected a string"},
        {"{\"auths\":{\"h\":{\"auth\":\"%secret\"}}}", 0, "auths.h.auth: not base64"},
        {"{\"auths\":{\"h\":{\"auth\":\"c2VjcmV0\"}}}", 0, "auths.h.auth: not base64 of user"},
        {"{\"auths\":{\"h\":{\"auth\":\"OnNlY3JldA==\"}}}", 0, "auths.h.auth: not base64 of user"},
        /* a:b NUL c */
        {"{\"auths\":{\"h\":{\"auth\":\"YTpiAGM=\"}}}", 0, "auths.h.auth: not base64 of user"},
        {"{\"auths\":{\"h\":{\"auth\":\"" EVE "\"},\"h\":{}}}", 0,
         "auths.h: the key appears twice"},
        {"{\"auths\":{\"\":{}}}", 0, "the key names no host"},
        {"{\"auths\":{\"h\":{\"identitytoken\":[\"secret\"]}}}", 0, "auths.h.identitytoken"},
        {"{\"credsStore\":\"../x\"}", 0, "credsStore: not the name"},
        {"{\"credsStore\":\"a b\"}", 0, "credsStore: not the name"},
        {"{\"credsStore\":{}}", 0, "credsStore: expected a string"},
        {"{\"credHelpers\":{\"h\":\"a\\\\b\"}}", 0, "credHelpers.h: not the name"},
        {"{\"credHelpers\":{\"\":\"x\"}}", 0, "the key names no host"},
        {"{\"credHelpers\":\"x\"}", 0, "credHelpers: expected an object"},
        {"\xFF\xFE{\0}\0", 6, "UTF-16"},
        {"\xFE\xFF\0{\0}", 6, "UTF-16"},
        {"{\0}\0", 4, "UTF-16"},
        {"{\"auths\":{\"h\":{\"auth\":\"\xFF\"}}}", 0, "not UTF-8"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(credential_file_clear) struct credential_file file = {0};
        size_t length = rows[i].length ? rows[i].length : strlen(rows[i].text);
        if (credential_file_parse(rows[i].text, length, CREDENTIAL_CONFIG, &file, &err))
            fail_msg("row %zu was accepted", i);
        if (strstr(err.message, "secret") || strstr(err.message, "c2Vj"))
            fail_msg("row %zu tells the secret: %s", i, err.message);
        check_error(&err, ERR_AUTH, rows[i].told, rows[i].text);
        assert_null(file.entries);
    }
}

TEST(a_helper_s_name_stays_inside_the_path)
{
    static const char *const bad[] = {"", "/", "a/b", "a\\b", "a b", "a:b", "\xC3\xA9", "a\n"};
    static const char *const good[] = {"wincred", "ecr-login", "gcloud", "a.b_c-9"};
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        struct error err = {0};
        CLEANUP(credential_file_clear) struct credential_file file = {0};
        CLEANUP(str_free) char *text = str_format("{\"credsStore\":\"%s\"}", good[i]);
        assert_ok(credential_file_parse(text, strlen(text), CREDENTIAL_CONFIG, &file, &err));
        assert_string_equal(file.store, good[i]);
    }
    for (size_t i = 1; i < ARRAY_SIZE(bad); i++) {
        struct error err = {0};
        CLEANUP(credential_file_clear) struct credential_file file = {0};
        CLEANUP(str_free) char *text = str_format("{\"credsStore\":\"%s\"}", bad[i]);
        if (credential_file_parse(text, strlen(text), CREDENTIAL_CONFIG, &file, &err))
            fail_msg("'%s' was accepted", bad[i]);
        error_clear(&err);
    }
}

TEST(the_variable_is_strict)
{
    static const struct {
        const char *text;
        const char *told; /* NULL = accepted */
    } rows[] = {
        {"{\"auths\":{\"h\":{\"auth\":\"" EVE "\"}}}", NULL},
        {"{}", NULL},
        {"{\"auths\":{},\"credsStore\":\"x\"}", "credsStore: only 'auths' may stand here"},
        {"{\"auths\":{\"h\":{\"auth\":\"" EVE "\",\"identitytoken\":\"t\"}}}",
         "auths.h.identitytoken: only 'auth' may stand here"},
        {"{\"HttpHeaders\":{}}", "HttpHeaders: only 'auths' may stand here"},
        {"[]", "expected an object"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(credential_file_clear) struct credential_file file = {0};
        bool parsed = credential_file_parse(rows[i].text, strlen(rows[i].text),
                                            CREDENTIAL_AUTHS_ONLY, &file, &err);
        if (parsed != !rows[i].told)
            fail_msg("%s: %d", rows[i].text, parsed);
        if (!parsed)
            check_error(&err, ERR_AUTH, rows[i].told, rows[i].text);
    }
}

TEST(a_file_has_a_limit)
{
    struct error err = {0};
    CLEANUP(credential_file_clear) struct credential_file file = {0};
    size_t length = CREDENTIAL_FILE_MAXIMUM + 1;
    CLEANUP(str_free) char *text = xmalloc(length + 1);
    memset(text, ' ', length);
    text[0] = '{';
    text[length - 1] = '}';
    text[length] = '\0';
    assert_fails(credential_file_parse(text, length, CREDENTIAL_CONFIG, &file, &err), ERR_AUTH,
                 "larger than the limit");
    memset(text, '[', 100);
    assert_fails(credential_file_parse(text, 100, CREDENTIAL_CONFIG, &file, &err), ERR_AUTH,
                 "nested deeper");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries),
        cmocka_unit_test(the_hub_by_each_of_its_names),
        cmocka_unit_test(helpers),
        cmocka_unit_test(what_is_wrong_is_named_and_no_secret_quoted),
        cmocka_unit_test(a_helper_s_name_stays_inside_the_path),
        cmocka_unit_test(the_variable_is_strict),
        cmocka_unit_test(a_file_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
