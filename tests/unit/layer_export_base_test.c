/* SPDX-License-Identifier: MIT */
/* Base layers: unpacked, exported as the files they are, unpacked again. */
#include "base/base64.h"
#include "scratch_fixture.h"
#include "staged_support.h"
#include "unpack_support.h"

static const struct layer_export_request base_export = {.form = LAYER_EXPORT_BASE};
static const struct layer_unpack_request base_unpack = {.kind = LAYER_BASE,
                                                        .with_utility_vm = true};

#define SD                                                                                         \
    "AQAEgBQAAAAkAAAAAAAAADAAAAABAgAAAAAABSAAAAAgAgAAAQEAAAAAAAUSAAAAAgA0AAIAAAAAAxQA/wEfAAEBAAAA" \
    "AAAFEgAAAAADGAD/AR8AAQIAAAAAAAUgAAAAIAIAAA=="
#define TIMES(second)                                                                              \
    {"mtime", second ".1234567"}, {"atime", second ".2"}, {"ctime", second ".0000001"},            \
    {                                                                                              \
        "LIBARCHIVE.creationtime", second                                                          \
    }

static const struct tar_build_entry base_layer[] = {
    {.type = '5', .name = "Files", .records = {{"MSWINDOWS.fileattr", "16"}, TIMES("1700000001")}},
    {.type = '5',
     .name = "Files/dir",
     .records = {{"MSWINDOWS.fileattr", "18"},
                 {"MSWINDOWS.rawsd", SD},
                 {"MSWINDOWS.xattr.D", "AQI="},
                 TIMES("1700000002")}},
    {.type = '0', .name = "Files/dir:stream", .data = "of a directory"},
    {.type = '0',
     .name = "Files/dir/a.txt",
     .data = "main",
     .records = {{"MSWINDOWS.fileattr", "33"},
                 {"MSWINDOWS.rawsd", SD},
                 {"MSWINDOWS.xattr.B", "AQI="},
                 {"MSWINDOWS.xattr.A", ""},
                 TIMES("1700000003")}},
    {.type = '0', .name = "Files/dir/a.txt:one", .data = "1"},
    {.type = '0', .name = "Files/dir/a.txt:two", .data = ""},
    {.type = '1', .name = "Files/dir/b.txt", .target = "Files/dir/a.txt"},
    {.type = '0', .name = "Files/empty", .records = {{"MSWINDOWS.fileattr", "32"}, TIMES("0")}},
    {.type = '2',
     .name = "Files/junction",
     .target = "C:\\dir",
     .records = {{"MSWINDOWS.fileattr", "1040"}, {"MSWINDOWS.mountpoint", "1"}, TIMES("5")}},
    {.type = '2',
     .name = "Files/symlink",
     .target = "dir\\a.txt",
     .records = {{"MSWINDOWS.fileattr", "1056"}, {"MSWINDOWS.rawsd", SD}, TIMES("6")}},
    {.type = '2',
     .name = "Files/symlink-to-directory",
     .target = "dir",
     .records = {{"MSWINDOWS.fileattr", "1040"}, TIMES("7")}},
    {.type = '5', .name = "UtilityVM", .records = {{"MSWINDOWS.fileattr", "16"}, TIMES("8")}},
    {.type = '5', .name = "UtilityVM/Files", .records = {{"MSWINDOWS.fileattr", "16"}, TIMES("9")}},
    {.type = '1', .name = "UtilityVM/Files/linked.txt", .target = "Files/dir/a.txt"},
    {.type = '0',
     .name = "UtilityVM/Files/own",
     .data = "own",
     .records = {{"MSWINDOWS.fileattr", "32"}, TIMES("10")}},
    {0},
};

static void compare_basic(const struct win_basic_info *got, const struct win_basic_info *expected)
{
    assert_int_equal(got->creation_time, expected->creation_time);
    assert_int_equal(got->access_time, expected->access_time);
    assert_int_equal(got->write_time, expected->write_time);
    assert_int_equal(got->change_time, expected->change_time);
    assert_int_equal(got->attributes, expected->attributes);
}

