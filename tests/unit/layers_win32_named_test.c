/* SPDX-License-Identifier: MIT */
/* Named layers: what is done to them, and what becomes of what a killed process began. */
#include "base/text.h"
#include "fake_layer_api.h"
#include "layers/layer_record.h"
#include "layers/layer_retire.h"
#include "layers/named_layer_work.h"

#define TOP "11111111111111111111111111111111"
#define BASE "22222222222222222222222222222222"
#define SCRATCH "33333333333333333333333333333333"
#define TARGET "44444444444444444444444444444444"

static struct fixture {
    char *relative;
    struct layer_store store; /* root: plain and absolute, as the calls are given it */
    struct strlist parents;
} f;

static char *path_of(const char *relative)
{
    return fs_join(f.store.root, relative);
}

static void put_directory(const char *relative)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = path_of(relative);
    assert_ok(fs_make_directories(path, &err));
}

static void put_file(const char *relative, const char *text)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = path_of(relative);
    assert_ok(fs_write_file(path, text, strlen(text), &err));
}

static enum fs_type type_of(const char *relative)
{
    CLEANUP(str_free) char *path = path_of(relative);
    return fs_type_of(path);
}

static int set_up(void **state)
{
    struct error err = {0};
    (void)state;
    fake_reset();
    memset(&f, 0, sizeof(f));
    f.relative = make_scratch();
    f.store.api = &fake_api;
    assert_ok(fs_absolute(f.relative, &f.store.root, &err));
    put_directory("locks");
    put_directory("scratch");
    put_directory("layers\\" TOP);
    put_directory("layers\\" BASE);
    put_file("layers\\" BASE "\\blank.vhdx", "template");
    strlist_add_owned(&f.parents, path_of("layers\\" TOP));
    strlist_add_owned(&f.parents, path_of("layers\\" BASE));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    strlist_clear(&f.parents);
    str_free(&f.store.root);
    remove_scratch(&f.relative);
    fake_reset();
    return 0;
}

/* A layer as a process left it; 'scratch' and 'layer' may be NULL. */
static void put_layer(const char *name, enum named_layer_state state, const char *scratch,
                      const char *layer, const char *commit_as)
{
    struct error err = {0};
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    assert_ok(named_layer_claim(f.store.root, name, &claim, &err));
    claim.layer.name = xstrdup(name);
    claim.layer.state = state;
    claim.layer.scratch = scratch ? xstrdup(scratch) : NULL;
    claim.layer.layer = layer ? xstrdup(layer) : NULL;
    claim.layer.commit_as = commit_as ? xstrdup(commit_as) : NULL;
    strlist_add(&claim.layer.parents, TOP);
    strlist_add(&claim.layer.parents, BASE);
    assert_ok(named_layer_write_config(&claim, "{}", 2, &err));
    assert_ok(named_layer_write(&claim, &err));
    if (scratch) {
        put_directory("scratch\\" SCRATCH);
        put_file("scratch\\" SCRATCH "\\sandbox.vhdx", "disk");
    }
}

static void set_mounted(const char *name)
{
    struct error err = {0};
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    assert_ok(named_layer_open(f.store.root, name, &claim, &err));
    claim.layer.mounted = true;
    assert_ok(named_layer_write(&claim, &err));
}

static void put_target(void)
{
    put_directory("layers\\" TARGET);
    put_file("layers\\" TARGET "\\" LAYER_RECORD_NAME, "{}");
}

static struct named_layer read_layer(const char *name)
{
    struct error err = {0};
    struct named_layer layer = {0};
    if (named_layer_read(f.store.root, name, &layer, &err))
        return layer;
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    error_clear(&err);
    return layer;
}

static void assert_layer(const char *name, enum named_layer_state state, const char *scratch,
                         const char *layer)
{
    CLEANUP(named_layer_clear) struct named_layer read = read_layer(name);
    if (read.state != state)
        fail_msg("'%s' is %s", name, named_layer_state_name(read.state));
    if (state == NAMED_LAYER_NONE)
        return;
    assert_true(str_equal(read.scratch, scratch));
    assert_true(str_equal(read.layer, layer));
    assert_false(read.mounted);
    assert_null(read.commit_as);
}

static void sweep(void)
{
    struct error err = {0};
    assert_ok(named_layers_sweep(&f.store, NULL, &err));
}

/* ---- preparing ---- */

static bool prepare(const char *name, uint64_t bytes, struct named_layer_claim *claim,
                    struct error *err)
{
    CLEANUP(strlist_clear) struct strlist labels = {0};
    strlist_add(&labels, "a=b");
    const struct named_layer_request request = {
        .name = name,
        .from = "image:1",
        .parents = &f.parents,
        .labels = &labels,
        .storage_bytes = bytes,
        .config = "{\"os\":\"windows\"}",
        .config_length = 16,
    };
    return named_layer_claim(f.store.root, name, claim, err)
        && named_layer_prepare(&f.store, &request, claim, NULL, err);
}

