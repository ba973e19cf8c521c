/* SPDX-License-Identifier: MIT */
/* Reading directories of the host for an export. Creation and change times, extended attributes,
 * data streams and links are only told by a real Windows. */
#include "layers/folder_win32.h"
#include "layers/tree_win32.h"
#include "staged_support.h"
#include "unpack_support.h"
#include "win32/path.h"
#include "win32/privilege.h"
#include "win32/utf16.h"

#define LONG_NAME                                                                                  \
    "a-name-of-more-than-a-hundred-characters-so-that-three-of-them-make-a-path-of-which-the-old-" \
    "functions-of-windows-know-nothing"

struct fixture {
    char *directory;
    struct tree_win32 tree_owner;
    struct layer_tree tree;
    struct folder_win32 folder_owner;
    struct layer_folder folder;
};

static int set_up(void **state)
{
    struct error err = {0};
    struct fixture *fixture = xcalloc(1, sizeof(*fixture));
    fixture->directory = make_scratch();
    assert_ok(privilege_enable_for_layers(&err));
    assert_ok(tree_win32_open(fixture->directory, &fixture->tree_owner, &err));
    assert_ok(folder_win32_open(fixture->directory, &fixture->folder_owner, &err));
    fixture->tree = tree_win32_interface(&fixture->tree_owner);
    fixture->folder = folder_win32_interface(&fixture->folder_owner);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    folder_win32_close(&fixture->folder_owner);
    tree_win32_close(&fixture->tree_owner);
    remove_scratch(&fixture->directory);
    free(fixture);
    return 0;
}

static void make(const struct layer_tree *tree, const char *name, const char *content,
                 const struct win_basic_info *basic)
{
    struct error err = {0};
    struct layer_handle handle = {0};
    struct layer_path path = {0};
    assert_ok(layer_path_parse(name, &path, &err));
    if (!content) {
        assert_ok(tree->ops->make_directory(tree->self, &path, &handle, &err));
    } else {
        assert_ok(tree->ops->create_file(tree->self, &path, strlen(content), &handle, &err));
        assert_ok(tree->ops->write(tree->self, handle, content, strlen(content), &err));
    }
    if (basic)
        assert_ok(tree->ops->set_basic(tree->self, handle, basic, &err));
    assert_ok(tree->ops->close(tree->self, &handle, &err));
    layer_path_clear(&path);
}

static void listing(void **state)
{
    const struct fixture *fixture = *state;
    const struct layer_folder *folder = &fixture->folder;
    struct error err = {0};
    CLEANUP(folder_list_clear) struct folder_list list = {0};
    CLEANUP(folder_list_clear) struct folder_list root = {0};
    make(&fixture->tree, "Files", NULL, NULL);
    make(&fixture->tree, "Files/dir", NULL, NULL);
    make(&fixture->tree, "Files/dir/inside", "", NULL);
    make(&fixture->tree, "Files/\xF0\x9F\x98\x80", "x", NULL);
    make(&fixture->tree, "Files/Upper", "x", NULL);
    assert_ok(folder->ops->list(folder->self, "Files", &list, &err));
    folder_list_sort(&list);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.items[0].name, "Upper");
    assert_false(list.items[0].is_directory);
    assert_string_equal(list.items[1].name, "dir");
    assert_true(list.items[1].is_directory);
    assert_string_equal(list.items[2].name, "\xF0\x9F\x98\x80");
    for (size_t i = 0; i < 2; i++) {
        assert_ok(folder->ops->list(folder->self, "", &root, &err));
        assert_int_equal(root.count, i + 1);
        assert_string_equal(root.items[i].name, "Files");
    }
    assert_fails(folder->ops->list(folder->self, "none", &list, &err), ERR_NOT_FOUND, "none");
    assert_fails(folder->ops->list(folder->self, "..", &list, &err), ERR_INTEGRITY, "..");
}

static struct folder_handle open_path(const struct layer_folder *folder, const char *path)
{
    struct error err = {0};
    struct folder_handle handle = {0};
    assert_ok(folder->ops->open(folder->self, path, &handle, &err));
    return handle;
}

