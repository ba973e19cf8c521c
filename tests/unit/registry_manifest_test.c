/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "check.h"
#include "registry/manifest.h"

#define DOCKER_INDEX "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define SCHEMA1 "application/vnd.docker.distribution.manifest.v1+prettyjws"
#define CONFIG_TYPE "application/vnd.docker.container.image.v1+json"
#define LAYER_TYPE "application/vnd.docker.image.rootfs.diff.tar.gzip"
#define FOREIGN_TYPE "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"

#define DIGEST_A "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define DIGEST_B "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

#define TYPED(type) "{\"mediaType\":\"" type "\",\"digest\":\"" DIGEST_A "\",\"size\":7}"
#define CONFIG "\"config\":" TYPED(CONFIG_TYPE)
#define LAYERS "\"layers\":[" TYPED(LAYER_TYPE) "]"
#define HEAD(type) "\"schemaVersion\":2,\"mediaType\":\"" type "\""

static bool read_manifest(const char *text, const char *media_type, struct manifest *ret,
                          struct error *err)
{
    return manifest_parse(text, strlen(text), media_type, ret, err);
}

static bool read_index(const char *text, const char *media_type, struct index *ret,
                       struct error *err)
{
    return index_parse(text, strlen(text), media_type, ret, err);
}

TEST(a_manifest_gives_config_and_layers)
{
    struct error err = {0};
    CLEANUP(manifest_clear) struct manifest manifest = {0};
    const char *text = "{" HEAD(
        DOCKER_MANIFEST) "," CONFIG ",\"layers\":[{\"mediaType\":\"" FOREIGN_TYPE
                         "\",\"digest\":\"" DIGEST_B
                         "\",\"size\":9007199254740992,\"urls\":[\"https://a/1\","
                         "\"https://b/2\"]}," TYPED(LAYER_TYPE) "],\"annotations\":{\"a\":\"b\"}}";
    assert_ok(read_manifest(text, DOCKER_MANIFEST, &manifest, &err));
    assert_string_equal(manifest.config.media_type, CONFIG_TYPE);
    assert_string_equal(manifest.config.digest.text, DIGEST_A);
    assert_true(manifest.config.size == 7);
    assert_int_equal(manifest.layers.count, 2);
    assert_string_equal(manifest.layers.items[0].digest.text, DIGEST_B);
    assert_true(manifest.layers.items[0].size == UINT64_C(9007199254740992));
    assert_int_equal(manifest.layers.items[0].urls.count, 2);
    assert_string_equal(manifest.layers.items[0].urls.items[1], "https://b/2");
    assert_string_equal(manifest.layers.items[1].media_type, LAYER_TYPE);
    assert_int_equal(manifest.layers.items[1].urls.count, 0);
}

TEST(the_type_may_be_declared_outside_only)
{
    struct error err = {0};
    CLEANUP(manifest_clear) struct manifest manifest = {0};
    assert_ok(read_manifest("{\"schemaVersion\":2," CONFIG "," LAYERS "}",
                            OCI_MANIFEST "; charset=utf-8", &manifest, &err));
    CLEANUP(index_clear) struct index index = {0};
    assert_ok(read_index("{\"schemaVersion\":2,\"manifests\":[]}", OCI_INDEX, &index, &err));
    assert_int_equal(index.manifests.count, 0);
}

TEST(an_index_gives_its_entries)
{
    struct error err = {0};
    CLEANUP(index_clear) struct index index = {0};
    const char *text = "{" HEAD(
        DOCKER_INDEX) ",\"manifests\":[{\"mediaType\":\"" DOCKER_MANIFEST
                      "\",\"digest\":\"" DIGEST_B "\",\"size\":12,\"platform\":{\"os\":\"windows\","
                      "\"architecture\":\"amd64\",\"os.version\":\"10.0.20348.1\"}}," TYPED(
                          "application/vnd.future+json") "]}";
    assert_ok(read_index(text, DOCKER_INDEX, &index, &err));
    assert_int_equal(index.manifests.count, 2);
    assert_true(index.manifests.items[0].has_platform);
    assert_string_equal(index.manifests.items[0].platform.os_version, "10.0.20348.1");
    assert_false(index.manifests.items[1].has_platform);
    assert_string_equal(index.manifests.items[1].digest.text, DIGEST_A);
}

struct bad {
    const char *text;
    const char *media_type;
    enum err_kind kind;
    const char *message;
};

#define X64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LAYER_WITH(member) "{\"schemaVersion\":2," CONFIG ",\"layers\":[{" member "}]}"
#define A_TYPE "\"mediaType\":\"" LAYER_TYPE "\""
#define A_DIGEST "\"digest\":\"" DIGEST_A "\""

