/* SPDX-License-Identifier: MIT */
/* What a store says of itself, and its lock. */
#include "base/cancel.h"
#include "check.h"
#include "registry/store_format.h"
#include "registry/store_lock.h"

struct fixture {
    char *root;
    struct blob_store store;
};

static void open_fixture(struct fixture *f)
{
    struct error err = {0};
    f->root = make_scratch();
    assert_ok(blob_store_open(f->root, &f->store, &err));
}

static void close_fixture(struct fixture *f)
{
    blob_store_close(&f->store);
    remove_scratch(&f->root);
}

static void check_file(const struct fixture *f, const char *name, const char *expected)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(f->root, name);
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, 100);
    assert_ok(fs_read_file(path, 100, &text, &err));
    assert_string_equal(buf_str(&text), expected);
}

TEST(a_store_says_what_it_is)
{
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    check_file(&f, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}\n");
    check_file(&f, "VERSION", "1\n");
}

TEST(the_store_of_a_newer_wrun_is_refused)
{
    static const struct {
        const char *text;
        enum err_kind kind;
        const char *message;
    } rows[] = {
        {"2\n", ERR_UNSUPPORTED, "has format 2; this wrun knows formats up to 1"},
        {"77\nand more", ERR_UNSUPPORTED, "has format 77"},
        {"", ERR_INTEGRITY, "not the number of a format"},
        {"one", ERR_INTEGRITY, "not the number of a format"},
        {"99999999999999999999999", ERR_INTEGRITY, "not the number of a format"},
    };
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    CLEANUP(str_free) char *path = fs_join(f.root, "VERSION");
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(blob_store_close) struct blob_store other = {0};
        assert_ok(fs_write_file(path, rows[i].text, strlen(rows[i].text), &err));
        assert_fails(blob_store_open(f.root, &other, &err), rows[i].kind, rows[i].message);
        assert_fails(blob_store_open_to_read(f.root, &other, &err), rows[i].kind, rows[i].message);
    }
}

TEST(many_share_and_one_owns)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = {0};
    open_fixture(&f);
    struct cancel cancel = {.requested = 1};
    const struct context context = {.cancel = &cancel};
    CLEANUP(store_lock_release) struct store_lock first = {0};
    CLEANUP(store_lock_release) struct store_lock second = {0};
    CLEANUP(store_lock_release) struct store_lock owner = {0};
    assert_ok(store_lock_share(&f.store, &context, &first, &err));
    assert_ok(store_lock_share(&f.store, &context, &second, &err));
    assert_fails(store_lock_own(&f.store, &context, &owner, &err), ERR_CANCELLED, "interrupted");
    store_lock_release(&first);
    assert_fails(store_lock_own(&f.store, &context, &owner, &err), ERR_CANCELLED, "interrupted");
    store_lock_release(&second);
    assert_ok(store_lock_own(&f.store, &context, &owner, &err));
    assert_fails(store_lock_share(&f.store, &context, &first, &err), ERR_CANCELLED, "interrupted");
    store_lock_release(&owner);
    assert_ok(store_lock_share(&f.store, &context, &first, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_store_says_what_it_is),
        cmocka_unit_test(the_store_of_a_newer_wrun_is_refused),
        cmocka_unit_test(many_share_and_one_owns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
