/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/credential_key.h"

TEST(keys_are_reduced_to_host_and_path)
{
    static const struct {
        const char *text;
        const char *host; /* NULL = refused */
        const char *path;
    } rows[] = {
        {"ghcr.io", "ghcr.io", ""},
        {"GHCR.io", "ghcr.io", ""},
        {"host:5000", "host:5000", ""},
        {"[::1]:5000", "[::1]:5000", ""},
        {"host/a/b", "host", "a/b"},
        {"host/A/b/", "host", "A/b"},
        {"host//a", "host", "a"},
        {"host/", "host", ""},
        {"host/v1", "host", ""},
        {"host/v2/", "host", ""},
        {"host/v1/a", "host", "v1/a"},
        {"https://host", "host", ""},
        {"HTTPS://Host/v1/", "host", ""},
        {"http://host:80/any/path", "host:80", ""},
        {"https://index.docker.io/v1/", "docker.io", ""},
        {"index.docker.io", "docker.io", ""},
        {"registry-1.docker.io", "docker.io", ""},
        {"docker.io", "docker.io", ""},
        {"docker.io/library", "docker.io", "library"},
        {"docker.io.example", "docker.io.example", ""},
        {"http:/host", "http:", "host"},
        {"", NULL, NULL},
        {"/", NULL, NULL},
        {"https://", NULL, NULL},
        {"https:///path", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(credential_key_clear) struct credential_key key = {0};
        bool parsed = credential_key_parse(rows[i].text, &key);
        if (parsed != (rows[i].host != NULL))
            fail_msg("'%s': %d", rows[i].text, parsed);
        if (!parsed)
            continue;
        if (strcmp(key.host, rows[i].host) || strcmp(key.path, rows[i].path))
            fail_msg("'%s': '%s' '%s'", rows[i].text, key.host, key.path);
    }
}

static size_t match(const char *text, const char *host, const char *repository)
{
    CLEANUP(credential_key_clear) struct credential_key key = {0};
    assert_true(credential_key_parse(text, &key));
    return credential_key_match(&key, host, repository);
}

TEST(the_longer_path_fits_better)
{
    assert_true(match("host", "host", "a/b") > 0);
    assert_true(match("host/a", "host", "a/b") > match("host", "host", "a/b"));
    assert_true(match("host/a/b", "host", "a/b") > match("host/a", "host", "a/b"));
    assert_true(match("docker.io/library", "registry-1.docker.io", "library/x") > 0);
    assert_true(match("https://index.docker.io/v1/", "docker.io", NULL) > 0);
}

TEST(what_does_not_fit)
{
    assert_int_equal(match("host", "other", "a/b"), 0);
    assert_int_equal(match("host", "host:5000", "a/b"), 0);
    assert_int_equal(match("host:5000", "host", "a/b"), 0);
    assert_int_equal(match("host/a", "host", NULL), 0);
    assert_int_equal(match("host/a", "host", "ab"), 0);
    assert_int_equal(match("host/a/b", "host", "a"), 0);
    assert_int_equal(match("host/A", "host", "a"), 0);
    assert_int_equal(match("host.example", "example", "a"), 0);
    assert_int_equal(match("example", "host.example", "a"), 0);
}

TEST(servers_are_called_as_docker_calls_them)
{
    CLEANUP(str_free) char *hub = credential_key_server("docker.io");
    CLEANUP(str_free) char *other = credential_key_server("Host:5000");
    assert_string_equal(hub, "https://index.docker.io/v1/");
    assert_string_equal(other, "host:5000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_reduced_to_host_and_path),
        cmocka_unit_test(the_longer_path_fits_better),
        cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(servers_are_called_as_docker_calls_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