TEST(bad_manifests_are_refused)
{
    static const struct bad rows[] = {
        /* one document, two meanings */
        {"{\"schemaVersion\":2,\"manifests\":[]," CONFIG "," LAYERS "}", OCI_MANIFEST,
         ERR_INTEGRITY, "\"manifests\""},
        {"{\"schemaVersion\":2,\"fsLayers\":[]," CONFIG "," LAYERS "}", OCI_MANIFEST, ERR_INTEGRITY,
         "\"fsLayers\""},
        {"{" HEAD(OCI_INDEX) "," CONFIG "," LAYERS "}", OCI_MANIFEST, ERR_INTEGRITY, "was sent as"},
        {"{" HEAD(DOCKER_MANIFEST) "," CONFIG "," LAYERS "}", OCI_MANIFEST, ERR_INTEGRITY,
         "was sent as"},
        {"{\"schemaVersion\":2," CONFIG "," LAYERS "}", OCI_INDEX, ERR_UNSUPPORTED,
         "no image manifest"},
        {"{\"schemaVersion\":2," CONFIG "," LAYERS "}", "text/html", ERR_UNSUPPORTED, "text/html"},
        {"{\"schemaVersion\":2," CONFIG "," CONFIG "," LAYERS "}", OCI_MANIFEST, ERR_INTEGRITY,
         "config"},
        /* schema 1 */
        {"{\"schemaVersion\":1,\"name\":\"x\",\"fsLayers\":[]}", SCHEMA1, ERR_UNSUPPORTED,
         "schema 1"},
        {"{\"schemaVersion\":1,\"fsLayers\":[]}", OCI_MANIFEST, ERR_UNSUPPORTED, "schema 1"},
        {"{\"schemaVersion\":3," CONFIG "," LAYERS "}", OCI_MANIFEST, ERR_UNSUPPORTED,
         "schemaVersion"},
        {"{" CONFIG "," LAYERS "}", OCI_MANIFEST, ERR_INTEGRITY, "schemaVersion"},
        {"{\"schemaVersion\":\"2\"," CONFIG "," LAYERS "}", OCI_MANIFEST, ERR_INTEGRITY,
         "schemaVersion"},
        /* not an image */
        {"{\"schemaVersion\":2,\"config\":" TYPED("application/vnd.oci.empty.v1+json") "," LAYERS
                                                                                       "}",
         OCI_MANIFEST, ERR_UNSUPPORTED, "artifact"},
        {"{\"schemaVersion\":2," CONFIG ",\"layers\":[" TYPED("application/wasm") "]}",
         OCI_MANIFEST, ERR_UNSUPPORTED, "application/wasm"},
        {"{\"schemaVersion\":2," CONFIG ",\"layers\":[]}", OCI_MANIFEST, ERR_UNSUPPORTED,
         "no layers"},
        /* members */
        {"{\"schemaVersion\":2," LAYERS "}", OCI_MANIFEST, ERR_INTEGRITY, "config"},
        {"{\"schemaVersion\":2,\"config\":null," LAYERS "}", OCI_MANIFEST, ERR_INTEGRITY, "config"},
        {"{\"schemaVersion\":2,\"config\":[]," LAYERS "}", OCI_MANIFEST, ERR_INTEGRITY, "config"},
        {"{\"schemaVersion\":2," CONFIG "}", OCI_MANIFEST, ERR_INTEGRITY, "layers"},
        {"{\"schemaVersion\":2," CONFIG ",\"layers\":{}}", OCI_MANIFEST, ERR_INTEGRITY, "layers"},
        {"{\"schemaVersion\":2," CONFIG ",\"layers\":[null]}", OCI_MANIFEST, ERR_INTEGRITY,
         "layers[0]"},
        {LAYER_WITH(A_DIGEST ",\"size\":1"), OCI_MANIFEST, ERR_INTEGRITY, "mediaType"},
        {LAYER_WITH(A_TYPE ",\"size\":1"), OCI_MANIFEST, ERR_INTEGRITY, "digest"},
        {LAYER_WITH(A_TYPE "," A_DIGEST), OCI_MANIFEST, ERR_INTEGRITY, "size"},
        {LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":0"), OCI_MANIFEST, ERR_INTEGRITY,
         "layers[0].size"},
        {LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":-1"), OCI_MANIFEST, ERR_INTEGRITY, "size"},
        {LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1.5"), OCI_MANIFEST, ERR_INTEGRITY, "size"},
        {LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1e3"), OCI_MANIFEST, ERR_INTEGRITY, "size"},
        {LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":\"1\""), OCI_MANIFEST, ERR_INTEGRITY, "size"},
        {LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":9007199254740993"), OCI_MANIFEST, ERR_INTEGRITY,
         "size"},
        {LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":99999999999999999999"), OCI_MANIFEST,
         ERR_INTEGRITY, "size"},
        {LAYER_WITH(A_TYPE ",\"digest\":\"sha256:../../../../etc/passwd\",\"size\":1"),
         OCI_MANIFEST, ERR_INTEGRITY, "layers[0].digest"},
        {LAYER_WITH(A_TYPE ",\"digest\":\"sha256:abc\",\"size\":1"), OCI_MANIFEST, ERR_INTEGRITY,
         "digest"},
        {LAYER_WITH(A_TYPE ",\"digest\":\"md5:d41d8cd98f00b204e9800998ecf8427e\",\"size\":1"),
         OCI_MANIFEST, ERR_INTEGRITY, "digest"},
        {LAYER_WITH(A_TYPE ",\"digest\":\"sha512:" X64 X64 "\",\"size\":1"), OCI_MANIFEST,
         ERR_INTEGRITY, "layers[0].digest: digest algorithm 'sha512' is not supported"},
        {LAYER_WITH(A_TYPE ",\"digest\":\"sha256:" X64 "a\",\"size\":1"), OCI_MANIFEST,
         ERR_INTEGRITY, "digest"},
        {LAYER_WITH(A_TYPE ",\"digest\":7,\"size\":1"), OCI_MANIFEST, ERR_INTEGRITY, "digest"},
        {LAYER_WITH("\"mediaType\":\"\"," A_DIGEST ",\"size\":1"), OCI_MANIFEST, ERR_UNSUPPORTED,
         "layers[0]"},
        {LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1,\"platform\":[]"), OCI_MANIFEST, ERR_INTEGRITY,
         "layers[0].platform"},
        {LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1,\"urls\":[7]"), OCI_MANIFEST, ERR_INTEGRITY,
         "urls"},
        {LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1,\"urls\":\"https://a\""), OCI_MANIFEST,
         ERR_INTEGRITY, "urls"},
        {LAYER_WITH(A_TYPE "," A_DIGEST "," A_DIGEST ",\"size\":1"), OCI_MANIFEST, ERR_INTEGRITY,
         "digest"},
        /* not JSON */
        {"", OCI_MANIFEST, ERR_INTEGRITY, "image manifest"},
        {"<html>", OCI_MANIFEST, ERR_INTEGRITY, "image manifest"},
        {"null", OCI_MANIFEST, ERR_INTEGRITY, "image manifest"},
        {"[]", OCI_MANIFEST, ERR_INTEGRITY, "image manifest"},
        {"{\"schemaVersion\":2," CONFIG "," LAYERS "} x", OCI_MANIFEST, ERR_INTEGRITY,
         "image manifest"},
        {"{\"schemaVersion\":2," CONFIG "," LAYERS, OCI_MANIFEST, ERR_INTEGRITY, "image manifest"},
        {"{\"schemaVersion\":2,\"x\":\"\xff\"," CONFIG "," LAYERS "}", OCI_MANIFEST, ERR_INTEGRITY,
         "image manifest"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(manifest_clear) struct manifest manifest = {0};
        if (read_manifest(rows[i].text, rows[i].media_type, &manifest, &err))
            fail_msg("accepted: %s", rows[i].text);
        check_error(&err, rows[i].kind, rows[i].message, rows[i].text);
        assert_null(manifest.layers.items);
    }
}

