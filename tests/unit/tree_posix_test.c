/* SPDX-License-Identifier: MIT */
/* Layers on top of each other in a tree of real files. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/os.h"
#include "base/sha256.h"
#include "base/strlist.h"
#include "check.h"
#include "layers/merge_tree.h"
#include "layers/tree_posix.h"
#include "layers/unpack.h"
#include "tar_build.h"
#include "write_plainly.h"

#define WHEN(seconds)                                                                              \
    {                                                                                              \
        "mtime", #seconds                                                                          \
    }
#define JUNCTION                                                                                   \
    {                                                                                              \
        "MSWINDOWS.mountpoint", "1"                                                                \
    }
#define DIRECTORY_LINK                                                                             \
    {                                                                                              \
        "MSWINDOWS.fileattr", "1040"                                                               \
    }

#define MAXIMUM_LAYERS 3

static char *scratch;
static char *tree_path;

static int set_up(void **state)
{
    struct error err = {0};
    (void)state;
    scratch = make_scratch();
    tree_path = fs_join(scratch, "tree");
    CLEANUP(str_free) char *outside = fs_join(scratch, "outside");
    CLEANUP(str_free) char *secret = fs_join(outside, "secret");
    assert_ok(fs_make_directories(tree_path, &err));
    assert_ok(fs_make_directories(outside, &err));
    write_plainly(secret, "s", 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    str_free(&tree_path);
    remove_scratch(&scratch);
    return 0;
}

/* ---- what is there ---- */

static void describe_file(struct buf *out, const char *path, const struct stat *status)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf content = {0};
    assert_ok(fs_read_file(path, 1000, &content, &err));
    buf_addf(out, " '%s'", buf_str(&content));
    if (status->st_nlink > 1)
        buf_addf(out, " of %u", (unsigned)status->st_nlink);
}

/* Lines like "a/b 'content' @time", sorted, directories with a slash, links with an arrow. */
static void describe(struct buf *out, const char *root, const char *name)
{
    struct error err = {0};
    struct stat status;
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(str_free) char *path = fs_join(root, name);
    assert_int_equal(lstat(path, &status), 0);
    buf_add_str(out, name);
    if (S_ISLNK(status.st_mode)) {
        char target[200];
        ssize_t length = readlink(path, target, sizeof(target));
        assert_true(length > 0);
        buf_addf(out, " -> %.*s", (int)length, target);
    } else if (S_ISREG(status.st_mode)) {
        describe_file(out, path, &status);
    } else {
        buf_add_str(out, "/");
        assert_ok(fs_list(path, &names, &err));
    }
    /* What layers do not say is the time of the test. */
    if (status.st_mtim.tv_sec < 1800000000 / 2)
        buf_addf(out, " @%lld", (long long)status.st_mtim.tv_sec);
    buf_add_str(out, "\n");
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(str_free) char *child = fs_join(name, names.items[i]);
        describe(out, root, child);
    }
}

static void assert_tree(const char *expected)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf found;
    CLEANUP(strlist_clear) struct strlist names = {0};
    buf_init(&found, BUF_UNBOUNDED);
    assert_ok(fs_list(tree_path, &names, &err));
    for (size_t i = 0; i < names.count; i++)
        describe(&found, tree_path, names.items[i]);
    assert_string_equal(buf_str(&found), expected);
}

static void assert_outside_is_untouched(void)
{
    struct error err = {0};
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(buf_clear) struct buf content = {0};
    CLEANUP(str_free) char *outside = fs_join(scratch, "outside");
    CLEANUP(str_free) char *secret = fs_join(outside, "secret");
    struct stat status;
    assert_ok(fs_list(outside, &names, &err));
    assert_int_equal(names.count, 1);
    assert_ok(fs_read_file(secret, 10, &content, &err));
    assert_string_equal(buf_str(&content), "s");
    assert_int_equal(stat(secret, &status), 0);
    assert_int_equal(status.st_nlink, 1);
}

/* ---- unpacking ---- */

struct unpacked {
    struct tree_posix *tree;
    struct merge_tree *merged;
};

