/* SPDX-License-Identifier: MIT */
/* Images as the verbs see them: found in the store for a platform, described as JSON. */
#include "check.h"
#include "registry/blob_ingest.h"
#include "registry/image_record.h"
#include "runner/image_json.h"
#include "runner/image_source.h"
#include "runner/image_text.h"

#define MANIFEST_TYPE "application/vnd.docker.distribution.manifest.v2+json"
#define CONFIG_TYPE "application/vnd.docker.container.image.v1+json"
#define LAYER_TYPE "application/vnd.docker.image.rootfs.diff.tar"

struct fixture {
    char *root;
    struct reference reference;
    struct digest layer;
    struct invocation invocation;
};

static struct digest put(const struct blob_store *store, const char *content)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    buf_add_str(&text, content);
    assert_ok(blob_ingest_put(store, &text, &err));
    return digest_of(content, strlen(content));
}

/* A store with one image of one layer, for Windows Server 2022 on amd64. */
static void open_fixture(struct fixture *f)
{
    struct error err = {0};
    CLEANUP(blob_store_close) struct blob_store store = {0};
    f->root = make_scratch();
    f->invocation = (struct invocation){.root = f->root};
    assert_ok(blob_store_open(f->root, &store, &err));
    assert_ok(reference_parse("localhost:5000/a/b:1", &f->reference, &err));
    f->layer = put(&store, "a layer");
    CLEANUP(str_free)
    char *config = str_format("{\"os\":\"windows\",\"architecture\":\"amd64\",\"os.version\":"
                              "\"10.0.20348.1\",\"config\":{\"Cmd\":[\"cmd\"],\"Labels\":{\"a\":"
                              "\"b\"}},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"%s\"]}}",
                              f->layer.text);
    struct digest config_digest = put(&store, config);
    CLEANUP(str_free)
    char *manifest = str_format(
        "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"" CONFIG_TYPE "\",\"size\":%zu,"
        "\"digest\":\"%s\"},\"layers\":[{\"mediaType\":\"" LAYER_TYPE "\",\"size\":7,"
        "\"digest\":\"%s\"}]}",
        strlen(config), config_digest.text, f->layer.text);
    CLEANUP(str_free) char *type = xstrdup(MANIFEST_TYPE);
    const struct image_record record = {
        .digest = put(&store, manifest), .media_type = type, .size = strlen(manifest)};
    assert_ok(image_record_write(&store, &f->reference, &record, &err));
}

static void close_fixture(struct fixture *f)
{
    reference_clear(&f->reference);
    remove_scratch(&f->root);
}

static bool find(const struct fixture *f, const char *platform, struct image *ret,
                 struct error *err)
{
    CLEANUP(image_options_clear) struct image_options options = {0};
    options.platform = platform ? xstrdup(platform) : NULL;
    return image_find(&f->invocation, &options, &f->reference, ret, err);
}

TEST(an_image_in_the_store_must_fit_the_platform)
{
    static const struct {
        const char *platform;
        enum err_kind kind;
    } rows[] = {
        {"windows/amd64", ERR_NONE},
        {"windows/amd64:10.0.20348", ERR_NONE},
        {"windows/amd64:10.0.20348.4000", ERR_NONE},
        {"windows/amd64:10.0.17763", ERR_MISMATCH},
        {"windows/arm64", ERR_MISMATCH},
        {"linux/amd64", ERR_USAGE},
    };
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(image_clear) struct image image = {0};
        bool found = find(&f, rows[i].platform, &image, &err);
        if (err.kind != rows[i].kind || found != (rows[i].kind == ERR_NONE))
            fail_msg("%s: kind %d", rows[i].platform, (int)err.kind);
        if (!found)
            assert_null(image.config.raw);
        error_clear(&err);
    }
}

TEST(an_image_that_was_not_pulled)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    CLEANUP(image_clear) struct image image = {0};
    open_fixture(&f);
    reference_clear(&f.reference);
    assert_ok(reference_parse("localhost:5000/a/c:1", &f.reference, &err));
    assert_fails(find(&f, NULL, &image, &err), ERR_NOT_FOUND, "not in the store");
}

TEST(an_image_as_json)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    CLEANUP(image_clear) struct image image = {0};
    CLEANUP(strlist_clear) struct strlist layers = {0};
    open_fixture(&f);
    assert_ok(find(&f, "windows/amd64:10.0.20348", &image, &err));
    for (int unpacked = 0; unpacked < 2; unpacked++) {
        if (unpacked)
            strlist_add(&layers, "C:\\L");
        CLEANUP(str_free) char *text = NULL;
        CLEANUP(str_free)
        char *expected = str_format(
            "{\"ref\":\"localhost:5000/a/b:1\",\"digest\":\"%s\",\"platform\":{\"os\":\"windows\","
            "\"architecture\":\"amd64\",\"osVersion\":\"10.0.20348.1\"},\"size\":7,"
            "\"chainId\":\"%s\",%s\"layers\":[{\"diffId\":\"%s\",\"chainId\":\"%s\","
            "\"digest\":\"%s\",\"mediaType\":\"" LAYER_TYPE "\",\"size\":7%s}],\"config\":{"
            "\"Cmd\":[\"cmd\"],\"Labels\":{\"a\":\"b\"}},\"bytesFetched\":5}",
            image.digest.text, f.layer.text, unpacked ? "\"topLayer\":\"C:\\\\L\"," : "",
            f.layer.text, f.layer.text, f.layer.text, unpacked ? ",\"path\":\"C:\\\\L\"" : "");
        const struct pull_outcome outcome = {.layers = &layers, .fetched_bytes = 5};
        assert_ok(image_json_compose(&image, &outcome, &text, &err));
        assert_string_equal(text, expected);
    }
    /* What is not UTF-8 is no JSON. */
    CLEANUP(strlist_clear) struct strlist bad = {0};
    char *text = NULL;
    strlist_add(&bad, "C:\\\xff");
    const struct pull_outcome outcome = {.layers = &bad};
    assert_fails(image_json_compose(&image, &outcome, &text, &err), ERR_INTEGRITY, "UTF-8");
    assert_null(text);
}

