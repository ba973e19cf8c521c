/* SPDX-License-Identifier: MIT */
/* What goes out comes in again: folders of ExportLayer and base layers with everything that a layer
 * can hold, exported and unpacked, and compared with what they were. */
#include "scratch_fixture.h"
#include "staged_support.h"
#include "unpack_support.h"

#define LONG_NAME                                                                                  \
    "a-name-of-more-than-a-hundred-characters-which-does-not-fit-into-the-header-of-a-tar-"        \
    "whatever-one-does-about-it"
static const struct layer_export_request transport_request = {.form = LAYER_EXPORT_TRANSPORT};

/* ---- comparing ---- */

static void compare_basic(const struct win_basic_info *got, const struct win_basic_info *expected,
                          const char *path)
{
    if (got->creation_time != expected->creation_time || got->access_time != expected->access_time
        || got->write_time != expected->write_time || got->change_time != expected->change_time)
        fail_msg("'%s' has other times", path);
}

static void compare_buf(const struct buf *got, const struct buf *expected, const char *path,
                        const char *what)
{
    if (got->length != expected->length
        || (got->length > 0 && memcmp(got->data, expected->data, got->length) != 0))
        fail_msg("'%s' has other %s: %zu and %zu bytes", path, what, got->length, expected->length);
}

static bool is_compared(const struct memory_node *node)
{
    return !str_equal(node->path, "tombstones.txt") && !node->link_target;
}

/* Everything that was there is there again, and nothing else. */
static void compare_staging(const struct memory_tree *got, const struct memory_tree *expected)
{
    size_t compared = 0;
    for (size_t i = 0; i < expected->count; i++) {
        const struct memory_node *node = expected->nodes[i];
        if (!is_compared(node))
            continue;
        compared++;
        const struct memory_node *other = export_node(got, node->path);
        assert_string_equal(other->path, node->path);
        assert_int_equal(other->type, node->type);
        compare_buf(&other->data, &node->data, node->path, "content");
        if (node->type == LAYER_FILE && !str_starts_with(node->path, "Files.$")
            && !str_starts_with(node->path, "Hives.$"))
            compare_basic(&other->basic, &node->basic, node->path);
    }
    assert_int_equal(compared, got->count);
}

/* Exports the folder and unpacks that as a diff layer. */
static void round_trip(const struct memory_tree *tree, enum compress_format compression,
                       struct unpacked *ret, struct layer_export_result *ret_result)
{
    struct error err = {0};
    struct memory_folder memory = {0};
    CLEANUP(buf_clear) struct buf blob = {0};
    struct layer_export_request request = transport_request;
    request.compression = compression;
    assert_ok(export_folder(&memory, tree, &request, &blob, ret_result, &err));
    assert_int_equal(ret_result->blob_size, blob.length);
    struct digest digest = digest_of(blob.data, blob.length);
    assert_string_equal(ret_result->blob_digest.text, digest.text);
    const struct layer_unpack_request unpacking = {.kind = LAYER_DIFF,
                                                   .diff_id = ret_result->diff_id};
    assert_ok(unpack_archive(&blob, scratch, &unpacking, ret, NULL, &err));
    assert_int_equal(ret->result.uncompressed_bytes, ret_result->tar_size);
}

static void round_trip_is_exact(const struct memory_tree *tree)
{
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    struct layer_export_result result = {0};
    round_trip(tree, COMPRESS_NONE, &u, &result);
    compare_staging(&u.tree, tree);
}

/* ---- everything that a layer can hold ---- */

