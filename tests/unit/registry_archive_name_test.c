/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/archive_name.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UPPER "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"

TEST(names_that_mean_something)
{
    static const struct {
        const char *name;
        const char *text;
        enum archive_name_kind kind;
        const char *digest;
    } rows[] = {
        {"oci-layout", "oci-layout", ARCHIVE_NAME_LAYOUT, ""},
        {"./oci-layout", "oci-layout", ARCHIVE_NAME_LAYOUT, ""},
        {"index.json", "index.json", ARCHIVE_NAME_INDEX, ""},
        {"manifest.json", "manifest.json", ARCHIVE_NAME_MANIFEST, ""},
        {"blobs/sha256/" A, "blobs/sha256/" A, ARCHIVE_NAME_CONTENT, "sha256:" A},
        {"./blobs/sha256/" B, "blobs/sha256/" B, ARCHIVE_NAME_CONTENT, "sha256:" B},
        {A ".json", A ".json", ARCHIVE_NAME_CONTENT, "sha256:" A},
        {"sha256:" B, "sha256:" B, ARCHIVE_NAME_CONTENT, "sha256:" B},
        {A "/layer.tar", A "/layer.tar", ARCHIVE_NAME_LAYER, ""},
        {A ".tar", A ".tar", ARCHIVE_NAME_LAYER, ""},
        {"./" A ".tar.gz", A ".tar.gz", ARCHIVE_NAME_LAYER, ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct archive_name name = archive_name_parse(rows[i].name);
        assert_int_equal(name.kind, rows[i].kind);
        assert_string_equal(name.text, rows[i].text);
        assert_string_equal(name.digest.text, rows[i].digest);
    }
}

TEST(every_other_name_is_passed_over)
{
    static const char *const rows[] = {
        "",
        ".",
        "./",
        "/oci-layout",
        "././oci-layout",
        "../oci-layout",
        "x/index.json",
        "index.json/",
        "INDEX.JSON",
        "oci-layout2",
        "blobs/",
        "blobs/sha256/",
        "blobs/sha256/" A "0",
        "blobs/sha256/" A "/x",
        "blobs/sha256/" UPPER,
        "blobs/sha256/../../etc/passwd",
        "blobs\\sha256\\" A,
        "blobs/sha512/" A,
        "blobs//sha256/" A,
        "/blobs/sha256/" A,
        "blobs/sha256/sha256:" A,
        A,
        A "/",
        A "/VERSION",
        A "/json",
        A "/layer.tar/",
        A "/../layer.tar",
        UPPER ".json",
        UPPER "/layer.tar",
        A ".tar.zst",
        "repositories",
        "C:\\index.json",
        "sha256:" A ".json",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct archive_name name = archive_name_parse(rows[i]);
        if (name.kind != ARCHIVE_NAME_OTHER)
            fail_msg("'%s' was accepted", rows[i]);
        assert_string_equal(name.text, "");
        assert_false(digest_is_set(&name.digest));
    }
}

TEST(links_lead_from_one_known_name_to_another)
{
    static const struct {
        const char *link;
        const char *target;
        const char *expected; /* "" = nowhere */
    } rows[] = {
        {A "/layer.tar", "../" B "/layer.tar", B "/layer.tar"},
        {A "/layer.tar", "./../" B "/layer.tar", B "/layer.tar"},
        {A "/layer.tar", "../" B ".tar", B ".tar"},
        {A "/layer.tar", "../blobs/sha256/" B, "blobs/sha256/" B},
        {A ".tar", B ".tar", B ".tar"},
        {"blobs/sha256/" A, B, "blobs/sha256/" B},
        {"blobs/sha256/" A, "../../" B ".tar", B ".tar"},
        {A "/layer.tar", "layer.tar", A "/layer.tar"},
        {A "/layer.tar", "../x/../" B ".tar", B ".tar"},
        {A "/layer.tar", B "/layer.tar", ""},
        {A "/layer.tar", "../../" B "/layer.tar", ""},
        {A "/layer.tar", "../../../etc/passwd", ""},
        {A "/layer.tar", "../../archive/" B "/layer.tar", ""},
        {A "/layer.tar", "/" B "/layer.tar", ""},
        {A "/layer.tar", "..\\" B "\\layer.tar", ""},
        {A "/layer.tar", "", ""},
        {A "/layer.tar", "..", ""},
        {A ".tar", "../" B ".tar", ""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        const struct archive_name link = archive_name_parse(rows[i].link);
        const struct archive_name target = archive_name_of_link(&link, rows[i].target);
        assert_string_equal(target.text, rows[i].expected);
    }
}

TEST(a_link_with_an_endless_target_leads_nowhere)
{
    char target[2000];
    memset(target, '.', sizeof(target) - 1);
    target[sizeof(target) - 1] = '\0';
    for (size_t i = 2; i < sizeof(target) - 1; i += 3)
        target[i] = '/';
    const struct archive_name link = archive_name_parse(A "/layer.tar");
    assert_int_equal(archive_name_of_link(&link, target).kind, ARCHIVE_NAME_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_mean_something),
        cmocka_unit_test(every_other_name_is_passed_over),
        cmocka_unit_test(links_lead_from_one_known_name_to_another),
        cmocka_unit_test(a_link_with_an_endless_target_leads_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
