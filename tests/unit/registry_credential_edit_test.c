/* SPDX-License-Identifier: MIT */
#include "base/secret.h"
#include "check.h"
#include "registry/credential_edit.h"

/* Without blanks and line feeds, which are a matter of taste. */
static char *squeezed(const char *text)
{
    char *copy = xstrdup(text);
    char *to = copy;
    for (const char *from = text; *from; from++)
        if (*from != ' ' && *from != '\n')
            *to++ = *from;
    *to = '\0';
    return copy;
}

static void check_set(const char *before, const char *host, const struct credential *credential,
                      const char *after)
{
    struct error err = {0};
    CLEANUP(secret_free) char *text = NULL;
    assert_ok(credential_edit_set(before, strlen(before), host, credential, &text, &err));
    CLEANUP(str_free) char *shown = squeezed(text);
    assert_string_equal(shown, after);
}

TEST(setting)
{
    CLEANUP(credential_clear) struct credential password = credential_make("eve", "se:cret");
    CLEANUP(credential_clear) struct credential token = credential_make("<token>", "t");
    check_set("", "h:1", &password, "{\"auths\":{\"h:1\":{\"auth\":\"ZXZlOnNlOmNyZXQ=\"}}}");
    check_set("{}", "docker.io", &password,
              "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"ZXZlOnNlOmNyZXQ=\"}}}");
    check_set("{}", "h", &token, "{\"auths\":{\"h\":{\"identitytoken\":\"t\"}}}");
    check_set("\xEF\xBB\xBF{\"auths\":{\"h\":{\"identitytoken\":\"old\",\"email\":\"e\","
              "\"password\":\"old\"}}}",
              "h", &password,
              "{\"auths\":{\"h\":{\"email\":\"e\",\"auth\":\"ZXZlOnNlOmNyZXQ=\"}}}");
}

TEST(the_rest_stays_as_it_was)
{
    static const char before[] =
        "{\"HttpHeaders\":{\"User-Agent\":\"x\"},\"n\":[1,-2.50,1e400,12345678901234567890,true,"
        "false,null,\"\\u00e9\\\"\\\\\\n\"],\"auths\":{\"a\":{\"auth\":\"eDp5\",\"more\":{}},"
        "\"b\":{}},\"credHelpers\":{\"c\":\"d\"},\"plugins\":{}}";
    CLEANUP(credential_clear) struct credential password = credential_make("x", "z");
    check_set(before, "b", &password,
              "{\"HttpHeaders\":{\"User-Agent\":\"x\"},\"n\":[1,-2.50,1e400,12345678901234567890,"
              "true,false,null,\"\xC3\xA9\\\"\\\\\\n\"],\"auths\":{\"a\":{\"auth\":\"eDp5\","
              "\"more\":{}},\"b\":{\"auth\":\"eDp6\"}},\"credHelpers\":{\"c\":\"d\"},\"plugins\":{}"
              "}");
}

TEST(removing)
{
    static const struct {
        const char *before;
        const char *host;
        const char *after; /* NULL = there is nothing to remove */
    } rows[] = {
        {"{\"auths\":{\"h\":{\"auth\":\"eDp5\"},\"i\":{}},\"x\":1}", "h",
         "{\"auths\":{\"i\":{}},\"x\":1}"},
        {"{\"auths\":{\"https://h/v1/\":{},\"h\":{},\"h/a\":{}}}", "h", "{\"auths\":{\"h/a\":{}}}"},
        {"{\"auths\":{\"https://index.docker.io/v1/\":{}}}", "docker.io", "{\"auths\":{}}"},
        {"{\"auths\":{\"i\":{}}}", "h", NULL},
        {"{}", "h", NULL},
        {"", "h", NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(secret_free) char *text = NULL;
        bool found = false;
        assert_ok(credential_edit_remove(rows[i].before, strlen(rows[i].before), rows[i].host,
                                         &text, &found, &err));
        assert_int_equal(found, rows[i].after != NULL);
        if (!found) {
            assert_null(text);
            continue;
        }
        CLEANUP(str_free) char *shown = squeezed(text);
        assert_string_equal(shown, rows[i].after);
    }
}

TEST(what_cannot_be_read_is_not_changed)
{
    static const char *const rows[] = {"{", "[]", "{\"auths\":7}",
                                       "{\"auths\":{\"h\":{\"auth\":1}}}"};
    CLEANUP(credential_clear) struct credential password = credential_make("x", "z");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        char *text = NULL;
        bool found = false;
        assert_fails(credential_edit_set(rows[i], strlen(rows[i]), "h", &password, &text, &err),
                     ERR_AUTH, "");
        assert_fails(credential_edit_remove(rows[i], strlen(rows[i]), "h", &text, &found, &err),
                     ERR_AUTH, "");
        assert_null(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting),
        cmocka_unit_test(the_rest_stays_as_it_was),
        cmocka_unit_test(removing),
        cmocka_unit_test(what_cannot_be_read_is_not_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