static const struct staged everything[] = {
    {.path = "Files\\dir", .attributes = 0x10, .has_security = true},
    {.path = "Files\\dir\\empty", .attributes = 0x20, .data = ""},
    {.path = "Files\\dir\\read-only.txt", .attributes = 0x21, .has_security = true, .data = "ro"},
    {.path = "Files\\dir\\hidden.sys", .attributes = 0x2026, .data = "hidden and more"},
    {.path = "Files\\dir\\ea.dll", .attributes = 0x20, .has_ea = true, .data = "with EAs"},
    {.path = "Files\\dir\\ads.txt",
     .attributes = 0x20,
     .has_security = true,
     .has_ea = true,
     .data = "main",
     .stream_name = "Zone.Identifier",
     .stream = "[ZoneTransfer]\r\nZoneId=3\r\n",
     .second_stream_name = "\xC3\xA4 second",
     .second_stream = ""},
    {.path = "Files\\dir\\empty-ads",
     .attributes = 0x20,
     .data = "",
     .stream_name = "s",
     .stream = "of an empty file"},
    {.path = "Files\\dir\\sub",
     .attributes = 0x12,
     .has_security = true,
     .has_ea = true,
     .stream_name = "stream",
     .stream = "of a directory"},
    {.path = "Files\\dir\\sub\\\xF0\x9F\x98\x80.txt", .attributes = 0x20, .data = "non-BMP"},
    {.path = "Files\\dir\\sub\\\xE6\x97\xA5\xE6\x9C\xAC", .attributes = 0x10},
    {.path = "Files\\dir\\sub\\\xE6\x97\xA5\xE6\x9C\xAC\\x", .attributes = 0x20, .data = "x"},
    {.path = "Files\\link-relative", .attributes = 0x420, .link = "dir\\empty"},
    {.path = "Files\\link-up", .attributes = 0x420, .link = "..\\..\\x", .has_security = true},
    {.path = "Files\\link-absolute", .attributes = 0x420, .link = "C:\\Windows\\notepad.exe"},
    {.path = "Files\\link-unc", .attributes = 0x420, .link = "\\\\server\\share\\x"},
    {.path = "Files\\link-long-form", .attributes = 0x420, .link = "\\\\?\\C:\\x"},
    {.path = "Files\\link-rooted", .attributes = 0x420, .link = "\\rooted"},
    {.path = "Files\\link-unicode", .attributes = 0x420, .link = "dir\\\xC3\xBC"},
    {.path = "Files\\link-long", .attributes = 0x420, .link = LONG_NAME "\\" LONG_NAME},
    {.path = "Files\\link-to-directory", .attributes = 0x410, .link = "dir", .has_ea = true},
    {.path = "Files\\junction",
     .attributes = 0x410,
     .link = "C:\\dir",
     .is_junction = true,
     .has_security = true},
    {.path = "Files\\junction-to-volume",
     .attributes = 0x410,
     .link = "\\\\?\\Volume{0a1b2c3d-0000-0000-0000-100000000000}\\",
     .is_junction = true},
    {.path = "Files\\" LONG_NAME, .attributes = 0x10},
    {.path = "Files\\" LONG_NAME "\\" LONG_NAME, .attributes = 0x10},
    {.path = "Files\\" LONG_NAME "\\" LONG_NAME "\\" LONG_NAME,
     .attributes = 0x20,
     .data = "more than 255 characters",
     .stream_name = "s",
     .stream = "of it"},
    {.path = "Files\\Upper", .attributes = 0x20, .data = "sorted before lower case"},
    {.path = "Files\\dir.txt", .attributes = 0x20, .data = "sorted by bytes, beside 'dir'"},
    {.path = "Files\\dir2", .attributes = 0x10},
};

static void plant_everything(struct memory_tree *tree)
{
    staged_plant_roots(tree);
    for (size_t i = 0; i < ARRAY_SIZE(everything); i++)
        staged_plant(tree, &everything[i]);
    staged_plant_hive(tree, "DefaultUser_Delta", "default user");
    staged_plant_hive(tree, "Sam_Delta", "");
    staged_plant_hive(tree, "Security_Delta", "security");
    staged_plant_hive(tree, "Software_Delta", "software");
    staged_plant_hive(tree, "System_Delta", "system");
}

TEST(everything_that_a_layer_can_hold_survives)
{
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    plant_everything(&tree);
    round_trip_is_exact(&tree);
}

TEST(every_compression_holds_the_same_tar)
{
    static const enum compress_format formats[] = {COMPRESS_GZIP, COMPRESS_ZSTD, COMPRESS_NONE};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    struct layer_export_result results[ARRAY_SIZE(formats)] = {0};
    plant_everything(&tree);
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        CLEANUP(unpacked_clear) struct unpacked u = {0};
        round_trip(&tree, formats[i], &u, &results[i]);
        compare_staging(&u.tree, &tree);
        assert_string_equal(results[i].diff_id.text, results[0].diff_id.text);
        assert_int_equal(results[i].entries, ARRAY_SIZE(everything) + 2 + 5);
    }
    assert_true(results[0].blob_size < results[2].blob_size / 4);
    assert_true(results[1].blob_size < results[2].blob_size / 4);
    assert_string_equal(results[2].blob_digest.text, results[2].diff_id.text);
}

