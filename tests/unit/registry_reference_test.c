/* SPDX-License-Identifier: MIT */
/* The first two tables follow the cases of Docker's normalisation (distribution/reference). */
#include "check.h"
#include "registry/reference.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DIGEST "sha256:" HEX
#define X32 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X128 X32 X32 X32 X32

TEST(accepted_names_are_normalised)
{
    static const struct {
        const char *text;
        const char *canonical;
    } rows[] = {
        /* Docker Hub */
        {"nanoserver", "docker.io/library/nanoserver:latest"},
        {"nanoserver:ltsc2022", "docker.io/library/nanoserver:ltsc2022"},
        {"localhost", "docker.io/library/localhost:latest"},
        {"0", "docker.io/library/0:latest"},
        {"a/b", "docker.io/a/b:latest"},
        {"a/b:1", "docker.io/a/b:1"},
        {"library/nanoserver", "docker.io/library/nanoserver:latest"},
        {"docker.io/nanoserver", "docker.io/library/nanoserver:latest"},
        {"docker.io/a/b", "docker.io/a/b:latest"},
        {"index.docker.io/nanoserver", "docker.io/library/nanoserver:latest"},
        {"index.docker.io/a/b:1", "docker.io/a/b:1"},
        {"a/b/c", "docker.io/a/b/c:latest"},
        {"foo:5000", "docker.io/library/foo:5000"},
        {"127", "docker.io/library/127:latest"},
        /* other registries */
        {"mcr.microsoft.com/windows/nanoserver:ltsc2025",
         "mcr.microsoft.com/windows/nanoserver:ltsc2025"},
        {"localhost/x", "localhost/x:latest"},
        {"localhost:5000/x:1", "localhost:5000/x:1"},
        {"host:5000/x", "host:5000/x:latest"},
        {"h.tld/x", "h.tld/x:latest"},
        {"HOST/x", "HOST/x:latest"},
        {"Host.Example/x", "Host.Example/x:latest"},
        {"127.0.0.1:5000/a/b/c:1", "127.0.0.1:5000/a/b/c:1"},
        {"[::1]:5000/x", "[::1]:5000/x:latest"},
        {"[::1]/x", "[::1]/x:latest"},
        {"[2001:DB8::1]/x:t", "[2001:DB8::1]/x:t"},
        {"a-b.c-d.example:1/x", "a-b.c-d.example:1/x:latest"},
        {"host:65535/x", "host:65535/x:latest"},
        {"xn--bcher-kva.example/x", "xn--bcher-kva.example/x:latest"},
        {"docker.io/library/x:1", "docker.io/library/x:1"},
        {"index.docker.io/library/x", "docker.io/library/x:latest"},
        {"docker.io:443/x", "docker.io:443/x:latest"},
        {"registry-1.docker.io/library/x", "registry-1.docker.io/library/x:latest"},
        {"localhost:5000/a/b:c@" DIGEST, "localhost:5000/a/b@" DIGEST},
        {"[::]:1/x", "[::]:1/x:latest"},
        {"[ABCD:ef01::]:65535/x@" DIGEST, "[ABCD:ef01::]:65535/x@" DIGEST},
        {"host:1/x", "host:1/x:latest"},
        {"1.2.3.4/x", "1.2.3.4/x:latest"},
        {"a.b/c:d", "a.b/c:d"},
        {"0.tld/0:0", "0.tld/0:0"},
        {"h.tld/a/b/c/d/e/f/g/h", "h.tld/a/b/c/d/e/f/g/h:latest"},
        /* separators in a path */
        {"h.tld/a.b/c_d/e__f/g-h/i--j/k---l", "h.tld/a.b/c_d/e__f/g-h/i--j/k---l:latest"},
        {"h.tld/con/aux/nul", "h.tld/con/aux/nul:latest"},
        {"h.tld/0/1", "h.tld/0/1:latest"},
        /* tags */
        {"x:_", "docker.io/library/x:_"},
        {"x:V1", "docker.io/library/x:V1"},
        {"x:10.0.20348.1487-amd64", "docker.io/library/x:10.0.20348.1487-amd64"},
        {"x:a..b--c__d", "docker.io/library/x:a..b--c__d"},
        {"x:" X128, "docker.io/library/x:" X128},
        /* digests; a tag beside one is dropped */
        {"x@" DIGEST, "docker.io/library/x@" DIGEST},
        {"h.tld:1/a/b@" DIGEST, "h.tld:1/a/b@" DIGEST},
        {"x:1@" DIGEST, "docker.io/library/x@" DIGEST},
        {"h.tld/x:1@" DIGEST, "h.tld/x@" DIGEST},
        /* hexadecimal, but no image id */
        {"e3b0c442", "docker.io/library/e3b0c442:latest"},
        {HEX "0", "docker.io/library/" HEX "0:latest"},
        {"a/" HEX, "docker.io/a/" HEX ":latest"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(reference_clear) struct reference reference = {0};
        assert_ok(reference_parse(rows[i].text, &reference, &err));
        CLEANUP(str_free) char *canonical = reference_format(&reference);
        assert_string_equal(canonical, rows[i].canonical);

        /* The canonical text stands for itself, and a copy for the original. */
        CLEANUP(reference_clear) struct reference again = {0};
        assert_ok(reference_parse(canonical, &again, &err));
        CLEANUP(reference_clear) struct reference copy = reference_copy(&again);
        CLEANUP(str_free) char *same = reference_format(&copy);
        assert_string_equal(same, canonical);
    }
}

TEST(the_parts_are_told_apart)
{
    struct error err = {0};
    CLEANUP(reference_clear) struct reference tagged = {0};
    assert_ok(reference_parse("localhost:5000/a/b:c", &tagged, &err));
    assert_string_equal(tagged.domain, "localhost:5000");
    assert_string_equal(tagged.path, "a/b");
    assert_string_equal(tagged.tag, "c");
    assert_false(digest_is_set(&tagged.digest));

    CLEANUP(reference_clear) struct reference pinned = {0};
    assert_ok(reference_parse("a:tag@" DIGEST, &pinned, &err));
    assert_string_equal(pinned.domain, "docker.io");
    assert_string_equal(pinned.path, "library/a");
    assert_null(pinned.tag);
    assert_string_equal(pinned.digest.text, DIGEST);
}

TEST(malformed_names_are_refused)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"", "repository name is malformed"},
        {" ", "repository name is malformed"},
        {"/", "malformed"},
        {"/x", "malformed"},
        {"x/", "malformed"},
        {"a//b", "malformed"},
        {"h.tld/", "malformed"},
        {"h.tld//x", "malformed"},
        {"x ", "malformed"},
        {" x", "malformed"},
        {"a b", "malformed"},
        {"a\tb", "malformed"},
        {"a\\b", "malformed"},
        {"h.tld/..", "malformed"},
        {"h.tld/../x", "malformed"},
        {"../x", "registry is not host"},
        {"./x", "registry is not host"},
        {"h.tld/./x", "malformed"},
        {"h.tld/.x", "malformed"},
        {"h.tld/x.", "malformed"},
        {"h.tld/-x", "malformed"},
        {"h.tld/x-", "malformed"},
        {"h.tld/_x", "malformed"},
        {"h.tld/x_", "malformed"},
        {"h.tld/a..b", "malformed"},
        {"h.tld/a___b", "malformed"},
        {"h.tld/a.-b", "malformed"},
        {"h.tld/a-_b", "malformed"},
        {"h.tld/a%2fb", "malformed"},
        {"h.tld/a?b", "malformed"},
        {"h.tld/a#b", "malformed"},
        {"h.tld/\xc3\xa4", "malformed"},
        {"\xc3\xa4", "malformed"},
        {"Foo", "must be lower case"},
        {"h.tld/Foo", "must be lower case"},
        {"docker.io/Foo", "must be lower case"},
        {"HOST/Foo", "must be lower case"},
        /* domains */
        {"-h.tld/x", "registry is not host"},
        {"h-.tld/x", "registry is not host"},
        {"h..tld/x", "registry is not host"},
        {".tld/x", "registry is not host"},
        {"h.tld./x", "registry is not host"},
        {"h_h.tld/x", "registry is not host"},
        {"user@h.tld/x", "not a sha256 digest"},
        {"host:/x", "registry is not host"},
        {"host:0/x", "registry is not host"},
        {"host:65536/x", "registry is not host"},
        {"host:99999999999999999999/x", "registry is not host"},
        {"host:5000a/x", "registry is not host"},
        {"host:-1/x", "registry is not host"},
        {"host:1:2/x", "registry is not host"},
        {":5000/x", "registry is not host"},
        {"[::1/x", "registry is not host"},
        {"::1/x", "registry is not host"},
        {"[]/x.y", "malformed"},
        {"[]:1/x", "registry is not host"},
        {"[::1]x:1/x", "registry is not host"},
        {"[fe80::1%eth0]/x", "registry is not host"},
        {"[::ffff:1.2.3.4]/x", "registry is not host"},
        {"http://h.tld/x", "registry is not host"},
        {"https://h.tld/x:1", "registry is not host"},
        /* tags */
        {"x:", "the tag is not"},
        {"x:.a", "the tag is not"},
        {"x:-a", "the tag is not"},
        {"x:a:b", "the tag is not"},
        {"x:a b", "the tag is not"},
        {"x:a+b", "the tag is not"},
        {"x:\xc3\xa4", "the tag is not"},
        {"x:" X128 "x", "the tag is not"},
        {"x:.@" DIGEST, "the tag is not"},
        /* digests */
        {"x@", "digest"},
        {"x@sha256", "digest"},
        {"x@sha256:", "digest"},
        {"x@" HEX, "digest"},
        {"x@sha256:" HEX "0", "digest"},
        {"x@sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", "digest"},
        {"x@sha512:" HEX HEX, "sha512"},
        {"x@md5:d41d8cd98f00b204e9800998ecf8427e", "digest"},
        {"x@blake3:" HEX, "blake3"},
        {"x@sha384:" HEX, "digest"},
        {"x@SHA256:" HEX, "digest"},
        {"x@sha256+b64u:" HEX, "digest"},
        {"x@sha256:" HEX " ", "digest"},
        {"x@ " DIGEST, "digest"},
        {"x@" DIGEST "@" DIGEST, "digest"},
        {"x@" DIGEST ":tag", "digest"},
        {"@" DIGEST, "malformed"},
        {HEX, "image id"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(reference_clear) struct reference reference = {0};
        if (reference_parse(rows[i].text, &reference, &err))
            fail_msg("'%s' was accepted", rows[i].text);
        assert_non_null(err.hint);
        check_error(&err, ERR_USAGE, rows[i].message, rows[i].text);
        assert_null(reference.domain);
    }
}

