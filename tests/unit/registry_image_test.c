/* SPDX-License-Identifier: MIT */
#include "base/strlist.h"
#include "check.h"
#include "registry/blob_ingest.h"
#include "registry/image.h"
#include "registry/image_record.h"

#define MANIFEST_TYPE "application/vnd.docker.distribution.manifest.v2+json"
#define LAYER_TEXT "a layer"

struct fixture {
    char *root;
    struct blob_store store;
    struct reference reference;
    struct digest layer;
    struct digest config;
    struct digest manifest;
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

/* A store with one image of one layer; its configuration names 'diff_ids' layers. */
static void open_fixture(struct fixture *f, unsigned diff_ids)
{
    struct error err = {0};
    f->root = make_scratch();
    assert_ok(blob_store_open(f->root, &f->store, &err));
    assert_ok(reference_parse("localhost:5000/a/b:1", &f->reference, &err));
    f->layer = put(&f->store, LAYER_TEXT);

    CLEANUP(strlist_clear) struct strlist ids = {0};
    for (unsigned i = 0; i < diff_ids; i++)
        strlist_addf(&ids, "\"%s\"", f->layer.text);
    CLEANUP(str_free) char *list = strlist_join(&ids, ",");
    CLEANUP(str_free)
    char *config = str_format("{\"os\":\"windows\",\"architecture\":\"amd64\",\"rootfs\":"
                              "{\"type\":\"layers\",\"diff_ids\":[%s]}}",
                              list);
    f->config = put(&f->store, config);
    CLEANUP(str_free)
    char *manifest = str_format("{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/"
                                "vnd.docker.container.image.v1+"
                                "json\",\"size\":%zu,\"digest\":\"%s\"},\"layers\":[{\"mediaType\":"
                                "\"application/vnd.docker."
                                "image.rootfs.diff.tar\",\"size\":%zu,\"digest\":\"%s\"}]}",
                                strlen(config), f->config.text, strlen(LAYER_TEXT), f->layer.text);
    f->manifest = put(&f->store, manifest);

    CLEANUP(str_free) char *type = xstrdup(MANIFEST_TYPE);
    const struct image_record record = {
        .digest = f->manifest, .media_type = type, .size = strlen(manifest)};
    assert_ok(image_record_write(&f->store, &f->reference, &record, &err));
}

static void close_fixture(struct fixture *f)
{
    blob_store_close(&f->store);
    reference_clear(&f->reference);
    remove_scratch(&f->root);
}

TEST(a_stored_image_is_read_without_network)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f, 1);
    CLEANUP(image_clear) struct image image = {0};
    assert_ok(image_open(&f.store, &f.reference, &image, &err));
    assert_string_equal(image.digest.text, f.manifest.text);
    assert_string_equal(image.reference.path, "a/b");
    assert_string_equal(image.manifest.layers.items[0].digest.text, f.layer.text);
    assert_string_equal(image.config.diff_ids[0].text, f.layer.text);
    assert_string_equal(image.config.os, "windows");
}

TEST(another_reference_is_not_found)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f, 1);
    static const char *const rows[] = {"localhost:5000/a/b:2", "localhost:5001/a/b:1",
                                       "localhost:5000/a/b", "localhost:5000/a:1"};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(reference_clear) struct reference other = {0};
        CLEANUP(image_clear) struct image image = {0};
        assert_ok(reference_parse(rows[i], &other, &err));
        assert_fails(image_open(&f.store, &other, &image, &err), ERR_NOT_FOUND, "not in the store");
    }
}

TEST(what_is_missing_is_not_found_and_what_is_damaged_is_refused)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f, 1);
    const struct digest *const parts[] = {&f.layer, &f.config, &f.manifest};
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        CLEANUP(image_clear) struct image image = {0};
        CLEANUP(str_free) char *path = blob_store_path(&f.store, parts[i]);
        CLEANUP(buf_clear) struct buf kept;
        buf_init(&kept, 10000);
        assert_ok(fs_read_file(path, 10000, &kept, &err));

        assert_ok(fs_remove_file(path, &err));
        assert_fails(image_open(&f.store, &f.reference, &image, &err), ERR_NOT_FOUND, "");

        kept.data[kept.length / 2] ^= 1;
        assert_ok(fs_write_file(path, kept.data, kept.length, &err));
        /* A layer's bytes are hashed by whoever unpacks it. */
        if (parts[i] != &f.layer)
            assert_fails(image_open(&f.store, &f.reference, &image, &err), ERR_INTEGRITY,
                         "damaged");
        kept.data[kept.length / 2] ^= 1;
        assert_ok(fs_write_file(path, kept.data, kept.length, &err));
        assert_ok(image_open(&f.store, &f.reference, &image, &err));
    }
}

TEST(layers_and_diff_ids_must_agree)
{
    static const unsigned rows[] = {0, 2};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(close_fixture) struct fixture f = {0};
        open_fixture(&f, rows[i]);
        CLEANUP(image_clear) struct image image = {0};
        assert_fails(image_open(&f.store, &f.reference, &image, &err), ERR_INTEGRITY,
                     "layers where the manifest has 1");
    }
}

TEST(records_are_read_back)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f, 1);
    CLEANUP(str_free) char *type = xstrdup(MANIFEST_TYPE);
    const struct image_record written = {
        .digest = f.manifest, .media_type = type, .size = 77, .index_digest = f.config};
    assert_ok(image_record_write(&f.store, &f.reference, &written, &err));
    CLEANUP(image_record_clear) struct image_record record = {0};
    assert_ok(image_record_read(&f.store, &f.reference, &record, &err));
    assert_string_equal(record.reference, "localhost:5000/a/b:1");
    assert_string_equal(record.digest.text, f.manifest.text);
    assert_string_equal(record.index_digest.text, f.config.text);
    assert_string_equal(record.media_type, MANIFEST_TYPE);
    assert_true(record.size == 77);
    assert_int_equal(strlen(record.fetched), strlen("2026-01-01T00:00:00Z"));
}

TEST(damaged_records_are_refused)
{
    static const struct {
        const char *text;
        const char *message;
    } rows[] = {
        {"", "record of"},
        {"{}", "record of"},
        {"{\"reference\":\"localhost:5000/a/b:1\",\"digest\":\"x\",\"mediaType\":\"m\",\"size\":1}",
         "digest"},
        {"{\"reference\":\"docker.io/x/y:1\",\"digest\":\"sha256:"
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"mediaType\":\"m\","
         "\"size\":1}",
         "names another image"},
    };
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f, 1);
    CLEANUP(str_free) char *folder = fs_join(f.store.root, "refs");
    CLEANUP(strlist_clear) struct strlist names = {0};
    assert_ok(fs_list(folder, &names, &err));
    assert_int_equal(names.count, 1);
    CLEANUP(str_free) char *path = fs_join(folder, names.items[0]);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(image_clear) struct image image = {0};
        assert_ok(fs_write_file(path, rows[i].text, strlen(rows[i].text), &err));
        assert_fails(image_open(&f.store, &f.reference, &image, &err), ERR_INTEGRITY,
                     rows[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stored_image_is_read_without_network),
        cmocka_unit_test(another_reference_is_not_found),
        cmocka_unit_test(what_is_missing_is_not_found_and_what_is_damaged_is_refused),
        cmocka_unit_test(layers_and_diff_ids_must_agree),
        cmocka_unit_test(records_are_read_back),
        cmocka_unit_test(damaged_records_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
