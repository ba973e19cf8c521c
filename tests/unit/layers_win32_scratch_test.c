/* SPDX-License-Identifier: MIT */
#include "fake_layer_api.h"
#include "layers/scratch.h"

struct fixture {
    char *relative;
    char *root; /* plain and absolute, as the calls are given it */
    char *path;
    struct strlist parents;
    struct scratch scratch;
};

static int set_up(void **state)
{
    struct error err = {0};
    struct fixture *fixture = xcalloc(1, sizeof(*fixture));
    fake_reset();
    fixture->relative = make_scratch();
    assert_ok(fs_absolute(fixture->relative, &fixture->root, &err));
    strlist_add_owned(&fixture->parents, fs_join(fixture->root, "top"));
    strlist_add_owned(&fixture->parents, fs_join(fixture->root, "base"));
    assert_ok(fs_make_directories(fixture->parents.items[1], &err));
    CLEANUP(str_free) char *template = fs_join(fixture->parents.items[1], "blank.vhdx");
    assert_ok(fs_write_file(template, "template", 8, &err));
    fixture->path = fs_join(fixture->root, "c\\s1");
    assert_ok(scratch_create(&fake_api, fixture->path, &fixture->parents, &fixture->scratch, &err));
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    scratch_clear(&fixture->scratch);
    strlist_clear(&fixture->parents);
    str_free(&fixture->path);
    str_free(&fixture->root);
    remove_scratch(&fixture->relative);
    free(fixture);
    fake_reset();
    return 0;
}

static void assert_calls(const struct fixture *fixture, const char *expected)
{
    CLEANUP(str_free) char *calls = fake_take_calls(fixture->root);
    assert_string_equal(calls, expected);
}

static void creation_copies_the_template_of_the_base(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    CLEANUP(str_free) char *disk = fs_join(fixture->path, "sandbox.vhdx");
    CLEANUP(buf_clear) struct buf content = {0};
    assert_ok(fs_read_file(disk, 100, &content, &err));
    assert_string_equal(buf_str(&content), "template");
    assert_string_equal(fixture->scratch.path, fixture->path);
    assert_calls(fixture, "");

    struct scratch again = {0};
    assert_fails(scratch_create(&fake_api, fixture->path, &fixture->parents, &again, &err),
                 ERR_BUSY, "s1");
    assert_null(again.path);
}

static void creation_refuses_what_cannot_work(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct scratch scratch = {0};
    CLEANUP(strlist_clear) struct strlist parents = {0};
    CLEANUP(str_free) char *path = fs_join(fixture->root, "c\\s2");
    CLEANUP(str_free) char *upper = fs_join(fixture->root, "c\\S2");
    assert_fails(scratch_create(&fake_api, path, &parents, &scratch, &err), ERR_BUG, "layers");
    assert_fails(scratch_create(&fake_api, upper, &fixture->parents, &scratch, &err), ERR_USAGE,
                 "S2");
    /* No template: nothing is left. */
    strlist_add(&parents, fixture->parents.items[0]);
    assert_fails(scratch_create(&fake_api, path, &parents, &scratch, &err), ERR_NOT_FOUND,
                 "blank.vhdx");
    assert_int_equal(fs_type_of(path), FS_ABSENT);
    assert_null(scratch.path);
}

#define MOUNT_CALLS                                                                                \
    "ActivateLayer ~\\c\\s1\nPrepareLayer ~\\c\\s1\n  parent ~\\top\n  parent ~\\base\n"           \
    "GetLayerMountPath ~\\c\\s1\nGetLayerMountPath ~\\c\\s1"

static void a_whole_life(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct scratch *scratch = &fixture->scratch;
    assert_ok(scratch_expand(scratch, 1ull << 36, &err));
    assert_calls(fixture, "ExpandSandboxSize ~\\c\\s1\n  to 68719476736");
    assert_ok(scratch_mount(scratch, &fixture->parents, NULL, &err));
    assert_calls(fixture, MOUNT_CALLS);
    assert_string_equal(scratch->volume, FAKE_VOLUME "\\");
    assert_true(scratch->activated && scratch->prepared);

    assert_ok(scratch_unmount(scratch, &err));
    assert_calls(fixture, "UnprepareLayer ~\\c\\s1\nDeactivateLayer ~\\c\\s1");
    assert_null(scratch->volume);
    assert_ok(scratch_unmount(scratch, &err));
    assert_calls(fixture, "");

    assert_ok(scratch_destroy(scratch, NULL, &err));
    CLEANUP(str_free) char *calls = fake_take_calls(fixture->root);
    assert_non_null(strstr(calls, "DestroyLayer ~\\c\\rm-s1-"));
    assert_null(scratch->path);
    assert_int_equal(fs_type_of(fixture->path), FS_ABSENT);
    assert_ok(scratch_destroy(scratch, NULL, &err));
    assert_calls(fixture, "");
}

