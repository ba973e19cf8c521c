/* SPDX-License-Identifier: MIT */
#include "layers/utility_vm.h"

#include "scratch_fixture.h"
#include "unpack_support.h"

#define SD                                                                                         \
    "AQAEgBQAAAAkAAAAAAAAADAAAAABAgAAAAAABSAAAAAgAgAAAQEAAAAAAAUSAAAAAgA0AAIAAAAAAxQA/wEfAAEBAAAA" \
    "AAAFEgAAAAADGAD/AR8AAQIAAAAAAAUgAAAAIAIAAA=="
#define BOOT "UtilityVM/Files/EFI/Microsoft/Boot"
#define ENTRIES 10

/* Two parents: the lower one has a utility VM of its own, which nobody must look at. */
static const struct tar_build_entry lowest[] = {
    {.type = '0', .name = "UtilityVM/Files/lowest only", .data = "x"},
    {.type = '0', .name = "Files/from below", .data = "below"},
    {0},
};
static const struct tar_build_entry parent_entries[] = {
    {.type = '5', .name = "Files"},
    {.type = '0', .name = "Files/shared", .data = "shared"},
    {.type = '5', .name = "UtilityVM/Files", .records = {{"MSWINDOWS.rawsd", SD}}},
    {.type = '5',
     .name = "UtilityVM/Files/dir",
     .records = {{"MSWINDOWS.fileattr", "18"},
                 {"MSWINDOWS.rawsd", SD},
                 {"MSWINDOWS.xattr.E", "AQI="},
                 {"mtime", "1700000001"}}},
    {.type = '0', .name = "UtilityVM/Files/dir/old", .data = "old"},
    {.type = '0', .name = "UtilityVM/Files/dir/changed", .data = "old"},
    {.type = '0', .name = "UtilityVM/Files/dir/sub/deep", .data = "deep"},
    {.type = '2',
     .name = "UtilityVM/Files/junction",
     .target = "C:\\dir",
     .records = {{"MSWINDOWS.fileattr", "1040"},
                 {"MSWINDOWS.mountpoint", "1"},
                 {"mtime", "1700000002"}}},
    {.type = '2', .name = "UtilityVM/Files/sym", .target = "dir\\old"},
    {.type = '0',
     .name = BOOT "/BCD",
     .data = "boot",
     .records = {{"MSWINDOWS.fileattr", "33"}, {"MSWINDOWS.rawsd", SD}, {"mtime", "1700000003"}}},
    {.type = '0', .name = BOOT "/bcd.LOG1", .data = ""},
    {.type = '0', .name = BOOT "/BCD.other", .data = "other"},
    {0},
};

struct setting {
    struct unpacked lower, upper, staged;
    struct memory_tree layer; /* the layer's own directory */
    struct layer_tree layer_tree;
    struct layer_tree parents[2];
    struct layer_unpack_request request;
};

static void clear(struct setting *setting)
{
    unpacked_clear(&setting->lower);
    unpacked_clear(&setting->upper);
    unpacked_clear(&setting->staged);
    memory_tree_close(&setting->layer);
}

static bool unpack(const struct tar_build_entry *entries,
                   const struct layer_unpack_request *request, struct unpacked *ret,
                   struct error *err)
{
    CLEANUP(buf_clear) struct buf archive;
    tar_build_all(&archive, entries);
    return unpack_archive(&archive, scratch, request, ret, NULL, err);
}

static void prepare(struct setting *ret)
{
    struct error err = {0};
    const struct layer_unpack_request base = {.kind = LAYER_BASE, .with_utility_vm = true};
    *ret = (struct setting){0};
    assert_ok(unpack(lowest, &base, &ret->lower, &err));
    assert_ok(unpack(parent_entries, &base, &ret->upper, &err));
    ret->parents[0] = ret->upper.layer_tree;
    ret->parents[1] = ret->lower.layer_tree;
    ret->layer_tree = memory_tree_open(&ret->layer);
    ret->request = (struct layer_unpack_request){
        .kind = LAYER_DIFF,
        .parents = ret->parents,
        .parent_count = 2,
        .with_utility_vm = true,
        .utility_vm = &ret->layer_tree,
    };
}

static bool unpack_diff(struct setting *setting, const struct tar_build_entry *entries,
                        struct error *err)
{
    bool done = unpack(entries, &setting->request, &setting->staged, err);
    assert_int_equal(setting->layer.open_handles, 0);
    assert_int_equal(setting->upper.tree.open_handles, 0);
    return done;
}

static const struct memory_node *made(const struct setting *setting, const char *path)
{
    const struct memory_node *node = memory_find(&setting->layer, path);
    if (!node) {
        fail_msg("'%s' was not made", path);
        abort(); /* not reached, but not known to be */
    }
    return node;
}