static void compare_nodes(const struct memory_node *got, const struct memory_node *expected)
{
    const struct buf *pairs[][2] = {
        {&got->data, &expected->data},
        {&got->security, &expected->security},
        {&got->reparse, &expected->reparse},
    };
    assert_string_equal(got->path, expected->path);
    assert_int_equal(got->type, expected->type);
    assert_int_equal(got->is_directory, expected->is_directory);
    compare_basic(&got->basic, &expected->basic);
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        assert_int_equal(pairs[i][0]->length, pairs[i][1]->length);
        if (pairs[i][0]->length > 0)
            assert_memory_equal(pairs[i][0]->data, pairs[i][1]->data, pairs[i][0]->length);
    }
    if (expected->link_target)
        assert_string_equal(got->link_target, expected->link_target);
    else
        assert_null(got->link_target);
    assert_int_equal(got->stream_count, expected->stream_count);
    for (size_t i = 0; i < expected->stream_count; i++) {
        assert_string_equal(got->streams[i].name, expected->streams[i].name);
        assert_string_equal(buf_str(&got->streams[i].data), buf_str(&expected->streams[i].data));
    }
    /* The order of EAs is by name from now on. */
    assert_int_equal(got->ea.length, expected->ea.length);
}

static void export_base(const struct memory_tree *tree, struct buf *ret)
{
    struct error err = {0};
    struct memory_folder memory = {0};
    struct layer_export_result result = {0};
    assert_ok(export_folder(&memory, tree, &base_export, ret, &result, &err));
}

TEST(a_base_layer_survives)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf archive = {0};
    CLEANUP(buf_clear) struct buf exported = {0};
    CLEANUP(buf_clear) struct buf again = {0};
    CLEANUP(unpacked_clear) struct unpacked first = {0};
    CLEANUP(unpacked_clear) struct unpacked second = {0};
    tar_build_all(&archive, base_layer);
    assert_ok(unpack_archive(&archive, scratch, &base_unpack, &first, NULL, &err));
    export_base(&first.tree, &exported);
    assert_ok(unpack_archive(&exported, scratch, &base_unpack, &second, NULL, &err));
    assert_int_equal(second.tree.count, first.tree.count);
    assert_int_equal(first.tree.count, ARRAY_SIZE(base_layer) - 1 - 3 /* streams */);
    for (size_t i = 0; i < first.tree.count; i++)
        compare_nodes(node_of(&second, first.tree.nodes[i]->path), first.tree.nodes[i]);
    assert_true(node_of(&second, "Files\\dir\\a.txt")->ea.length > 0);

    export_base(&second.tree, &again);
    assert_int_equal(again.length, exported.length);
    assert_memory_equal(again.data, exported.data, again.length);
}

TEST(what_windows_adds_to_a_base_layer_is_no_part_of_it)
{
    static const char *const added[] = {"blank.vhdx", "blank-base.vhdx", "layout", "wrun.json",
                                        "UtilityVM\\SystemTemplate.vhdx"};
    struct error err = {0};
    CLEANUP(buf_clear) struct buf archive = {0};
    CLEANUP(buf_clear) struct buf plain = {0};
    CLEANUP(buf_clear) struct buf with_more = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    tar_build_all(&archive, base_layer);
    assert_ok(unpack_archive(&archive, scratch, &base_unpack, &u, NULL, &err));
    export_base(&u.tree, &plain);
    for (size_t i = 0; i < ARRAY_SIZE(added); i++)
        export_plant(&u.tree, added[i], LAYER_FILE, "x", 1);
    export_plant(&u.tree, "Hives", LAYER_DIRECTORY, NULL, 0);
    export_plant(&u.tree, "Hives\\System_Base", LAYER_FILE, "x", 1);
    export_plant(&u.tree, "Files\\$Recycle.Bin", LAYER_DIRECTORY, NULL, 0);
    export_plant(&u.tree, "Files\\$Recycle.Bin\\S-1", LAYER_FILE, "x", 1);
    export_base(&u.tree, &with_more);
    assert_int_equal(with_more.length, plain.length);
    assert_memory_equal(with_more.data, plain.data, plain.length);
}