static void reading(void **state)
{
    const struct fixture *fixture = *state;
    const struct layer_folder *folder = &fixture->folder;
    struct error err = {0};
    char data[16] = "";
    size_t got = 0;
    make(&fixture->tree, "Files", NULL, NULL);
    make(&fixture->tree, "Files/f", "0123456789", NULL);
    struct folder_handle handle = open_path(folder, "Files\\f");
    assert_ok(
        folder->ops->read_at(folder->self, handle, (struct folder_span){4, 3}, data, &got, &err));
    assert_int_equal(got, 3);
    assert_string_equal(data, "456");
    assert_ok(folder->ops->read_at(folder->self, handle, (struct folder_span){0, sizeof(data)},
                                   data, &got, &err));
    assert_int_equal(got, 10);
    assert_memory_equal(data, "0123456789", 10);
    assert_ok(
        folder->ops->read_at(folder->self, handle, (struct folder_span){10, 1}, data, &got, &err));
    assert_int_equal(got, 0);
    folder->ops->close(folder->self, &handle);
    assert_int_equal(handle.value, 0);
    assert_fails(folder->ops->open(folder->self, "Files\\none", &handle, &err), ERR_NOT_FOUND,
                 "none");
    assert_fails(folder->ops->open(folder->self, "..\\f", &handle, &err), ERR_INTEGRITY, "..");
}

static void what_is_known_about_a_file(void **state)
{
    const struct fixture *fixture = *state;
    const struct layer_folder *folder = &fixture->folder;
    const struct win_basic_info basic = {.access_time = STAGED_TIME - 70,
                                         .write_time = STAGED_TIME,
                                         .attributes =
                                             FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_HIDDEN};
    struct error err = {0};
    struct folder_info first = {0};
    struct folder_info second = {0};
    struct folder_info other = {0};
    CLEANUP(layer_path_clear) struct layer_path path = {0};
    CLEANUP(layer_path_clear) struct layer_path link = {0};
    assert_ok(layer_path_parse("Files/f", &path, &err));
    assert_ok(layer_path_parse("Files/link", &link, &err));
    make(&fixture->tree, "Files", NULL, NULL);
    make(&fixture->tree, "Files/f", "12345", &basic);
    make(&fixture->tree, "Files/other", "", NULL);
    struct folder_handle handle = open_path(folder, "Files\\f");
    assert_ok(folder->ops->read_info(folder->self, handle, &first, &err));
    folder->ops->close(folder->self, &handle);
    assert_int_equal(first.basic.write_time, basic.write_time);
    assert_int_equal(first.basic.access_time, basic.access_time);
    assert_int_equal(first.basic.attributes & 3, 3);
    assert_int_equal(first.size, 5);
    assert_int_equal(first.links, 1);

    assert_ok(fixture->tree.ops->link(fixture->tree.self, &link, &fixture->tree, &path, &err));
    struct folder_info *infos[] = {&first, &second, &other};
    const char *const names[] = {"Files\\f", "Files\\link", "Files\\other"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        handle = open_path(folder, names[i]);
        assert_ok(folder->ops->read_info(folder->self, handle, infos[i], &err));
        folder->ops->close(folder->self, &handle);
    }
    assert_int_equal(first.links, 2);
    assert_int_equal(second.links, 2);
    assert_int_equal(other.links, 1);
    assert_memory_equal(first.id, second.id, FOLDER_ID_SIZE);
    assert_memory_not_equal(first.id, other.id, FOLDER_ID_SIZE);
}

static void the_metadata_of_a_base_layer(void **state)
{
    const struct fixture *fixture = *state;
    const struct layer_folder *folder = &fixture->folder;
    struct error err = {0};
    CLEANUP(buf_clear) struct buf security;
    CLEANUP(buf_clear) struct buf small;
    CLEANUP(buf_clear) struct buf ea;
    CLEANUP(buf_clear) struct buf reparse;
    CLEANUP(folder_streams_clear) struct folder_streams streams = {0};
    buf_init(&security, BUF_UNBOUNDED);
    buf_init(&small, 10);
    buf_init(&ea, BUF_UNBOUNDED);
    buf_init(&reparse, BUF_UNBOUNDED);
    make(&fixture->tree, "Files", NULL, NULL);
    make(&fixture->tree, "Files/f", "12345", NULL);
    struct folder_handle handle = open_path(folder, "Files\\f");
    assert_ok(folder->ops->read_security(folder->self, handle, &security, &err));
    assert_ok(security_descriptor_check(security.data, security.length, &err));
    assert_fails(folder->ops->read_security(folder->self, handle, &small, &err), ERR_INTEGRITY,
                 "limit");
    assert_ok(folder->ops->read_ea(folder->self, handle, &ea, &err));
    assert_int_equal(ea.length, 0);
    assert_ok(folder->ops->list_streams(folder->self, handle, &streams, &err));
    assert_int_equal(streams.count, 0);
    assert_false(folder->ops->read_reparse(folder->self, handle, &reparse, &err));
    assert_non_null(strstr(err.message, "target of the link"));
    error_clear(&err);
    folder->ops->close(folder->self, &handle);
}

