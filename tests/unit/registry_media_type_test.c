/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "registry/media_type.h"

#define DOCKER "application/vnd.docker."
#define OCI "application/vnd.oci."

TEST(each_type_has_its_kind)
{
    static const struct {
        const char *text;
        enum media_kind kind;
    } rows[] = {
        {DOCKER "distribution.manifest.list.v2+json", MEDIA_INDEX},
        {OCI "image.index.v1+json", MEDIA_INDEX},
        {OCI "image.index.v1+json; charset=utf-8", MEDIA_INDEX},
        {" \t" OCI "image.index.v1+json \t;q=1", MEDIA_INDEX},
        {"APPLICATION/VND.OCI.image.INDEX.v1+json", MEDIA_INDEX},
        {DOCKER "distribution.manifest.v2+json", MEDIA_MANIFEST},
        {OCI "image.manifest.v1+json", MEDIA_MANIFEST},
        {DOCKER "distribution.manifest.v1+json", MEDIA_MANIFEST_SCHEMA1},
        {DOCKER "distribution.manifest.v1+prettyjws", MEDIA_MANIFEST_SCHEMA1},
        {DOCKER "container.image.v1+json", MEDIA_CONFIG},
        {OCI "image.config.v1+json", MEDIA_CONFIG},
        {DOCKER "image.rootfs.diff.tar.gzip", MEDIA_LAYER},
        {DOCKER "image.rootfs.diff.tar", MEDIA_LAYER},
        {OCI "image.layer.v1.tar", MEDIA_LAYER},
        {OCI "image.layer.v1.tar+gzip", MEDIA_LAYER},
        {OCI "image.layer.v1.tar+zstd", MEDIA_LAYER},
        {DOCKER "image.rootfs.foreign.diff.tar.gzip", MEDIA_FOREIGN_LAYER},
        {OCI "image.layer.nondistributable.v1.tar+gzip", MEDIA_FOREIGN_LAYER},
        {OCI "image.layer.nondistributable.v1.tar", MEDIA_FOREIGN_LAYER},
        {OCI "empty.v1+json", MEDIA_UNKNOWN},
        {"application/vnd.in-toto+json", MEDIA_UNKNOWN},
        {"application/json", MEDIA_UNKNOWN},
        {OCI "image.index.v1+jsonx", MEDIA_UNKNOWN},
        {OCI "image.index.v1", MEDIA_UNKNOWN},
        {OCI "image.index.v1+json, text/plain", MEDIA_UNKNOWN},
        {";", MEDIA_UNKNOWN},
        {"", MEDIA_UNKNOWN},
        {NULL, MEDIA_UNKNOWN},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (media_type_kind(rows[i].text) != rows[i].kind)
            fail_msg("row %zu: %s", i, rows[i].text ? rows[i].text : "NULL");
}

TEST(equality_ignores_case_and_parameters)
{
    assert_true(media_type_equal("a/b", "A/B ; c=d"));
    assert_false(media_type_equal("a/b", "a/bc"));
    assert_false(media_type_equal("a/bc", "a/b"));
    assert_false(media_type_equal(NULL, "a/b"));
    assert_false(media_type_equal("a/b", NULL));
    assert_false(media_type_equal(NULL, NULL));
}

TEST(a_manifest_is_asked_for_by_all_four_names)
{
    assert_string_equal(media_type_accept_manifest,
                        DOCKER "distribution.manifest.list.v2+json, " DOCKER
                               "distribution.manifest.v2+json, " OCI "image.index.v1+json, " OCI
                               "image.manifest.v1+json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_has_its_kind),
        cmocka_unit_test(equality_ignores_case_and_parameters),
        cmocka_unit_test(a_manifest_is_asked_for_by_all_four_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