TEST(a_layer_is_prepared)
{
    struct error err = {0};
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    CLEANUP(buf_clear) struct buf config = {0};
    assert_ok(prepare("One", (uint64_t)60 << 30, &claim, &err));
    CLEANUP(str_free) char *calls = fake_take_calls(f.store.root);
    CLEANUP(str_free)
    char *expected =
        str_format("ExpandSandboxSize ~\\scratch\\%s\n  to 64424509440", claim.layer.scratch);
    assert_string_equal(calls, expected);
    CLEANUP(named_layer_clear) struct named_layer read = read_layer("one");
    assert_int_equal(read.state, NAMED_LAYER_ACTIVE);
    assert_string_equal(read.parents.items[0], TOP);
    assert_string_equal(read.parents.items[1], BASE);
    assert_string_equal(named_layer_label(&read, "a"), "b");
    assert_ok(named_layer_read_config(f.store.root, "ONE", &config, &err));
    assert_string_equal(buf_str(&config), "{\"os\":\"windows\"}");
    CLEANUP(str_free) char *path = named_layer_path(f.store.root, &read);
    CLEANUP(str_free) char *disk = fs_join(path, "sandbox.vhdx");
    assert_int_equal(fs_type_of(disk), FS_FILE);
    sweep();
    assert_int_equal(fs_type_of(disk), FS_FILE);
}

TEST(a_name_that_is_taken_stays_as_it_is)
{
    struct error err = {0};
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    put_layer("one", NAMED_LAYER_ACTIVE, SCRATCH, NULL, NULL);
    assert_fails(prepare("One", 0, &claim, &err), ERR_BUSY, "there is a layer named 'One'");
    assert_layer("one", NAMED_LAYER_ACTIVE, SCRATCH, NULL);
}

TEST(what_cannot_be_prepared_leaves_nothing)
{
    struct error err = {0};
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    CLEANUP(strlist_clear) struct strlist left = {0};
    CLEANUP(str_free) char *scratches = path_of("scratch");
    fake_fail("ExpandSandboxSize", E_INVALIDARG, 1);
    assert_false(prepare("one", 1, &claim, &err));
    assert_non_null(strstr(err.message, "prepare the layer 'one'"));
    assert_non_null(strstr(err.hint, "can only grow"));
    error_clear(&err);
    assert_null(claim.directory);
    assert_layer("one", NAMED_LAYER_NONE, NULL, NULL);
    assert_ok(fs_list(scratches, &left, &err));
    assert_int_equal(left.count, 0);
    assert_int_equal(type_of("names\\one"), FS_ABSENT);
}

/* ---- mounting ---- */

TEST(what_is_mounted_is_recorded_before)
{
    struct error err = {0};
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    CLEANUP(scratch_clear) struct scratch scratch = {0};
    put_layer("one", NAMED_LAYER_ACTIVE, SCRATCH, NULL, NULL);
    assert_ok(named_layer_open(f.store.root, "one", &claim, &err));
    assert_ok(named_layer_mount(&f.store, &claim, NULL, &scratch, &err));
    CLEANUP(named_layer_clear) struct named_layer read = read_layer("one");
    assert_true(read.mounted);
    assert_non_null(read.last_used);
    /* Nobody touches what a living process works on. */
    strlist_clear(&fake.calls);
    sweep();
    assert_int_equal(fake.calls.count, 0);
    assert_ok(named_layer_unmount(&claim, &scratch, &err));
    assert_layer("one", NAMED_LAYER_ACTIVE, SCRATCH, NULL);
    /* A failure is as if it had not been tried. */
    fake_fail("ActivateLayer", E_ACCESSDENIED, 1);
    assert_false(named_layer_mount(&f.store, &claim, NULL, &scratch, &err));
    error_clear(&err);
    assert_layer("one", NAMED_LAYER_ACTIVE, SCRATCH, NULL);
}

TEST(only_writable_layers_are_mounted)
{
    struct error err = {0};
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    CLEANUP(scratch_clear) struct scratch scratch = {0};
    put_target();
    put_layer("one", NAMED_LAYER_COMMITTED, NULL, TARGET, NULL);
    assert_ok(named_layer_open(f.store.root, "one", &claim, &err));
    assert_fails(named_layer_mount(&f.store, &claim, NULL, &scratch, &err), ERR_BUSY,
                 "'one' is committed");
    assert_int_equal(fake.calls.count, 0);
}