TEST(a_utility_vm_without_files_is_none)
{
    struct error err = {0};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    CLEANUP(buf_clear) struct buf exported = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    memory_tree_open(&tree);
    export_plant(&tree, "Files", LAYER_DIRECTORY, NULL, 0);
    export_plant(&tree, "UtilityVM", LAYER_DIRECTORY, NULL, 0);
    export_plant(&tree, "UtilityVM\\other", LAYER_DIRECTORY, NULL, 0);
    export_base(&tree, &exported);
    assert_ok(unpack_archive(&exported, scratch, &base_unpack, &u, NULL, &err));
    assert_int_equal(u.tree.count, 1);
}

static bool export_bad(struct memory_tree *tree, struct error *err)
{
    struct memory_folder memory = {0};
    struct layer_export_result result = {0};
    CLEANUP(buf_clear) struct buf exported = {0};
    return export_folder(&memory, tree, &base_export, &exported, &result, err);
}

TEST(what_a_layer_cannot_hold_is_named)
{
    static const unsigned char app_alias[] = {0x1B, 0, 0, 0x80, 4, 0, 0, 0, 1, 2, 3, 4};
    struct error err = {0};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    memory_tree_open(&tree);
    assert_fails(export_bad(&tree, &err), ERR_NOT_FOUND, "Files");
    export_plant(&tree, "Files", LAYER_DIRECTORY, NULL, 0);
    struct memory_node *node = export_plant(&tree, "Files\\alias", LAYER_FILE, NULL, 0);
    node->type = LAYER_LINK;
    buf_add(&node->reparse, app_alias, sizeof(app_alias));
    assert_fails(export_bad(&tree, &err), ERR_UNSUPPORTED, "'Files\\alias': it is a reparse point");

    node->type = LAYER_FILE;
    buf_reset(&node->reparse);
    buf_add_str(&node->security, "no descriptor");
    assert_fails(export_bad(&tree, &err), ERR_INTEGRITY, "'Files\\alias'");
    buf_reset(&node->security);
    buf_add_str(&node->ea, "no list");
    assert_fails(export_bad(&tree, &err), ERR_INTEGRITY, "'Files\\alias'");
    buf_reset(&node->ea);
    export_plant(&tree, "Files\\nul", LAYER_FILE, NULL, 0);
    assert_fails(export_bad(&tree, &err), ERR_INTEGRITY,
                 "'Files\\nul': the path has the name of a");
}

/* Whatever call fails, that is what is told, and nothing stays open. */
TEST(every_failure_is_told)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf archive = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    bool done = false;
    size_t failures = 0;
    tar_build_all(&archive, base_layer);
    assert_ok(unpack_archive(&archive, scratch, &base_unpack, &u, NULL, &err));
    for (size_t fail_at = 1; !done; fail_at++) {
        struct memory_folder memory = {.fail_at = fail_at};
        struct layer_export_result result = {0};
        CLEANUP(buf_clear) struct buf exported = {0};
        done = export_folder(&memory, &u.tree, &base_export, &exported, &result, &err);
        if (done)
            break;
        assert_int_equal(err.kind, ERR_OS);
        assert_non_null(strstr(err.message, "injected failure"));
        assert_int_equal(result.entries, 0);
        error_clear(&err);
        failures++;
    }
    assert_true(failures > 60);
}

TEST(a_file_that_becomes_shorter_is_told)
{
    struct error err = {0};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    CLEANUP(buf_clear) struct buf exported = {0};
    struct memory_folder memory = {.shorter = 1};
    struct layer_export_result result = {0};
    memory_tree_open(&tree);
    export_plant(&tree, "Files", LAYER_DIRECTORY, NULL, 0);
    export_plant(&tree, "Files\\x", LAYER_FILE, "1234", 4);
    assert_fails(export_folder(&memory, &tree, &base_export, &exported, &result, &err),
                 ERR_INTEGRITY, "'Files\\x': it became shorter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_base_layer_survives),
        cmocka_unit_test(what_windows_adds_to_a_base_layer_is_no_part_of_it),
        cmocka_unit_test(a_utility_vm_without_files_is_none),
        cmocka_unit_test(what_a_layer_cannot_hold_is_named),
        cmocka_unit_test(every_failure_is_told),
        cmocka_unit_test(a_file_that_becomes_shorter_is_told),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