static void unpacked_clear(struct unpacked *unpacked)
{
    merge_tree_close(&unpacked->merged);
    tree_posix_close(&unpacked->tree);
}

static void open_tree(struct unpacked *unpacked)
{
    struct error err = {0};
    assert_ok(tree_posix_open(tree_path, &unpacked->tree, &err));
    struct layer_tree below = tree_posix_interface(unpacked->tree);
    assert_ok(merge_tree_open(&below, &unpacked->merged, &err));
}

static bool unpack_layer(struct unpacked *unpacked, const struct tar_build_entry *entries,
                         enum layer_kind kind, struct error *err)
{
    CLEANUP(buf_clear) struct buf archive;
    CLEANUP(str_free) char *path = fs_join(scratch, "blob");
    CLEANUP(file_source_close) struct file_source file = {0};
    CLEANUP(layer_unpack_result_clear) struct layer_unpack_result result = {0};
    struct error opening = {0};
    tar_build_all(&archive, entries);
    write_plainly(path, archive.data, archive.length);
    assert_true(file_source_open(path, &file, &opening));
    const struct byte_source source = file_source_interface(&file);
    struct layer_tree tree = merge_tree_interface(unpacked->merged);
    struct sha256 hash;
    sha256_init(&hash);
    sha256_update(&hash, archive.data, archive.length);
    const struct layer_unpack_request request = {
        .source = &source,
        .diff_id = sha256_final_digest(&hash),
        .kind = kind,
        .format = LAYER_PLAIN,
        .tree = &tree,
        .parents = &tree,
        .parent_count = kind == LAYER_BASE ? 0 : 1,
        .with_utility_vm = true,
    };
    merge_tree_begin_layer(unpacked->merged);
    return layer_unpack(&request, &result, NULL, err);
}

static bool unpack_all(struct unpacked *unpacked, const struct tar_build_entry *const *layers,
                       struct error *err)
{
    bool good = true;
    open_tree(unpacked);
    for (size_t i = 0; good && i < MAXIMUM_LAYERS && layers[i]; i++)
        good = unpack_layer(unpacked, layers[i], i == 0 ? LAYER_BASE : LAYER_DIFF, err);
    return good;
}

/* ---- what layers do to each other ---- */

static const struct tar_build_entry base[] = {
    {.type = '5', .name = "Files", .records = {WHEN(100)}},
    {.type = '5', .name = "Files/keep", .records = {WHEN(101)}},
    {.type = '0', .name = "Files/keep/a", .data = "a", .records = {WHEN(102)}},
    {.type = '0', .name = "Files/keep/b", .data = "b", .records = {WHEN(103)}},
    {.type = '1', .name = "Files/keep/c", .target = "Files/keep/a"},
    {.type = '2', .name = "Files/keep/link", .target = "..\\x", .records = {WHEN(104)}},
    {.type = '5', .name = "Files/tree", .records = {WHEN(105)}},
    {.type = '5', .name = "Files/tree/sub", .records = {WHEN(106)}},
    {.type = '0', .name = "Files/tree/sub/f", .data = "f", .records = {WHEN(107)}},
    {.type = '5', .name = "UtilityVM"},
    {.type = '5', .name = "UtilityVM/Files", .records = {WHEN(108)}},
    {.name = NULL},
};

#define UTILITY_VM "UtilityVM/\nUtilityVM/Files/ @108\n"