static void assert_linked(const struct setting *setting, const char *path)
{
    assert_non_null(made(setting, path)->link_target);
    assert_string_equal(made(setting, path)->link_target, path);
}

static void assert_absent(const struct setting *setting, const char *path)
{
    if (memory_find(&setting->layer, path))
        fail_msg("'%s' is there", path);
}

static const struct tar_build_entry change[] = {
    {.type = '5', .name = "Files"},
    {.type = '0', .name = "Files/own", .data = "own"},
    {.type = '5', .name = "UtilityVM/Files/dir", .records = {{"mtime", "1700000009"}}},
    {.type = '0', .name = "UtilityVM/Files/dir/CHANGED", .data = "new"},
    {.type = '0', .name = "UtilityVM/Files/dir/CHANGED:stream", .data = "s"},
    {.type = '0', .name = "UtilityVM/Files/new/file", .data = "file"},
    {0},
};

TEST(what_the_layer_does_not_mention_comes_from_the_parent)
{
    struct error err = {0};
    CLEANUP(clear) struct setting s;
    prepare(&s);
    assert_ok(unpack_diff(&s, change, &err));
    assert_true(s.staged.result.has_utility_vm);
    /* The layer's own. */
    assert_string_equal(buf_str(&made(&s, "UtilityVM\\Files\\dir\\changed")->data), "new");
    assert_null(made(&s, "UtilityVM\\Files\\dir\\changed")->link_target);
    assert_int_equal(made(&s, "UtilityVM\\Files\\dir\\changed")->stream_count, 1);
    assert_string_equal(buf_str(&made(&s, "UtilityVM\\Files\\new\\file")->data), "file");
    assert_int_equal(made(&s, "UtilityVM\\Files\\dir")->security.length, 0);
    /* Files are linked, but not those that are written to later. */
    assert_linked(&s, "UtilityVM\\Files\\dir\\old");
    assert_linked(&s, "UtilityVM\\Files\\dir\\sub\\deep");
    assert_linked(&s, "UtilityVM\\Files\\EFI\\Microsoft\\Boot\\BCD.other");
    const struct memory_node *bcd = made(&s, "UtilityVM\\Files\\EFI\\Microsoft\\Boot\\BCD");
    assert_null(bcd->link_target);
    assert_string_equal(buf_str(&bcd->data), "boot");
    assert_int_equal(bcd->security.length, 100);
    assert_int_equal(bcd->basic.attributes, 33);
    assert_int_equal(bcd->basic.write_time, INT64_C(133444736030000000));
    assert_null(made(&s, "UtilityVM\\Files\\EFI\\Microsoft\\Boot\\BCD.LOG1")->link_target);
    /* Links are copied. */
    const struct memory_node *junction = made(&s, "UtilityVM\\Files\\junction");
    assert_int_equal(junction->type, LAYER_LINK);
    assert_int_equal(junction->reparse.data[0], 3);
    assert_int_equal(made(&s, "UtilityVM\\Files\\sym")->type, LAYER_LINK);
    /* A directory that is not mentioned has the metadata of the parent's. */
    assert_int_equal(made(&s, "UtilityVM\\Files")->security.length, 100);
    assert_absent(&s, "UtilityVM\\Files\\lowest only");
    assert_absent(&s, "Files");
    assert_null(memory_find(&s.staged.tree, "UtilityVM"));
    assert_int_equal(node_of(&s.staged, "Files\\own")->data.length, 4 + 20 + 3);
}

TEST(a_file_of_the_parent_that_can_have_no_more_names_is_copied)
{
    struct error err = {0};
    CLEANUP(clear) struct setting s;
    prepare(&s);
    s.layer.full = "UtilityVM\\Files\\dir\\old";
    assert_ok(unpack_diff(&s, change, &err));
    assert_null(made(&s, "UtilityVM\\Files\\dir\\old")->link_target);
    assert_string_equal(buf_str(&made(&s, "UtilityVM\\Files\\dir\\old")->data), "old");
    assert_linked(&s, "UtilityVM\\Files\\dir\\sub\\deep");
}