TEST(the_sweep_unmounts)
{
    put_layer("one", NAMED_LAYER_ACTIVE, SCRATCH, NULL, NULL);
    set_mounted("one");
    /* What cannot be unmounted now is tried again by the next. */
    fake_fail("DeactivateLayer", E_ACCESSDENIED, 1);
    sweep();
    CLEANUP(named_layer_clear) struct named_layer read = read_layer("one");
    assert_true(read.mounted);
    strlist_clear(&fake.calls);
    sweep();
    CLEANUP(str_free) char *calls = fake_take_calls(f.store.root);
    assert_string_equal(
        calls, "UnprepareLayer ~\\scratch\\" SCRATCH "\nDeactivateLayer ~\\scratch\\" SCRATCH);
    assert_layer("one", NAMED_LAYER_ACTIVE, SCRATCH, NULL);
}

/* ---- what a killed process began ---- */

TEST(what_was_being_prepared_goes)
{
    put_layer("one", NAMED_LAYER_PREPARING, SCRATCH, NULL, NULL);
    put_directory("names\\two");
    put_file("names\\two\\config.json", "{}");
    sweep();
    assert_layer("one", NAMED_LAYER_NONE, NULL, NULL);
    assert_int_equal(type_of("scratch\\" SCRATCH), FS_ABSENT);
    assert_int_equal(type_of("names\\one"), FS_ABSENT);
    assert_int_equal(type_of("names\\two"), FS_ABSENT);
}

TEST(what_somebody_works_on_stays)
{
    struct error err = {0};
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    put_layer("one", NAMED_LAYER_PREPARING, SCRATCH, NULL, NULL);
    assert_ok(named_layer_open(f.store.root, "one", &claim, &err));
    sweep();
    assert_layer("one", NAMED_LAYER_PREPARING, SCRATCH, NULL);
    assert_int_equal(type_of("scratch\\" SCRATCH), FS_DIRECTORY);
}

TEST(a_commit_whose_layer_is_not_complete_is_taken_back)
{
    put_directory("layers\\" TARGET);
    put_layer("one", NAMED_LAYER_COMMITTING, SCRATCH, TARGET, "two");
    sweep();
    assert_layer("one", NAMED_LAYER_ACTIVE, SCRATCH, NULL);
    assert_layer("two", NAMED_LAYER_NONE, NULL, NULL);
    assert_int_equal(type_of("scratch\\" SCRATCH "\\sandbox.vhdx"), FS_FILE);
}

TEST(a_commit_whose_layer_is_complete_is_finished)
{
    put_target();
    put_layer("one", NAMED_LAYER_COMMITTING, SCRATCH, TARGET, NULL);
    sweep();
    assert_layer("one", NAMED_LAYER_COMMITTED, NULL, TARGET);
    assert_int_equal(type_of("scratch\\" SCRATCH), FS_ABSENT);
}

TEST(a_commit_under_another_name_is_finished)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf config = {0};
    put_target();
    put_layer("one", NAMED_LAYER_COMMITTING, SCRATCH, TARGET, "Two");
    sweep();
    assert_layer("one", NAMED_LAYER_NONE, NULL, NULL);
    assert_layer("two", NAMED_LAYER_COMMITTED, NULL, TARGET);
    assert_ok(named_layer_read_config(f.store.root, "two", &config, &err));
    assert_string_equal(buf_str(&config), "{}");
    assert_int_equal(type_of("scratch\\" SCRATCH), FS_ABSENT);
}

TEST(a_commit_that_was_all_but_finished)
{
    put_target();
    put_layer("two", NAMED_LAYER_COMMITTED, NULL, TARGET, NULL);
    put_layer("one", NAMED_LAYER_COMMITTING, SCRATCH, TARGET, "two");
    sweep();
    assert_layer("one", NAMED_LAYER_NONE, NULL, NULL);
    assert_layer("two", NAMED_LAYER_COMMITTED, NULL, TARGET);
    assert_int_equal(type_of("scratch\\" SCRATCH), FS_ABSENT);
}

TEST(a_commit_whose_name_was_taken_meanwhile)
{
    put_target();
    put_layer("two", NAMED_LAYER_COMMITTED, NULL, TOP, NULL);
    put_layer("one", NAMED_LAYER_COMMITTING, SCRATCH, TARGET, "two");
    sweep();
    assert_layer("one", NAMED_LAYER_ACTIVE, SCRATCH, NULL);
    assert_layer("two", NAMED_LAYER_COMMITTED, NULL, TOP);
}

TEST(the_scratch_of_a_committed_layer_goes)
{
    put_target();
    put_layer("one", NAMED_LAYER_COMMITTED, SCRATCH, TARGET, NULL);
    sweep();
    assert_layer("one", NAMED_LAYER_COMMITTED, NULL, TARGET);
    assert_int_equal(type_of("scratch\\" SCRATCH), FS_ABSENT);
}