#define ATTACH_CALLS                                                                               \
    "ActivateLayer ~\\c\\s1\nPrepareLayer ~\\c\\s1\n  parent ~\\top\n  parent ~\\base\n"           \
    "UnprepareLayer ~\\c\\s1"

static void the_disk_alone_is_attached_for_an_export(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct scratch *scratch = &fixture->scratch;
    assert_ok(scratch_attach_disk(scratch, &fixture->parents, NULL, &err));
    assert_calls(fixture, ATTACH_CALLS);
    assert_true(scratch->activated && !scratch->prepared);
    assert_ok(scratch_unmount(scratch, &err));
    assert_calls(fixture, "DeactivateLayer ~\\c\\s1");
    assert_false(scratch->activated);

    /* What fails leaves nothing attached. */
    fake_fail("UnprepareLayer", (HRESULT)0x80070005, 1);
    assert_fails(scratch_attach_disk(scratch, &fixture->parents, NULL, &err), ERR_DENIED,
                 "UnprepareLayer");
    assert_calls(fixture, ATTACH_CALLS "\nUnprepareLayer ~\\c\\s1\nDeactivateLayer ~\\c\\s1");
    assert_false(scratch->activated || scratch->prepared);
}

static void mounting_is_tried_again_when_the_disk_is_not_ready(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    fake_fail("PrepareLayer", (HRESULT)0x80070015, 2);
    assert_ok(scratch_mount(&fixture->scratch, &fixture->parents, NULL, &err));
#define FAILED_TRY                                                                                 \
    "ActivateLayer ~\\c\\s1\nPrepareLayer ~\\c\\s1\n  parent ~\\top\n  parent ~\\base\n"           \
    "DeactivateLayer ~\\c\\s1\n"
    assert_calls(fixture, FAILED_TRY FAILED_TRY MOUNT_CALLS);
}

static void mounting_gives_up_in_the_end(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    fake_fail("ActivateLayer", (HRESULT)0x8007048F, 100);
    assert_false(scratch_mount(&fixture->scratch, &fixture->parents, NULL, &err));
    assert_non_null(strstr(err.message, "ActivateLayer"));
    assert_int_equal(err.code, 1167);
    error_clear(&err);
    assert_int_equal(fake.calls.count, 5);
    assert_false(fixture->scratch.activated);
}

static void a_failed_mount_is_taken_back_and_explained(void **state)
{
    static const struct {
        const char *function;
        uint32_t hr;
        const char *hint;
        const char *last_call;
    } table[] = {
        {"ActivateLayer", 0x80070013, "BitLocker", "ActivateLayer"},
        {"ActivateLayer", 0x80070020, "disk open", "ActivateLayer"},
        {"PrepareLayer", 0x80370112, "too old", "DeactivateLayer"},
        {"PrepareLayer", 0x80070003, "pull the image again", "DeactivateLayer"},
        {"GetLayerMountPath", 0x80070490, NULL, "DeactivateLayer"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
        CLEANUP(error_clear) struct error err = {0};
        fake_fail(table[i].function, (HRESULT)table[i].hr, 1);
        assert_false(scratch_mount(&fixture->scratch, &fixture->parents, NULL, &err));
        assert_non_null(strstr(err.message, table[i].function));
        assert_non_null(strstr(err.message, fixture->path));
        if (table[i].hint)
            assert_non_null(strstr(err.hint, table[i].hint));
        assert_false(fixture->scratch.activated || fixture->scratch.prepared);
        assert_null(fixture->scratch.volume);
        const char *last = fake.calls.items[fake.calls.count - 1];
        assert_memory_equal(last, table[i].last_call, strlen(table[i].last_call));
        strlist_clear(&fake.calls);
    }
}

static void an_interrupted_mount_calls_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct cancel cancel = {.requested = 1};
    struct context context = {.cancel = &cancel};
    assert_fails(scratch_mount(&fixture->scratch, &fixture->parents, &context, &err), ERR_CANCELLED,
                 "interrupted");
    assert_calls(fixture, "");
}