/* ---- a folder of ExportLayer on the disk ---- */

static const struct staged files[] = {
    {.path = "Files\\dir", .attributes = 0x10, .has_security = true, .has_ea = true},
    {.path = "Files\\dir\\f",
     .attributes = 0x21,
     .data = "data",
     .has_security = true,
     .has_ea = true,
     .stream_name = "s",
     .stream = "stream"},
    {.path = "Files\\junction", .attributes = 0x410, .link = "C:\\dir", .is_junction = true},
    {.path = "Files\\link", .attributes = 0x420, .link = "dir\\f"},
    {.path = "Files\\" LONG_NAME, .attributes = 0x10},
    {.path = "Files\\" LONG_NAME "\\" LONG_NAME, .attributes = 0x10},
    {.path = "Files\\" LONG_NAME "\\" LONG_NAME "\\" LONG_NAME, .attributes = 0x20, .data = "deep"},
    {.path = "Files\\\xF0\x9F\x98\x80", .attributes = 0x20, .data = "non-BMP"},
};

/* What is in the tree in memory comes to the disk, with the times that can be set everywhere. */
static void copy_to_disk(const struct memory_tree *tree, const struct layer_tree *disk)
{
    for (size_t i = 0; i < tree->count; i++) {
        const struct memory_node *node = tree->nodes[i];
        struct error err = {0};
        struct layer_handle handle = {0};
        struct layer_path path = {.text = node->path, .root = LAYER_ROOT_FILES};
        const struct win_basic_info basic = {.write_time = node->basic.write_time,
                                             .access_time = node->basic.access_time};
        if (node->type == LAYER_DIRECTORY)
            assert_ok(disk->ops->make_directory(disk->self, &path, &handle, &err));
        else
            assert_ok(disk->ops->create_file(disk->self, &path, 0, &handle, &err));
        if (node->data.length > 0)
            assert_ok(
                disk->ops->write(disk->self, handle, node->data.data, node->data.length, &err));
        assert_ok(disk->ops->set_basic(disk->self, handle, &basic, &err));
        assert_ok(disk->ops->close(disk->self, &handle, &err));
    }
}

static void compare(const struct unpacked *got, const struct memory_tree *expected)
{
    size_t compared = 0;
    for (size_t i = 0; i < expected->count; i++) {
        const struct memory_node *node = expected->nodes[i];
        if (str_equal(node->path, "tombstones.txt"))
            continue;
        const struct memory_node *other = node_of(got, node->path);
        compared++;
        assert_int_equal(other->data.length, node->data.length);
        if (node->data.length > 0)
            assert_memory_equal(other->data.data, node->data.data, node->data.length);
        if (node->type == LAYER_FILE && str_starts_with(node->path, "Files\\")) {
            assert_int_equal(other->basic.write_time, node->basic.write_time);
            assert_int_equal(other->basic.access_time, node->basic.access_time);
        }
    }
    assert_int_equal(compared, got->tree.count);
}

static void a_folder_of_export_layer(void **state)
{
    const struct fixture *fixture = *state;
    struct error err = {0};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    CLEANUP(buf_clear) struct buf exported;
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    struct layer_export_result result = {0};
    const struct byte_sink sink = {.write = export_collect, .user = &exported};
    const struct layer_export_request request = {.folder = &fixture->folder,
                                                 .form = LAYER_EXPORT_TRANSPORT,
                                                 .compression = COMPRESS_GZIP,
                                                 .sink = &sink};
    buf_init(&exported, BUF_UNBOUNDED);
    staged_plant_roots(&tree);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        staged_plant(&tree, &files[i]);
    staged_plant_hive(&tree, "System_Delta", "system");
    staged_set_deletions(&tree, "\\dir\\gone\r\n\\gone\r\n");
    copy_to_disk(&tree, &fixture->tree);
    assert_ok(layer_export(&request, &result, NULL, &err));

    CLEANUP(remove_scratch) char *scratch = make_scratch();
    const struct layer_unpack_request unpacking = {.kind = LAYER_DIFF, .diff_id = result.diff_id};
    assert_ok(unpack_archive(&exported, scratch, &unpacking, &u, NULL, &err));
    compare(&u, &tree);
    assert_int_equal(u.result.tombstone_count, 2);
    assert_int_equal(result.entries, ARRAY_SIZE(files) + 2 + 1 + 2);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(listing),
        test(reading),
        test(what_is_known_about_a_file),
        test(the_metadata_of_a_base_layer),
        test(a_folder_of_export_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