TEST(a_removal_goes_on)
{
    put_layer("one", NAMED_LAYER_REMOVING, SCRATCH, NULL, NULL);
    put_layer("two", NAMED_LAYER_REMOVING, NULL, TARGET, NULL); /* its layer is gone */
    put_layer("three", NAMED_LAYER_REMOVING, NULL, NULL, NULL);
    sweep();
    assert_layer("one", NAMED_LAYER_NONE, NULL, NULL);
    assert_layer("two", NAMED_LAYER_NONE, NULL, NULL);
    assert_layer("three", NAMED_LAYER_NONE, NULL, NULL);
    assert_int_equal(type_of("scratch\\" SCRATCH), FS_ABSENT);
}

TEST(a_removal_that_had_not_begun_is_taken_back)
{
    put_target();
    put_layer("one", NAMED_LAYER_REMOVING, NULL, TARGET, NULL);
    sweep();
    assert_layer("one", NAMED_LAYER_COMMITTED, NULL, TARGET);
}

TEST(damaged_records_are_left_alone)
{
    put_directory("names\\one");
    put_file("names\\one\\layer.json", "{");
    sweep();
    assert_int_equal(type_of("names\\one\\layer.json"), FS_FILE);
}

TEST(bytes_that_cannot_go_are_told)
{
    struct error err = {0};
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    CLEANUP(strlist_clear) struct strlist left = {0};
    CLEANUP(str_free) char *scratches = path_of("scratch");
    CLEANUP(str_free) char *disk = path_of("scratch\\" SCRATCH "\\sandbox.vhdx");
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    put_layer("one", NAMED_LAYER_ACTIVE, SCRATCH, NULL, NULL);
    assert_ok(utf16_from_utf8(disk, &wide, &err));
    /* As a virus scanner has it. */
    HANDLE file = CreateFileW(wide, GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
    assert_true(file != INVALID_HANDLE_VALUE);
    fake_fail("DestroyLayer", E_ACCESSDENIED, UINT_MAX);
    assert_ok(named_layer_open(f.store.root, "one", &claim, &err));
    assert_false(named_layer_discard(&f.store, &claim, NULL, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_non_null(strstr(err.hint, "wrun prune"));
    error_clear(&err);
    named_layer_close(&claim);
    assert_true(CloseHandle(file));
    /* Where it could be renamed it has lost its name, and elsewhere it is on its way out. */
    sweep();
    assert_ok(layer_retired_sweep(&fake_api, scratches, NULL, &err));
    assert_layer("one", NAMED_LAYER_NONE, NULL, NULL);
    assert_ok(fs_list(scratches, &left, &err));
    assert_int_equal(left.count, 0);
}

/* ---- committing ---- */

TEST(a_layer_becomes_read_only)
{
    struct error err = {0};
    CLEANUP(named_layer_close) struct named_layer_claim claim = {0};
    put_layer("one", NAMED_LAYER_ACTIVE, SCRATCH, NULL, NULL);
    assert_ok(named_layer_open(f.store.root, "one", &claim, &err));
    assert_ok(named_layer_begin_commit(&claim, TARGET, NULL, &err));
    CLEANUP(named_layer_clear) struct named_layer read = read_layer("one");
    assert_int_equal(read.state, NAMED_LAYER_COMMITTING);
    assert_ok(named_layer_cancel_commit(&claim, &err));
    assert_layer("one", NAMED_LAYER_ACTIVE, SCRATCH, NULL);
    assert_ok(named_layer_begin_commit(&claim, TARGET, NULL, &err));
    put_target();
    assert_ok(named_layer_finish_commit(&f.store, &claim, NULL, NULL, &err));
    assert_layer("one", NAMED_LAYER_COMMITTED, NULL, TARGET);
    assert_int_equal(type_of("scratch\\" SCRATCH), FS_ABSENT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(a_layer_is_prepared),
        CASE(a_name_that_is_taken_stays_as_it_is),
        CASE(what_cannot_be_prepared_leaves_nothing),
        CASE(what_is_mounted_is_recorded_before),
        CASE(only_writable_layers_are_mounted),
        CASE(the_sweep_unmounts),
        CASE(what_was_being_prepared_goes),
        CASE(what_somebody_works_on_stays),
        CASE(a_commit_whose_layer_is_not_complete_is_taken_back),
        CASE(a_commit_whose_layer_is_complete_is_finished),
        CASE(a_commit_under_another_name_is_finished),
        CASE(a_commit_that_was_all_but_finished),
        CASE(a_commit_whose_name_was_taken_meanwhile),
        CASE(the_scratch_of_a_committed_layer_goes),
        CASE(a_removal_goes_on),
        CASE(a_removal_that_had_not_begun_is_taken_back),
        CASE(damaged_records_are_left_alone),
        CASE(bytes_that_cannot_go_are_told),
        CASE(a_layer_becomes_read_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
