/* SPDX-License-Identifier: MIT */
#include "registry/blob_verify.h"

#include "base/fs.h"
#include "check.h"

struct fixture {
    char *root;
    struct blob_store store;
    struct digest digest;
    char *path;
};

static void close_fixture(struct fixture *fixture)
{
    str_free(&fixture->path);
    blob_store_close(&fixture->store);
    remove_scratch(&fixture->root);
}

/* A store in which the blob of "what is stored" has other content. */
static struct fixture open_fixture(const char *content)
{
    struct error err = {0};
    struct fixture fixture = {.root = make_scratch(), .digest = digest_of("what is stored", 14)};
    assert_ok(blob_store_open(fixture.root, &fixture.store, &err));
    fixture.path = blob_store_path(&fixture.store, &fixture.digest);
    assert_ok(fs_write_file(fixture.path, content, strlen(content), &err));
    return fixture;
}

TEST(damage_is_told_from_what_is_sound)
{
    static const struct {
        const char *content;
        bool sound;
    } rows[] = {
        {"what is stored", true},
        {"what is stoned", false},
        {"what is stored!", false},
        {"", false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(close_fixture) struct fixture f = open_fixture(rows[i].content);
        enum blob_state found = BLOB_MISSING;
        uint64_t size = 0;
        assert_ok(blob_verify(&f.store, &f.digest, NULL, &found, &size, &err));
        assert_int_equal(found, rows[i].sound ? BLOB_SOUND : BLOB_DAMAGED);
        assert_int_equal(size, strlen(rows[i].content));
        assert_int_equal(fs_type_of(f.path), FS_FILE);

        bool evicted = rows[i].sound;
        assert_ok(blob_evict_damaged(&f.store, &f.digest, NULL, &evicted, &err));
        assert_int_equal(evicted, !rows[i].sound);
        assert_int_equal(fs_type_of(f.path), rows[i].sound ? FS_FILE : FS_ABSENT);
    }
}

TEST(what_is_not_there_is_neither)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = open_fixture("");
    struct digest other = digest_of("x", 1);
    enum blob_state found = BLOB_SOUND;
    uint64_t size = 1;
    bool evicted = true;
    assert_ok(blob_verify(&f.store, &other, NULL, &found, &size, &err));
    assert_int_equal(found, BLOB_MISSING);
    assert_int_equal(size, 0);
    assert_ok(blob_evict_damaged(&f.store, &other, NULL, &evicted, &err));
    assert_false(evicted);
}

TEST(a_check_can_be_cancelled)
{
    struct error err = {0};
    CLEANUP(close_fixture) struct fixture f = open_fixture("what is stoned");
    struct cancel cancel = {.requested = 1};
    bool evicted = false;
    assert_fails(blob_evict_damaged(&f.store, &f.digest, &cancel, &evicted, &err), ERR_CANCELLED,
                 "interrupted");
    assert_false(evicted);
    assert_int_equal(fs_type_of(f.path), FS_FILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_is_told_from_what_is_sound),
        cmocka_unit_test(what_is_not_there_is_neither),
        cmocka_unit_test(a_check_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