/* Children first: making them has changed the times of what they are in. */
TEST(the_times_of_directories_come_last)
{
    struct error err = {0};
    CLEANUP(clear) struct setting s;
    prepare(&s);
    assert_ok(unpack_diff(&s, change, &err));
    /* As ImportLayer leaves it. */
    static const char *const imported[] = {"Files"};
    for (size_t i = 0; i < ARRAY_SIZE(imported); i++) {
        CLEANUP(layer_path_clear) struct layer_path path = {0};
        struct layer_handle handle = {0};
        assert_ok(layer_path_parse(imported[i], &path, &err));
        assert_ok(s.layer_tree.ops->make_directory(&s.layer, &path, &handle, &err));
        assert_ok(s.layer_tree.ops->close(&s.layer, &handle, &err));
    }
    buf_reset(&s.layer.log);
    assert_ok(layer_unpack_apply(&s.staged.result, &s.layer_tree, s.parents, NULL, &err));
    assert_int_equal(made(&s, "UtilityVM\\Files\\dir")->basic.write_time,
                     INT64_C(133444736090000000));
    assert_int_equal(made(&s, "UtilityVM\\Files\\junction")->basic.write_time,
                     INT64_C(133444736020000000));
    assert_null(strstr(buf_str(&s.layer.log), "remove"));
}

TEST(links_of_the_utility_vm)
{
    static const struct tar_build_entry entries[] = {
        {.type = '0', .name = "Files/own", .data = "own"},
        {.type = '1', .name = "UtilityVM/Files/to own", .target = "Files/own"},
        {.type = '1', .name = "UtilityVM/Files/dir/old", .target = "Files/shared"},
        {.type = '1', .name = "UtilityVM/Files/below", .target = "Files/from below"},
        {.type = '1', .name = "UtilityVM/Files/inside", .target = "UtilityVM/Files/dir/changed"},
        {.type = '1', .name = "Files/into", .target = "UtilityVM/Files/dir/changed"},
        {0},
    };
    struct error err = {0};
    CLEANUP(clear) struct setting s;
    prepare(&s);
    assert_ok(unpack_diff(&s, entries, &err));
    static const int parents[] = {LAYER_LINK_IN_LAYER, 0, 1, 0, 0};
    assert_int_equal(s.staged.result.link_count, ARRAY_SIZE(parents));
    for (size_t i = 0; i < ARRAY_SIZE(parents); i++)
        assert_int_equal(s.staged.result.links[i].parent, parents[i]);
    /* It is made after the import, and the parent's file of that name must not be in its way. */
    assert_absent(&s, "UtilityVM\\Files\\dir\\old");

    static const char *const wrong[] = {"UtilityVM/Files/absent", "UtilityVM/Files/dir",
                                        "UtilityVM/Files/sym", "UtilityVM/Files/lowest only"};
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        const struct tar_build_entry bad[] = {
            {.type = '1', .name = "UtilityVM/Files/l", .target = wrong[i]}, {0}};
        CLEANUP(clear) struct setting refused;
        prepare(&refused);
        assert_fails(unpack_diff(&refused, bad, &err), ERR_INTEGRITY, "no file in this layer");
    }
}