static void parse_repeated(char c, size_t count, const char *rest, struct error *err)
{
    CLEANUP(str_free) char *text = xcalloc(count + strlen(rest) + 1, 1);
    memset(text, c, count);
    memcpy(text + count, rest, strlen(rest));
    CLEANUP(reference_clear) struct reference reference = {0};
    if (!reference_parse(text, &reference, err))
        assert_true(error_is_set(err));
}

TEST(lengths_are_limited)
{
    struct error err = {0};
    parse_repeated('a', 247, "", &err); /* with "library/" just 255 */
    assert_false(error_is_set(&err));
    parse_repeated('a', 248, "", &err);
    check_error(&err, ERR_USAGE, "longer than 255", "248 characters");
    parse_repeated('a', 100000, ":tag", &err);
    check_error(&err, ERR_USAGE, "longer than 1024", "100000 characters");
}

TEST(hostile_text_is_not_shown_as_it_is)
{
    struct error err = {0};
    CLEANUP(reference_clear) struct reference reference = {0};
    assert_fails(reference_parse("x\x1b]0;title\x07", &reference, &err), ERR_USAGE, "x?]0;title?");
}

TEST(loopback_is_recognised_by_address_not_by_looks)
{
    static const struct {
        const char *domain;
        bool loopback;
    } rows[] = {
        {"localhost", true},          {"localhost:5000", true},     {"127.0.0.1", true},
        {"127.0.0.1:443", true},      {"127.255.255.254:1", true},  {"[::1]", true},
        {"[::1]:5000", true},         {"docker.io", false},         {"localhost.example", false},
        {"127.0.0.1.example", false}, {"127.example", false},       {"127.0.0", false},
        {"127.0.0.256", false},       {"128.0.0.1", false},         {"[::2]", false},
        {"[::1:2]", false},           {"notlocalhost:5000", false}, {"127.0.0.1x:1", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (reference_domain_is_loopback(rows[i].domain) != rows[i].loopback)
            fail_msg("%s", rows[i].domain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted_names_are_normalised),
        cmocka_unit_test(the_parts_are_told_apart),
        cmocka_unit_test(malformed_names_are_refused),
        cmocka_unit_test(lengths_are_limited),
        cmocka_unit_test(hostile_text_is_not_shown_as_it_is),
        cmocka_unit_test(loopback_is_recognised_by_address_not_by_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