static const struct {
    const char *label;
    const struct tar_build_entry upper[8];
    const char *expected;
} merges[] = {
    {"a file is replaced, its other name keeps the content",
     {{.type = '0', .name = "Files/keep/a", .data = "new", .records = {WHEN(200)}}},
     "Files/ @100\nFiles/keep/ @101\nFiles/keep/a 'new' @200\nFiles/keep/b 'b' @103\n"
     "Files/keep/c 'a' @102\nFiles/keep/link -> ../x @104\nFiles/tree/ @105\n"
     "Files/tree/sub/ @106\nFiles/tree/sub/f 'f' @107\n" UTILITY_VM},
    {"whiteouts of a file, a link and a tree",
     {{.type = '5', .name = "Files", .records = {WHEN(300)}},
      {.type = '0', .name = "Files/.wh.tree"},
      {.type = '0', .name = "Files/keep/.wh.a"},
      {.type = '0', .name = "Files/keep/.wh.link"},
      {.type = '0', .name = "Files/keep/.wh.absent"}},
     "Files/ @300\nFiles/keep/ @101\nFiles/keep/b 'b' @103\nFiles/keep/c 'a' @102\n" UTILITY_VM},
    {"an opaque directory has what the layer says, and its own",
     {{.type = '5', .name = "Files/tree", .records = {WHEN(301)}},
      {.type = '0', .name = "Files/tree/.wh..wh..opq"},
      {.type = '0', .name = "Files/tree/g", .data = "g", .records = {WHEN(302)}},
      {.type = '0', .name = "Files/keep/.wh..wh..opq"}},
     "Files/ @100\nFiles/keep/ @101\nFiles/tree/ @301\nFiles/tree/g 'g' @302\n" UTILITY_VM},
    {"a hard link to what a lower layer has, which is then deleted",
     {{.type = '1', .name = "Files/moved", .target = "Files/tree/sub/f"},
      {.type = '0', .name = "Files/tree/sub/.wh.f"}},
     "Files/ @100\nFiles/keep/ @101\nFiles/keep/a 'a' of 2 @102\nFiles/keep/b 'b' @103\n"
     "Files/keep/c 'a' of 2 @102\nFiles/keep/link -> ../x @104\nFiles/moved 'f' @107\n"
     "Files/tree/ @105\nFiles/tree/sub/ @106\n" UTILITY_VM},
    {"kinds change: directory to file, to link; file and link to directory",
     {{.type = '0', .name = "Files/tree", .data = "t", .records = {WHEN(400)}},
      {.type = '5', .name = "Files/keep/a", .records = {WHEN(401)}},
      {.type = '0', .name = "Files/keep/a/in", .data = "i", .records = {WHEN(402)}},
      {.type = '0', .name = "Files/keep/link/in", .data = "j", .records = {WHEN(403)}},
      {.type = '2', .name = "Files/keep/b", .target = "C:\\b", .records = {WHEN(404)}}},
     "Files/ @100\nFiles/keep/ @101\nFiles/keep/a/ @401\nFiles/keep/a/in 'i' @402\n"
     "Files/keep/b -> C:/b @404\nFiles/keep/c 'a' @102\nFiles/keep/link/\n"
     "Files/keep/link/in 'j' @403\nFiles/tree 't' @400\n" UTILITY_VM},
    {"a junction replaces a directory with all it has",
     {{.type = '2',
       .name = "Files/tree",
       .target = "C:\\keep",
       .records = {JUNCTION, DIRECTORY_LINK, WHEN(500)}},
      {.type = '0', .name = "Files/keep/.wh..wh..opq"}},
     "Files/ @100\nFiles/keep/ @101\nFiles/tree -> C:/keep @500\n" UTILITY_VM},
    {"names are the same in any case; directories keep the first spelling",
     {{.type = '0', .name = "Files/KEEP/A", .data = "A", .records = {WHEN(600)}},
      {.type = '0', .name = "Files/Keep/.wh.B"},
      {.type = '1', .name = "Files/kEEP/Linked", .target = "FILES/TREE/SUB/F"},
      {.type = '0', .name = "Files/Keep/.wh.Link"},
      {.type = '0', .name = "Files/.wh.TREE"}},
     "Files/ @100\nFiles/keep/ @101\nFiles/keep/A 'A' @600\nFiles/keep/Linked 'f' @107\n"
     "Files/keep/c 'a' @102\n" UTILITY_VM},
    {"the utility VM's files are files like others",
     {{.type = '0', .name = "UtilityVM/Files/u", .data = "u", .records = {WHEN(700)}},
      {.type = '1', .name = "UtilityVM/Files/v", .target = "Files/tree/sub/f"},
      {.type = '0', .name = "Files/.wh.keep"}},
     "Files/ @100\nFiles/tree/ @105\nFiles/tree/sub/ @106\nFiles/tree/sub/f 'f' of 2 @107\n"
     "UtilityVM/\nUtilityVM/Files/ @108\nUtilityVM/Files/u 'u' @700\n"
     "UtilityVM/Files/v 'f' of 2 @107\n"},
};