TEST(whiteouts_in_the_utility_vm)
{
    static const struct {
        struct tar_build_entry entries[ENTRIES];
        const char *absent;
        const char *present;
    } rows[] = {
        {{{.type = '0', .name = "UtilityVM/Files/dir/.wh.old"}},
         "UtilityVM\\Files\\dir\\old",
         "UtilityVM\\Files\\dir\\changed"},
        {{{.type = '0', .name = "UtilityVM/Files/.wh.DIR"}},
         "UtilityVM\\Files\\dir",
         "UtilityVM\\Files\\sym"},
        {{{.type = '0', .name = "UtilityVM/Files/.wh.junction"}},
         "UtilityVM\\Files\\junction",
         "UtilityVM\\Files\\sym"},
        {{{.type = '0', .name = "UtilityVM/Files/dir/.wh..wh..opq"},
          {.type = '0', .name = "UtilityVM/Files/dir/mine"}},
         "UtilityVM\\Files\\dir\\sub",
         "UtilityVM\\Files\\dir\\mine"},
        /* A file instead of a directory, a directory instead of a file. */
        {{{.type = '0', .name = "UtilityVM/Files/dir"}},
         "UtilityVM\\Files\\dir\\old",
         "UtilityVM\\Files\\dir"},
        {{{.type = '0', .name = "UtilityVM/Files/sym/below"}},
         "UtilityVM\\Files\\lowest only",
         "UtilityVM\\Files\\sym\\below"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(clear) struct setting s;
        prepare(&s);
        assert_ok(unpack_diff(&s, rows[i].entries, &err));
        assert_absent(&s, rows[i].absent);
        made(&s, rows[i].present);
        assert_int_equal(s.staged.result.tombstone_count, 0);
    }
}

TEST(what_cannot_be_deleted)
{
    static const struct {
        struct tar_build_entry entry;
        const char *text;
    } rows[] = {
        {{.type = '0', .name = "UtilityVM/Files/.wh.absent"}, "which its parents do not have"},
        {{.type = '0', .name = "UtilityVM/Files/dir/.wh.lowest only"}, "do not have"},
        {{.type = '0', .name = "UtilityVM/Files/.wh.lowest only"}, "do not have"},
        {{.type = '0', .name = "UtilityVM/.wh.Files"}, "cannot delete that"},
        {{.type = '0', .name = ".wh.UtilityVM"}, "cannot delete that"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(clear) struct setting s;
        prepare(&s);
        const struct tar_build_entry entries[] = {rows[i].entry, {0}};
        assert_fails(unpack_diff(&s, entries, &err), ERR_INTEGRITY, rows[i].text);
    }
}

TEST(a_layer_without_utility_vm_gets_none)
{
    static const struct tar_build_entry entries[] = {{.type = '0', .name = "Files/f"}, {0}};
    struct error err = {0};
    CLEANUP(clear) struct setting s;
    prepare(&s);
    assert_ok(unpack_diff(&s, entries, &err));
    assert_false(s.staged.result.has_utility_vm);
    assert_int_equal(s.layer.count, 0);
}

TEST(a_layer_may_bring_the_first_utility_vm)
{
    struct error err = {0};
    CLEANUP(clear) struct setting s;
    prepare(&s);
    s.request.parent_count = 0;
    assert_ok(unpack_diff(&s, change, &err));
    assert_string_equal(buf_str(&made(&s, "UtilityVM\\Files\\new\\file")->data), "file");
    assert_absent(&s, "UtilityVM\\Files\\EFI");

    static const struct tar_build_entry deletes[] = {
        {.type = '0', .name = "UtilityVM/Files/.wh.old"}, {0}};
    CLEANUP(clear) struct setting none;
    prepare(&none);
    none.request.parent_count = 0;
    assert_fails(unpack_diff(&none, deletes, &err), ERR_INTEGRITY, "do not have");
}

/* What the rules refuse elsewhere they refuse here: nothing is opened twice or written through. */
TEST(hostile_utility_vms_are_refused)
{
    static const struct {
        struct tar_build_entry entries[3];
        const char *text;
    } rows[] = {
        {{{.type = '2', .name = "UtilityVM/Files/l", .target = "C:\\"},
          {.type = '0', .name = "UtilityVM/Files/l/evil"}},
         "which is a link"},
        {{{.type = '0', .name = "UtilityVM/Files/a"}, {.type = '0', .name = "UtilityVM/files/A"}},
         "this name already"},
        {{{.type = '1', .name = "UtilityVM/Files/a", .target = "Files/shared"},
          {.type = '0', .name = "UtilityVM/Files/a", .data = "overwrites"}},
         "this name already"},
        {{{.type = '0', .name = "UtilityVM/Files/a", .records = {{"MSWINDOWS.rawsd", "AAAA"}}}},
         "security descriptor"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        for (int kept = 0; kept < 2; kept++) {
            struct error err = {0};
            CLEANUP(clear) struct setting s;
            prepare(&s);
            s.request.with_utility_vm = kept;
            s.request.utility_vm = kept ? &s.layer_tree : NULL;
            assert_fails(unpack_diff(&s, rows[i].entries, &err), ERR_INTEGRITY, rows[i].text);
            assert_string_equal(buf_str(&memory_find(&s.upper.tree, "Files\\shared")->data),
                                "shared");
        }
    }
}

TEST(every_failure_is_reported)
{
    struct error err = {0};
    CLEANUP(clear) struct setting whole;
    prepare(&whole);
    size_t before = whole.upper.tree.calls;
    assert_ok(unpack_diff(&whole, change, &err));
    size_t parent_calls = whole.upper.tree.calls - before;
    assert_true(whole.layer.calls > 30 && parent_calls > 20);
    for (size_t k = 1; k <= whole.layer.calls + parent_calls; k++) {
        CLEANUP(clear) struct setting s;
        prepare(&s);
        if (k <= whole.layer.calls)
            s.layer.fail_at = k;
        else
            s.upper.tree.fail_at = s.upper.tree.calls + k - whole.layer.calls;
        assert_fails(unpack_diff(&s, change, &err), ERR_OS, "injected failure");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_layer_does_not_mention_comes_from_the_parent),
        cmocka_unit_test(a_file_of_the_parent_that_can_have_no_more_names_is_copied),
        cmocka_unit_test(the_times_of_directories_come_last),
        cmocka_unit_test(links_of_the_utility_vm),
        cmocka_unit_test(whiteouts_in_the_utility_vm),
        cmocka_unit_test(what_cannot_be_deleted),
        cmocka_unit_test(a_layer_without_utility_vm_gets_none),
        cmocka_unit_test(a_layer_may_bring_the_first_utility_vm),
        cmocka_unit_test(hostile_utility_vms_are_refused),
        cmocka_unit_test(every_failure_is_reported),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