TEST(bad_indexes_are_refused)
{
    static const struct bad rows[] = {
        {"{\"schemaVersion\":2,\"manifests\":[],\"layers\":[]}", OCI_INDEX, ERR_INTEGRITY,
         "\"layers\""},
        {"{\"schemaVersion\":2,\"manifests\":[]," CONFIG "}", OCI_INDEX, ERR_INTEGRITY,
         "\"config\""},
        {"{\"schemaVersion\":2,\"manifests\":[],\"fsLayers\":[]}", OCI_INDEX, ERR_INTEGRITY,
         "\"fsLayers\""},
        {"{" HEAD(OCI_MANIFEST) ",\"manifests\":[]}", OCI_INDEX, ERR_INTEGRITY, "was sent as"},
        {"{\"schemaVersion\":2,\"manifests\":[]}", OCI_MANIFEST, ERR_UNSUPPORTED, "no image index"},
        {"{\"schemaVersion\":1,\"manifests\":[]}", OCI_INDEX, ERR_UNSUPPORTED, "schema 1"},
        {"{\"schemaVersion\":2}", OCI_INDEX, ERR_INTEGRITY, "manifests"},
        {"{\"schemaVersion\":2,\"manifests\":{}}", OCI_INDEX, ERR_INTEGRITY, "manifests"},
        {"{\"schemaVersion\":2,\"manifests\":[],\"manifests\":[]}", OCI_INDEX, ERR_INTEGRITY,
         "manifests"},
        {"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"x\"," A_DIGEST
         ",\"size\":1,\"platform\":{\"os\":[]}}]}",
         OCI_INDEX, ERR_INTEGRITY, "manifests[0].platform.os"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(index_clear) struct index index = {0};
        if (read_index(rows[i].text, rows[i].media_type, &index, &err))
            fail_msg("accepted: %s", rows[i].text);
        check_error(&err, rows[i].kind, rows[i].message, rows[i].text);
        assert_null(index.manifests.items);
    }
}

/* What wrun does not use may be anything: inline content, too, is fetched by its digest. */
TEST(members_that_are_not_used_do_not_matter)
{
    static const char *const rows[] = {
        LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1,"
                          "\"data\":\"AA==\""),
        LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1,"
                          "\"data\":\"not base64!\""),
        LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1,"
                          "\"data\":7"),
        LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1,"
                          "\"data\":null"),
        LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1,"
                          "\"data\":[{}]"),
        LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1,"
                          "\"annotations\":{\"a\":\"b\"}"),
        LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1,"
                          "\"annotations\":7"),
        LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1,"
                          "\"artifactType\":\"x/y\""),
        LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1,"
                          "\"urls\":null"),
        LAYER_WITH(A_TYPE "," A_DIGEST ",\"size\":1,"
                          "\"platform\":null"),
        "{\"schemaVersion\":2,\"artifactType\":\"x/y\",\"subject\":7,\"annotations\":[]," CONFIG
        "," LAYERS "}",
        "{\"schemaVersion\":2,\"SchemaVersion\":1,\"Layers\":[]," CONFIG "," LAYERS "}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(manifest_clear) struct manifest manifest = {0};
        assert_ok(read_manifest(rows[i], OCI_MANIFEST, &manifest, &err));
        assert_in_range(manifest.layers.count, 1, 2);
    }
}