TEST(layers_lie_on_top_of_each_other)
{
    for (size_t i = 0; i < ARRAY_SIZE(merges); i++) {
        struct error err = {0};
        CLEANUP(unpacked_clear) struct unpacked unpacked = {0};
        const struct tar_build_entry *const layers[MAXIMUM_LAYERS] = {base, merges[i].upper};
        print_message("  %s\n", merges[i].label);
        assert_ok(fs_remove_tree(tree_path, &err));
        assert_ok(fs_make_directories(tree_path, &err));
        assert_ok(unpack_all(&unpacked, layers, &err));
        assert_tree(merges[i].expected);
    }
}

TEST(what_is_there_and_what_is_not_is_counted)
{
    static const struct tar_build_entry upper[] = {
        {.type = '0',
         .name = "Files/keep/a",
         .data = "four",
         .records = {{"MSWINDOWS.xattr.E", "eA=="}}},
        {.type = '0', .name = "Files/keep/a:stream", .data = "not counted"},
        {.type = '0', .name = "Files/keep/hidden", .records = {{"MSWINDOWS.fileattr", "34"}}},
        {.type = '0', .name = "Files/.wh.tree"},
        {.name = NULL},
    };
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked unpacked = {0};
    const struct tar_build_entry *const layers[MAXIMUM_LAYERS] = {base, upper};
    assert_ok(unpack_all(&unpacked, layers, &err));
    struct tree_posix_content content = tree_posix_content(unpacked.tree);
    assert_int_equal(content.directories, 4);
    assert_int_equal(content.files, 4);
    assert_int_equal(content.hard_links, 0);
    assert_int_equal(content.links, 1);
    assert_int_equal(content.bytes, 4 + 1 + 1);
    struct tree_posix_omissions omissions = tree_posix_omissions(unpacked.tree);
    assert_int_equal(omissions.extended_attributes, 1);
    assert_int_equal(omissions.streams, 1);
    assert_int_equal(omissions.attributes, 1);
    assert_int_equal(omissions.security_descriptors, 0);
}

/* ---- layers that want out ---- */

#define ESCAPE "../../outside"

static const struct {
    const char *label;
    const struct tar_build_entry layers[MAXIMUM_LAYERS][5];
    const char *message; /* NULL: it is unpacked, and does no harm */
} attacks[] = {
    {"a file through a link of the same layer",
     {{{.type = '5', .name = "Files"},
       {.type = '2', .name = "Files/l", .target = ESCAPE},
       {.type = '0', .name = "Files/l/evil", .data = "x"}}},
     "which is a link"},
    {"a file through a link of a lower layer",
     {{{.type = '5', .name = "Files"}, {.type = '2', .name = "Files/l", .target = ESCAPE}},
      {{.type = '0', .name = "Files/l/evil", .data = "x"}}},
     NULL},
    {"a directory over a link of a lower layer",
     {{{.type = '5', .name = "Files"}, {.type = '2', .name = "Files/l", .target = ESCAPE}},
      {{.type = '5', .name = "Files/l"}, {.type = '0', .name = "Files/l/secret", .data = "x"}}},
     NULL},
    {"a hard link to what a link leads to",
     {{{.type = '5', .name = "Files"}, {.type = '2', .name = "Files/l", .target = ESCAPE}},
      {{.type = '1', .name = "Files/h", .target = "Files/l/secret"}}},
     "which is no file"},
    {"a hard link to a link",
     {{{.type = '5', .name = "Files"},
       {.type = '2', .name = "Files/l", .target = ESCAPE "/secret"}},
      {{.type = '1', .name = "Files/h", .target = "Files/l"}}},
     "which is no file"},
    {"a file over a link to a file",
     {{{.type = '5', .name = "Files"},
       {.type = '2', .name = "Files/l", .target = ESCAPE "/secret"}},
      {{.type = '0', .name = "Files/l", .data = "x"}}},
     NULL},
    {"a whiteout through a link",
     {{{.type = '5', .name = "Files"}, {.type = '2', .name = "Files/l", .target = ESCAPE}},
      {{.type = '0', .name = "Files/l/.wh.secret"}}},
     NULL},
    {"an opaque whiteout of a link",
     {{{.type = '5', .name = "Files"}, {.type = '2', .name = "Files/l", .target = ESCAPE}},
      {{.type = '0', .name = "Files/l/.wh..wh..opq"}}},
     NULL},
    {"a whiteout of a link",
     {{{.type = '5', .name = "Files"}, {.type = '2', .name = "Files/l", .target = ESCAPE}},
      {{.type = '0', .name = "Files/.wh.l"}}},
     NULL},
    {"names that climb",
     {{{.type = '5', .name = "Files"}, {.type = '0', .name = "Files/../../outside/evil"}}},
     "'..' component"},
    {"whiteouts that climb",
     {{{.type = '5', .name = "Files"}}, {{.type = '0', .name = "Files/../../outside/.wh.secret"}}},
     "'..' component"},
    {"hard links that climb",
     {{{.type = '5', .name = "Files"},
       {.type = '1', .name = "Files/h", .target = "Files/../../outside/secret"}}},
     "'..' component"},
    {"absolute names",
     {{{.type = '5', .name = "Files"}, {.type = '0', .name = "/Files/evil"}}},
     "absolute"},
};

