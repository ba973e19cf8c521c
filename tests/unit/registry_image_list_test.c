/* SPDX-License-Identifier: MIT */
#include "registry/image_list.h"
#include "stored_image.h"

struct fixture {
    char *root;
    struct blob_store store;
    struct stored_image first;
    struct stored_image second;
    struct image_list list;
};

/* Two images that share their layer; the first has two references. */
static void open_fixture(struct fixture *f)
{
    struct error err = {0};
    f->root = make_scratch();
    assert_ok(blob_store_open(f->root, &f->store, &err));
    f->first = put_image(&f->store, "a layer", "first");
    f->second = put_image(&f->store, "a layer", "second");
    put_reference(&f->store, &f->first, "localhost:5000/b:1");
    put_reference(&f->store, &f->first, "localhost:5000/a:1");
    put_reference(&f->store, &f->second, "localhost:5000/a:2");
}

static void read_list(struct fixture *f)
{
    struct error err = {0};
    image_list_clear(&f->list);
    assert_ok(image_list_read(&f->store, &f->list, &err));
}

static void close_fixture(struct fixture *f)
{
    image_list_clear(&f->list);
    blob_store_close(&f->store);
    remove_scratch(&f->root);
}

TEST(an_empty_store_has_no_images)
{
    struct error err = {0};
    CLEANUP(blob_store_close) struct blob_store store = {0};
    CLEANUP(image_list_clear) struct image_list list = {0};
    assert_ok(blob_store_open_to_read("no-such-directory", &store, &err));
    assert_ok(image_list_read(&store, &list, &err));
    assert_int_equal(list.count, 0);
    assert_int_equal(fs_type_of("no-such-directory"), FS_ABSENT);
}

TEST(images_are_listed_by_reference)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    read_list(&f);
    static const char *const expected[] = {"localhost:5000/a:1", "localhost:5000/a:2",
                                           "localhost:5000/b:1"};
    assert_int_equal(f.list.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(f.list.items[i].record.reference, expected[i]);
        assert_null(f.list.items[i].damage);
    }
    const struct listed_image *image = &f.list.items[0];
    assert_string_equal(image->record.digest.text, f.first.manifest.text);
    assert_string_equal(image->config.created, "2026-01-02T03:04:05Z");
    uint64_t size =
        strlen("a layer") + image->manifest.config.size + (uint64_t)f.first.manifest_size;
    assert_true(listed_image_size(image) == size);
}

TEST(damage_is_told_and_ends_nothing)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    CLEANUP(str_free) char *manifest = blob_store_path(&f.store, &f.first.manifest);
    CLEANUP(str_free) char *config = blob_store_path(&f.store, &f.second.config);
    CLEANUP(str_free) char *refs = fs_join(f.store.root, "refs");
    CLEANUP(str_free)
    char *name = str_format("%064d.json", 7);
    CLEANUP(str_free) char *damaged = fs_join(refs, name);
    CLEANUP(str_free) char *temporary = fs_join(refs, ".tmp-1");
    assert_ok(fs_remove_file(manifest, &err));
    assert_ok(fs_write_file(config, "x", 1, &err));
    assert_ok(fs_write_file(damaged, "{", 1, &err));
    assert_ok(fs_write_file(temporary, "{", 1, &err));
    read_list(&f);
    static const struct {
        const char *reference;
        const char *damage;
    } expected[] = {
        {"localhost:5000/a:1", "open"},
        {"localhost:5000/a:2", "damaged: it hashes to"},
        {"localhost:5000/b:1", "open"},
        {NULL, "read the record"},
    };
    assert_int_equal(f.list.count, ARRAY_SIZE(expected));
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        const struct listed_image *image = &f.list.items[i];
        assert_true(!image->record.reference == !expected[i].reference);
        if (expected[i].reference)
            assert_string_equal(image->record.reference, expected[i].reference);
        assert_non_null(strstr(image->damage, expected[i].damage));
    }
}