/* ---- without layers ---- */

static bool describe(struct fixture *f, const char *platform, struct description *ret,
                     struct platform_host *ret_host, struct error *err)
{
    CLEANUP(image_options_clear) struct image_options options = {0};
    options.platform = xstrdup(platform);
    return image_host(&options, ret_host, err)
        && image_describe(&f->invocation, &options, &f->reference, false, ret, err);
}

TEST(a_stored_image_is_described_without_network)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    CLEANUP(description_clear) struct description description = {0};
    struct platform_host host = {0};
    open_fixture(&f);
    assert_ok(describe(&f, "windows/amd64:10.0.20348", &description, &host, &err));
    assert_true(description.has_image);
    assert_false(digest_is_set(&description.index_digest));
    assert_int_equal(description.index.manifests.count, 1);
    assert_ok(image_check(&f.reference, &description, &host, &err));

    CLEANUP(str_free) char *text = image_text_compose(&description, &host);
    CLEANUP(str_free) char *chain = str_format("  chain id     %s\n", f.layer.text);
    assert_non_null(strstr(text, "reference      localhost:5000/a/b:1\n"));
    assert_non_null(strstr(text, "size           7 B in 1 layer\n"));
    assert_non_null(strstr(text, "labels         a=b\n"));
    assert_non_null(strstr(text, chain));
    assert_non_null(strstr(text,
                           "\nPLATFORM                     PROCESS   HYPER-V   DIGEST\n"
                           "windows/amd64 10.0.20348.1   chosen    fits      sha256:"));
    CLEANUP(str_free) char *json = NULL;
    assert_ok(image_json_describe(&f.reference, &description, &host, &json, &err));
    assert_non_null(strstr(json, "\"candidates\":[{\"digest\":\"sha256:"));
    assert_non_null(strstr(json,
                           "\"image\":true,\"chosen\":true,\"process\":{\"accepted\":true},"
                           "\"hyperv\":{\"accepted\":true}}]}"));
}

TEST(a_description_is_judged_for_the_host)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    CLEANUP(description_clear) struct description description = {0};
    struct platform_host host = {0};
    open_fixture(&f);
    assert_ok(describe(&f, "windows/amd64:10.0.19045", &description, &host, &err));
    assert_fails(image_check(&f.reference, &description, &host, &err), ERR_MISMATCH,
                 "localhost:5000/a/b:1: no image for windows/amd64 10.0.19045");
    CLEANUP(str_free) char *json = NULL;
    assert_ok(image_json_match(&f.reference, &description, &host, &json, &err));
    CLEANUP(str_free)
    char *expected = str_format(
        "{\"ref\":\"localhost:5000/a/b:1\",\"host\":{\"os\":\"windows\",\"architecture\":\"amd64\","
        "\"osVersion\":\"10.0.19045\",\"isolation\":\"process\"},\"candidates\":[{\"digest\":\"%"
        "s\","
        "\"platform\":{\"os\":\"windows\",\"architecture\":\"amd64\",\"osVersion\":"
        "\"10.0.20348.1\"},\"image\":true,\"chosen\":false,\"process\":{\"accepted\":false,"
        "\"reason\":\"too new\"},\"hyperv\":{\"accepted\":false,\"reason\":\"too new\"}}]}",
        description.image.digest.text);
    assert_string_equal(json, expected);
}

TEST(isolation_is_process_or_hyperv)
{
    static const struct cli_option row = ISOLATION_OPTION_ROW(struct image_options, platform);
    struct error err = {0};
    struct image_options options = {0};
    assert_ok(image_set_isolation(&row, "hyperv", &options, &err));
    assert_int_equal(options.isolation, ISOLATION_HYPERV);
    assert_ok(image_set_isolation(&row, "process", &options, &err));
    assert_int_equal(options.isolation, ISOLATION_PROCESS);
    static const char *const bad[] = {"", "Hyperv", "hyper-v", "default"};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_fails(image_set_isolation(&row, bad[i], &options, &err), ERR_USAGE, "is not one of");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_image_in_the_store_must_fit_the_platform),
        cmocka_unit_test(an_image_that_was_not_pulled),
        cmocka_unit_test(an_image_as_json),
        cmocka_unit_test(a_stored_image_is_described_without_network),
        cmocka_unit_test(a_description_is_judged_for_the_host),
        cmocka_unit_test(isolation_is_process_or_hyperv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