TEST(nothing_outside_is_touched)
{
    for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
        struct error err = {0};
        CLEANUP(unpacked_clear) struct unpacked unpacked = {0};
        const struct tar_build_entry *layers[MAXIMUM_LAYERS] = {0};
        for (size_t j = 0; j < MAXIMUM_LAYERS && attacks[i].layers[j][0].name; j++)
            layers[j] = attacks[i].layers[j];
        print_message("  %s\n", attacks[i].label);
        assert_ok(fs_remove_tree(tree_path, &err));
        assert_ok(fs_make_directories(tree_path, &err));
        if (attacks[i].message)
            assert_fails(unpack_all(&unpacked, layers, &err), ERR_INTEGRITY, attacks[i].message);
        else
            assert_ok(unpack_all(&unpacked, layers, &err));
        assert_outside_is_untouched();
    }
}

/* ---- the tree alone ---- */

static struct layer_path path_of(const char *text)
{
    struct error err = {0};
    struct layer_path path = {0};
    assert_ok(layer_path_parse(text, &path, &err));
    return path;
}

static bool create(struct tree_posix *tree, const char *name, struct error *err)
{
    struct layer_tree view = tree_posix_interface(tree);
    struct layer_handle handle = {0};
    CLEANUP(layer_path_clear) struct layer_path path = path_of(name);
    return view.ops->create_file(view.self, &path, 0, &handle, err)
        && view.ops->close(view.self, &handle, err);
}

static bool make(struct tree_posix *tree, const char *name, struct error *err)
{
    struct layer_tree view = tree_posix_interface(tree);
    struct layer_handle handle = {0};
    CLEANUP(layer_path_clear) struct layer_path path = path_of(name);
    return view.ops->make_directory(view.self, &path, &handle, err)
        && view.ops->close(view.self, &handle, err);
}

static void close_tree(struct tree_posix **tree)
{
    tree_posix_close(tree);
}

/* A tree does not rely on the rules: what somebody has put there meanwhile is not followed. */
TEST(links_are_never_followed)
{
    struct error err = {0};
    CLEANUP(close_tree) struct tree_posix *tree = NULL;
    CLEANUP(str_free) char *link = fs_join(tree_path, "Files");
    CLEANUP(str_free) char *target = NULL;
    CLEANUP(str_free) char *outside = fs_join(scratch, "outside");
    assert_ok(fs_absolute(outside, &target, &err));
    assert_int_equal(symlink(target, link), 0);
    assert_ok(tree_posix_open(tree_path, &tree, &err));
    assert_fails(create(tree, "Files/evil", &err), ERR_NOT_FOUND, "create");
    assert_fails(make(tree, "Files", &err), ERR_BUSY, "make the directory");
    assert_outside_is_untouched();

    CLEANUP(layer_path_clear) struct layer_path path = path_of("Files");
    struct layer_tree view = tree_posix_interface(tree);
    enum layer_object_type type = LAYER_ABSENT;
    assert_ok(view.ops->type_of(view.self, &path, &type, &err));
    assert_int_equal(type, LAYER_LINK);
    assert_ok(view.ops->remove(view.self, &path, &err));
    assert_outside_is_untouched();
}