static void unmounting_waits_for_others_and_never_stops_half_way(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct scratch *scratch = &fixture->scratch;
    assert_ok(scratch_mount(scratch, &fixture->parents, NULL, &err));
    strlist_clear(&fake.calls);
    fake_fail("UnprepareLayer", (HRESULT)0x80070020, 2);
    assert_ok(scratch_unmount(scratch, &err));
    assert_calls(fixture,
                 "UnprepareLayer ~\\c\\s1\nUnprepareLayer ~\\c\\s1\n"
                 "UnprepareLayer ~\\c\\s1\nDeactivateLayer ~\\c\\s1");

    assert_ok(scratch_mount(scratch, &fixture->parents, NULL, &err));
    strlist_clear(&fake.calls);
    fake_fail("UnprepareLayer", E_UNEXPECTED, 1);
    assert_false(scratch_unmount(scratch, &err));
    assert_non_null(strstr(err.message, "UnprepareLayer"));
    error_clear(&err);
    assert_calls(fixture, "UnprepareLayer ~\\c\\s1\nDeactivateLayer ~\\c\\s1");
    assert_false(scratch->activated);
}

static void what_is_not_mounted_counts_as_unmounted(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct scratch *scratch = &fixture->scratch;
    scratch->activated = scratch->prepared = true;
    fake_fail("UnprepareLayer", (HRESULT)0x80070490, 1);
    assert_ok(scratch_unmount(scratch, &err));
    assert_calls(fixture, "UnprepareLayer ~\\c\\s1\nDeactivateLayer ~\\c\\s1");
    scratch->activated = true;
    fake_fail("DeactivateLayer", (HRESULT)0x80070490, 1);
    assert_ok(scratch_unmount(scratch, &err));
    assert_false(scratch->activated);
}

static void what_cannot_be_destroyed_is_swept_later(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    CLEANUP(str_free) char *directory = fs_join(fixture->root, "c");
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(str_free) char *disk = NULL;
    fake_fail("DestroyLayer", (HRESULT)0x80070020, 1);
    assert_ok(scratch_destroy(&fixture->scratch, NULL, &err));
    /* wrun's own removal stepped in. */
    assert_ok(fs_list(directory, &names, &err));
    assert_int_equal(names.count, 0);

    CLEANUP(str_free) char *left = fs_join(directory, "rm-old-01234567");
    assert_ok(fs_make_directories(left, &err));
    CLEANUP(str_free) char *other = fs_join(directory, "running");
    assert_ok(fs_make_directories(other, &err));
    strlist_clear(&fake.calls);
    assert_ok(scratch_sweep(&fake_api, directory, NULL, &err));
    assert_calls(fixture, "DestroyLayer ~\\c\\rm-old-01234567");
    assert_int_equal(fs_type_of(left), FS_ABSENT);
    assert_int_equal(fs_type_of(other), FS_DIRECTORY);
}

static void the_scratch_of_a_dead_process_is_reclaimed(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    fake_fail("UnprepareLayer", (HRESULT)0x80070490, 1);
    assert_ok(scratch_reclaim(&fake_api, fixture->path, NULL, &err));
    CLEANUP(str_free) char *calls = fake_take_calls(fixture->root);
    const char *expected =
        "UnprepareLayer ~\\c\\s1\nDeactivateLayer ~\\c\\s1\nDestroyLayer ~\\c\\rm-s1-";
    assert_memory_equal(calls, expected, strlen(expected));
    assert_int_equal(fs_type_of(fixture->path), FS_ABSENT);
    assert_ok(scratch_reclaim(&fake_api, fixture->path, NULL, &err));
    assert_calls(fixture, "");
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(creation_copies_the_template_of_the_base),
        test(creation_refuses_what_cannot_work),
        test(a_whole_life),
        test(the_disk_alone_is_attached_for_an_export),
        test(mounting_is_tried_again_when_the_disk_is_not_ready),
        test(mounting_gives_up_in_the_end),
        test(a_failed_mount_is_taken_back_and_explained),
        test(an_interrupted_mount_calls_nothing),
        test(unmounting_waits_for_others_and_never_stops_half_way),
        test(what_is_not_mounted_counts_as_unmounted),
        test(what_cannot_be_destroyed_is_swept_later),
        test(the_scratch_of_a_dead_process_is_reclaimed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