/* A record under another name than its reference's could be removed by nobody. */
TEST(a_record_under_a_wrong_name_is_damaged)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    CLEANUP(strlist_clear) struct strlist names = {0};
    assert_ok(image_record_list(&f.store, &names, &err));
    assert_int_equal(names.count, 3);
    CLEANUP(str_free) char *from = str_format("%s/refs/%s.json", f.store.root, names.items[0]);
    CLEANUP(str_free) char *to = str_format("%s/refs/%064d.json", f.store.root, 1);
    assert_ok(fs_rename(from, to, false, &err));
    read_list(&f);
    assert_null(f.list.items[2].record.reference);
    assert_non_null(strstr(f.list.items[2].damage, "names another image"));
}

static void check_find(const struct fixture *f, const char *name, size_t count, size_t first)
{
    struct error err = {0};
    CLEANUP(image_matches_clear) struct image_matches matches = {0};
    assert_ok(image_list_find(&f->list, name, &matches, &err));
    assert_int_equal(matches.count, count);
    assert_int_equal(matches.items[0], first);
}

TEST(images_are_found_by_every_name_they_have)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    read_list(&f);
    CLEANUP(str_free) char *pinned = str_format("localhost:5000/b@%s", f.first.manifest.text);
    CLEANUP(str_free) char *both = str_format("localhost:5000/b:9@%s", f.first.manifest.text);
    CLEANUP(str_free) char *prefix = xstrndup(digest_hex(&f.second.manifest), 12);
    const struct {
        const char *name;
        size_t count;
        size_t first;
    } rows[] = {
        {"localhost:5000/b:1", 1, 2},
        {"localhost:5000/a:2", 1, 1},
        {pinned, 1, 2},
        {both, 1, 2},
        {f.first.manifest.text, 2, 0},
        {digest_hex(&f.first.config), 2, 0},
        {prefix, 1, 1},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        check_find(&f, rows[i].name, rows[i].count, rows[i].first);
}

TEST(what_is_not_found_or_no_name_is_refused)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    read_list(&f);
    CLEANUP(str_free) char *elsewhere = str_format("localhost:5000/c@%s", f.first.manifest.text);
    const struct {
        const char *name;
        enum err_kind kind;
    } rows[] = {
        {"localhost:5000/a:3", ERR_NOT_FOUND},
        {"localhost:5000/a", ERR_NOT_FOUND},
        {elsewhere, ERR_NOT_FOUND},
        {"sha256:0123456789abcdef", ERR_NOT_FOUND},
        {"f", ERR_NOT_FOUND},
        {"A B", ERR_USAGE},
        {"", ERR_USAGE},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(image_matches_clear) struct image_matches matches = {0};
        assert_fails(image_list_find(&f.list, rows[i].name, &matches, &err), rows[i].kind, "");
    }
}

TEST(a_beginning_of_two_images_is_ambiguous)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    /* Among this many ids, two begin with the same two digits. */
    for (unsigned i = 0; i < 257; i++) {
        CLEANUP(str_free) char *note = str_format("%u", i);
        CLEANUP(str_free) char *reference = str_format("localhost:5000/many:%u", i);
        struct stored_image image = put_image(&f.store, "a layer", note);
        put_reference(&f.store, &image, reference);
    }
    read_list(&f);
    unsigned ambiguous = 0;
    for (unsigned i = 0; i < 256; i++) {
        CLEANUP(image_matches_clear) struct image_matches matches = {0};
        CLEANUP(str_free) char *prefix = str_format("%02x", i);
        if (image_list_find(&f.list, prefix, &matches, &err))
            continue;
        if (err.kind == ERR_USAGE && strstr(err.message, "beginning of several"))
            ambiguous++;
        error_clear(&err);
    }
    assert_true(ambiguous > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_store_has_no_images),
        cmocka_unit_test(images_are_listed_by_reference),
        cmocka_unit_test(damage_is_told_and_ends_nothing),
        cmocka_unit_test(a_record_under_a_wrong_name_is_damaged),
        cmocka_unit_test(images_are_found_by_every_name_they_have),
        cmocka_unit_test(what_is_not_found_or_no_name_is_refused),
        cmocka_unit_test(a_beginning_of_two_images_is_ambiguous),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