TEST(names_that_are_taken_or_too_long)
{
    struct error err = {0};
    CLEANUP(close_tree) struct tree_posix *tree = NULL;
    CLEANUP(buf_clear) struct buf name;
    buf_init(&name, BUF_UNBOUNDED);
    buf_add_str(&name, "Files/");
    /* 200 characters for Windows, 400 bytes here. */
    for (int i = 0; i < 200; i++)
        buf_add_str(&name, "\xC3\xA9");
    assert_ok(tree_posix_open(tree_path, &tree, &err));
    assert_ok(make(tree, "Files", &err));
    assert_ok(create(tree, "Files/a", &err));
    assert_fails(create(tree, "Files/a", &err), ERR_BUSY, "create");
    assert_fails(create(tree, "Files/none/a", &err), ERR_NOT_FOUND, "create");
    assert_fails(create(tree, "Files/a/b", &err), ERR_NOT_FOUND, "create");
    assert_false(create(tree, buf_str(&name), &err));
    assert_string_equal(err.hint, "this file system takes no names of more than 255 bytes");
    error_clear(&err);
}

TEST(a_directory_that_was_removed_is_not_remembered)
{
    struct error err = {0};
    CLEANUP(close_tree) struct tree_posix *tree = NULL;
    CLEANUP(layer_path_clear) struct layer_path path = path_of("Files/d");
    assert_ok(tree_posix_open(tree_path, &tree, &err));
    struct layer_tree view = tree_posix_interface(tree);
    assert_ok(make(tree, "Files", &err));
    assert_ok(make(tree, "Files/d", &err));
    assert_ok(make(tree, "Files/d/e", &err));
    assert_ok(create(tree, "Files/d/e/f", &err));
    assert_ok(view.ops->remove(view.self, &path, &err));
    assert_fails(create(tree, "Files/d/e/f", &err), ERR_NOT_FOUND, "create");
    assert_ok(make(tree, "Files/d", &err));
    assert_ok(create(tree, "Files/d/g", &err));
    struct tree_posix_content content = tree_posix_content(tree);
    assert_int_equal(content.directories, 2);
    assert_int_equal(content.files, 1);
}

struct maker {
    struct tree_posix *tree;
    unsigned number;
    bool failed;
};

static void make_many(void *argument)
{
    struct maker *maker = argument;
    struct error err = {0};
    for (unsigned i = 0; i < 500 && !maker->failed; i++) {
        /* More directories than are kept open. */
        CLEANUP(str_free) char *name = str_format("Files/%u/%u-%u", i % 100, maker->number, i);
        maker->failed = !create(maker->tree, name, &err);
    }
    error_clear(&err);
}

TEST(several_threads_make_files)
{
    struct error err = {0};
    CLEANUP(close_tree) struct tree_posix *tree = NULL;
    struct os_thread threads[4] = {0};
    struct maker makers[4] = {0};
    assert_ok(tree_posix_open(tree_path, &tree, &err));
    assert_ok(make(tree, "Files", &err));
    for (unsigned i = 0; i < 100; i++) {
        CLEANUP(str_free) char *name = str_format("Files/%u", i);
        assert_ok(make(tree, name, &err));
    }
    for (unsigned i = 0; i < ARRAY_SIZE(threads); i++) {
        makers[i] = (struct maker){.tree = tree, .number = i};
        assert_ok(os_thread_start(&threads[i], make_many, &makers[i], &err));
    }
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
        os_thread_join(&threads[i]);
        assert_false(makers[i].failed);
    }
    assert_int_equal(tree_posix_content(tree).files, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(layers_lie_on_top_of_each_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_there_and_what_is_not_is_counted, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_outside_is_touched, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_are_never_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_that_are_taken_or_too_long, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_directory_that_was_removed_is_not_remembered, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(several_threads_make_files, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("tree_posix", tests, NULL, NULL);
}