TEST(big_files_are_passed_through)
{
    static const size_t sizes[] = {65512, 65536, 1 << 20, 3000001};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    staged_plant_roots(&tree);
    staged_plant_hive(&tree, "System_Delta", "system");
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
        CLEANUP(str_free) char *text = xcalloc(sizes[i] + 1, 1);
        CLEANUP(str_free) char *path = str_format("Files\\big%zu", i);
        for (size_t at = 0; at < sizes[i]; at++)
            text[at] = (char)('!' + at * 31 % 89);
        const struct staged big = {
            .path = path, .attributes = 0x20, .data = text, .stream_name = "big", .stream = text};
        staged_plant(&tree, &big);
    }
    round_trip_is_exact(&tree);
}

/* ---- links ---- */

TEST(further_names_of_a_file_become_hard_links)
{
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    struct layer_export_result result = {0};
    plant_everything(&tree);
    /* In the order of the walk "Files\a" comes first. */
    const char *const names[] = {"Files\\dir\\linked", "Files\\a", "Files\\\xC3\xBC"};
    const struct staged file = {
        .path = names[0], .attributes = 0x20, .data = "linked", .stream_name = "s", .stream = "t"};
    staged_plant(&tree, &file);
    for (size_t i = 1; i < ARRAY_SIZE(names); i++)
        export_plant(&tree, names[i], LAYER_FILE, NULL, 0)->link_target = xstrdup(names[0]);
    round_trip(&tree, COMPRESS_NONE, &u, &result);
    assert_int_equal(u.result.link_count, 2);
    assert_string_equal(u.result.links[0].path.text, names[0]);
    assert_string_equal(u.result.links[0].target.text, names[1]);
    assert_string_equal(u.result.links[1].path.text, names[2]);
    assert_string_equal(u.result.links[1].target.text, names[1]);
    compare_buf(&export_node(&u.tree, names[1])->data, &export_node(&tree, names[0])->data,
                names[1], "content");
    assert_null(memory_find(&u.tree, names[0]));
}

/* ---- deletions ---- */

TEST(deletions_follow_their_directory)
{
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    struct layer_export_result result = {0};
    static const char *const expected[] = {
        "Files\\zz",
        "Files\\aa",
        "Files\\dir\\gone",
        "Files\\dir\\" LONG_NAME,
        "Files\\dir\\\xC3\xBC",
        "Files\\nowhere\\x",
    };
    plant_everything(&tree);
    staged_set_deletions(&tree,
                         "\\DIR\\gone\r\n"
                         "\\zz\r\n"
                         "\\aa\n"
                         "\\dir\\" LONG_NAME "\n"
                         "\\dir\\\xC3\xBC\n"
                         "\\aa\\below\n"         /* gone with "aa" */
                         "\\DIR2\n"              /* there again */
                         "\\nowhere\\x\n"        /* in no directory of this layer */
                         "\\$Recycle.Bin\\s-1\n" /* nobody's business */
                         "\\zz\n");
    round_trip(&tree, COMPRESS_NONE, &u, &result);
    assert_int_equal(u.result.tombstone_count, ARRAY_SIZE(expected));
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
        assert_true(str_equal_nocase(u.result.tombstones[i].text, expected[i]));
}

/* ---- what is left out ---- */

TEST(the_recycle_bin_and_strange_files_are_left_out)
{
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    CLEANUP(memory_tree_close) struct memory_tree more = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    struct layer_export_result result = {0};
    plant_everything(&tree);
    plant_everything(&more);
    const struct staged bin = {.path = "Files\\$RECYCLE.BIN", .attributes = 0x16};
    const struct staged in_bin = {
        .path = "Files\\$RECYCLE.BIN\\S-1", .attributes = 0x20, .data = "deleted"};
    staged_plant(&more, &bin);
    staged_plant(&more, &in_bin);
    staged_plant_hive(&more, "Bcd_Delta", "no hive of a layer");
    export_plant(&more, "something", LAYER_DIRECTORY, NULL, 0);
    export_plant(&more, "something\\else", LAYER_FILE, "x", 1);
    round_trip(&more, COMPRESS_NONE, &u, &result);
    compare_staging(&u.tree, &tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_that_a_layer_can_hold_survives),
        cmocka_unit_test(every_compression_holds_the_same_tar),
        cmocka_unit_test(big_files_are_passed_through),
        cmocka_unit_test(further_names_of_a_file_become_hard_links),
        cmocka_unit_test(deletions_follow_their_directory),
        cmocka_unit_test(the_recycle_bin_and_strange_files_are_left_out),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