/* prefix, then 'count' times 'piece', then suffix */
static void build(struct buf *text, const char *prefix, const char *piece, size_t count,
                  const char *suffix)
{
    buf_init(text, BUF_UNBOUNDED);
    buf_add_str(text, prefix);
    for (size_t i = 0; i < count; i++)
        buf_add_str(text, piece);
    buf_add_str(text, suffix);
}

TEST(documents_are_limited)
{
    static const struct {
        const char *prefix, *piece;
        size_t count;
        const char *suffix;
        const char *message;
    } rows[] = {
        {"", "[", 1000000, "", "image manifest"},
        {"{\"schemaVersion\":2,\"x\":", "{\"x\":", 1000000, "", "image manifest"},
        {"{\"schemaVersion\":2,\"x\":\"", "xxxxxxxx", 600000, "\"," CONFIG "," LAYERS "}",
         "image manifest"},
        {"{\"schemaVersion\":2,\"x\":[0", ",0", 200000, "]," CONFIG "," LAYERS "}",
         "image manifest"},
        {"{\"schemaVersion\":2," CONFIG ",\"layers\":[" TYPED(LAYER_TYPE), "," TYPED(LAYER_TYPE),
         512, "]}", "more than 512 layers"},
        {"{\"schemaVersion\":2," CONFIG ",\"layers\":[" TYPED(LAYER_TYPE), "," TYPED(LAYER_TYPE),
         1000, "]}", "more than 1000 entries"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(manifest_clear) struct manifest manifest = {0};
        CLEANUP(buf_clear) struct buf text;
        build(&text, rows[i].prefix, rows[i].piece, rows[i].count, rows[i].suffix);
        if (manifest_parse(buf_str(&text), text.length, OCI_MANIFEST, &manifest, &err))
            fail_msg("row %zu was accepted", i);
        check_error(&err, ERR_INTEGRITY, rows[i].message, rows[i].prefix);
    }
}

TEST(many_layers_are_fine_below_the_limit)
{
    struct error err = {0};
    CLEANUP(manifest_clear) struct manifest manifest = {0};
    CLEANUP(buf_clear) struct buf text;
    build(&text, "{\"schemaVersion\":2," CONFIG ",\"layers\":[" TYPED(LAYER_TYPE),
          "," TYPED(LAYER_TYPE), 511, "]}");
    assert_ok(manifest_parse(buf_str(&text), text.length, OCI_MANIFEST, &manifest, &err));
    assert_int_equal(manifest.layers.count, 512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_manifest_gives_config_and_layers),
        cmocka_unit_test(the_type_may_be_declared_outside_only),
        cmocka_unit_test(an_index_gives_its_entries),
        cmocka_unit_test(bad_manifests_are_refused),
        cmocka_unit_test(bad_indexes_are_refused),
        cmocka_unit_test(members_that_are_not_used_do_not_matter),
        cmocka_unit_test(documents_are_limited),
        cmocka_unit_test(many_layers_are_fine_below_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
