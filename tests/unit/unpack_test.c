/* SPDX-License-Identifier: MIT */
#include "layers/unpack.h"

#include "base/base64.h"
#include "scratch_fixture.h"
#include "unpack_support.h"

#define SD                                                                                         \
    "AQAEgBQAAAAkAAAAAAAAADAAAAABAgAAAAAABSAAAAAgAgAAAQEAAAAAAAUSAAAAAgA0AAIAAAAAAxQA/wEfAAEBAAAA" \
    "AAAFEgAAAAADGAD/AR8AAQIAAAAAAAUgAAAAIAIAAA=="
#define ENTRIES 8

static const struct layer_unpack_request base_request = {.kind = LAYER_BASE};
static const struct layer_unpack_request diff_request = {.kind = LAYER_DIFF};

static bool unpack(const struct tar_build_entry *entries,
                   const struct layer_unpack_request *request, struct unpacked *ret,
                   struct error *err)
{
    CLEANUP(buf_clear) struct buf archive;
    tar_build_all(&archive, entries);
    return unpack_archive(&archive, scratch, request, ret, NULL, err);
}

/* ---- good layers ---- */

static const struct tar_build_entry ordinary[] = {
    {.type = '5', .name = "Files/", .records = {{"MSWINDOWS.rawsd", SD}, {"mtime", "1700000001"}}},
    {.type = '5', .name = "Files/dir", .records = {{"MSWINDOWS.fileattr", "18"}}},
    {.type = '0', .name = "Files/dir:stream", .data = "of a directory"},
    {.type = '0',
     .name = "Files/dir/a.txt",
     .data = "main",
     .records = {{"MSWINDOWS.fileattr", "33"},
                 {"MSWINDOWS.rawsd", SD},
                 {"MSWINDOWS.xattr.E", "AQI="},
                 {"mtime", "1700000002"}}},
    {.type = '0', .name = "Files/dir/a.txt:one", .data = "1"},
    {.type = '0', .name = "Files/dir/a.txt:two", .data = ""},
    {.type = '1', .name = "Files/dir/b.txt", .target = "Files/dir/a.txt"},
    {.type = '2',
     .name = "Files/sym",
     .target = "dir/a.txt",
     .records = {{"MSWINDOWS.fileattr", "1056"}}},
    {.type = '2',
     .name = "Files/junction",
     .target = "C:\\dir",
     .records = {{"MSWINDOWS.fileattr", "1040"}, {"MSWINDOWS.mountpoint", "1"}}},
    {.type = '0', .name = "Files/dir/empty"},
    {0},
};

TEST(a_base_layer_becomes_real_files)
{
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    assert_ok(unpack(ordinary, &base_request, &u, &err));
    assert_string_equal(buf_str(&u.tree.log),
                        "mkdir Files\n"
                        "mkdir Files\\dir\n"
                        "mkdir Files\\junction\n"
                        "link Files\\dir\\b.txt -> Files\\dir\\a.txt\n"
                        "open Files\\junction\n"
                        "basic Files\\junction\n"
                        "open Files\\dir\n"
                        "basic Files\\dir\n"
                        "open Files\n"
                        "basic Files\n");
    const struct memory_node *a = node_of(&u, "Files\\dir\\a.txt");
    assert_string_equal(buf_str(&a->data), "main");
    assert_int_equal(a->promised, 4);
    assert_int_equal(a->security.length, 100);
    assert_int_equal(a->ea.length, 12);
    assert_int_equal(a->basic.attributes, 0x21);
    assert_int_equal(a->basic.write_time, INT64_C(133444736020000000));
    assert_int_equal(a->stream_count, 2);
    assert_string_equal(a->streams[0].name, "one");
    assert_string_equal(buf_str(&a->streams[0].data), "1");
    assert_string_equal(a->streams[1].name, "two");
    assert_int_equal(a->streams[1].data.length, 0);

    const struct memory_node *dir = node_of(&u, "Files\\dir");
    assert_int_equal(dir->basic.attributes, 2);
    assert_string_equal(buf_str(&dir->streams[0].data), "of a directory");
    assert_int_equal(node_of(&u, "Files")->security.length, 100);
    assert_int_equal(node_of(&u, "Files")->basic.write_time, INT64_C(133444736010000000));
    assert_int_equal(node_of(&u, "Files\\sym")->type, LAYER_LINK);
    assert_int_equal(node_of(&u, "Files\\junction")->reparse.data[0], 3);

    assert_int_equal(node_of(&u, "Files\\dir\\empty")->type, LAYER_FILE);
    assert_int_equal(u.tree.count, 7);

    assert_int_equal(u.result.entries, 10);
    assert_int_equal(u.result.link_count, 1);
    assert_int_equal(u.result.tombstone_count, 0);
    assert_false(u.result.has_utility_vm);
    assert_false(u.result.needs_utility_vm);
}

TEST(a_diff_layer_becomes_the_import_format)
{
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    assert_ok(unpack(ordinary, &diff_request, &u, &err));
    assert_string_equal(buf_str(&u.tree.log),
                        "mkdir Files\n"
                        "mkdir Files\\dir\n"
                        "mkdir Files\\junction\n");
    static const char dir[] = "\x12\0\0\0"
                              "\4\0\0\0\0\0\0\0\x0e\0\0\0\0\0\0\0\x1a\0\0\0"
                              ":\0s\0t\0r\0e\0a\0m\0:\0$\0D\0A\0T\0A\0"
                              "of a directory";
    const struct memory_node *node = node_of(&u, "Files\\dir.$wcidirs$");
    assert_int_equal(node->data.length, sizeof(dir) - 1);
    assert_memory_equal(node->data.data, dir, sizeof(dir) - 1);
    assert_int_equal(node->basic.attributes, 0);
    static const char empty[] = "\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    assert_int_equal(u.tree.count, 9);
    node = node_of(&u, "Files\\dir\\empty");
    assert_int_equal(node->data.length, 24);
    assert_memory_equal(node->data.data, empty, 24);
    /* Attributes, security, EAs, data, two streams. */
    node = node_of(&u, "Files\\dir\\a.txt");
    assert_int_equal(node->data.length, 4 + 120 + 32 + 24 + 20 + 20 + 1 + 20 + 20);
    assert_int_equal(node->promised, node->data.length);
    assert_int_equal(node->security.length, 0);
    assert_int_equal(node->basic.write_time, INT64_C(133444736020000000));

    assert_int_equal(u.result.link_count, 1);
    assert_string_equal(u.result.links[0].path.text, "Files\\dir\\b.txt");
    assert_string_equal(u.result.links[0].target.text, "Files\\dir\\a.txt");
    assert_int_equal(u.result.links[0].parent, LAYER_LINK_IN_LAYER);
    assert_int_equal(u.result.directory_count, 3);
    assert_string_equal(u.result.directories[0].path.text, "Files");
    assert_string_equal(u.result.directories[1].path.text, "Files\\dir");
    assert_int_equal(u.result.directories[1].basic.attributes, 2);
    assert_string_equal(u.result.directories[2].path.text, "Files\\junction");
}

TEST(large_files_are_written_whole_in_both_ways)
{
    static const size_t lengths[] = {65400, 65500, 65512, 65536, 65537, 200000};
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        CLEANUP(str_free) char *data = xmalloc(lengths[i] + 1);
        for (size_t at = 0; at < lengths[i]; at++)
            data[at] = (char)('a' + at % 23);
        data[lengths[i]] = '\0';
        const struct tar_build_entry entries[] = {
            {.type = '0', .name = "Files/f", .data = data},
            {.type = '0', .name = "Files/f:s", .data = data},
            {0},
        };
        struct error err = {0};
        CLEANUP(unpacked_clear) struct unpacked base = {0};
        CLEANUP(unpacked_clear) struct unpacked diff = {0};
        assert_ok(unpack(entries, &base_request, &base, &err));
        assert_ok(unpack(entries, &diff_request, &diff, &err));
        assert_string_equal(buf_str(&node_of(&base, "Files\\f")->data), data);
        assert_string_equal(buf_str(&node_of(&base, "Files\\f")->streams[0].data), data);
        const struct buf *staged = &node_of(&diff, "Files\\f")->data;
        assert_int_equal(staged->length, 24 + lengths[i] + 36 + lengths[i]);
        assert_memory_equal(staged->data + 24, data, lengths[i]);
        assert_memory_equal(staged->data + 24 + lengths[i] + 36, data, lengths[i]);
    }
}

TEST(missing_parents_are_made)
{
    static const struct tar_build_entry entries[] = {
        {.type = '0', .name = "Files/a/b/c", .data = "x"},
        {.type = '5', .name = "Files/a/", .records = {{"MSWINDOWS.rawsd", SD}}},
        {.type = '0', .name = "Files/A/d", .data = "y"},
        {0},
    };
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked base = {0};
    assert_ok(unpack(entries, &base_request, &base, &err));
    assert_string_equal(buf_str(&base.tree.log),
                        "mkdir Files\n"
                        "mkdir Files\\a\n"
                        "mkdir Files\\a\\b\n"
                        "open Files\\a\n"
                        "open Files\n"
                        "open Files\\a\\b\n"
                        "open Files\\a\n"
                        "basic Files\\a\n");
    assert_int_equal(node_of(&base, "Files\\a")->security.length, 100);

    CLEANUP(unpacked_clear) struct unpacked diff = {0};
    assert_ok(unpack(entries, &diff_request, &diff, &err));
    assert_int_equal(node_of(&diff, "Files\\a.$wcidirs$")->data.length, 124);
    const struct buf *implied = &node_of(&diff, "Files\\a\\b.$wcidirs$")->data;
    assert_int_equal(implied->length, 4);
    assert_memory_equal(implied->data, "\x10\0\0\0", 4);
    assert_int_equal(node_of(&diff, "Files.$wcidirs$")->data.length, 4);
    assert_int_equal(diff.result.directory_count, 3);
}

TEST(directories_that_are_not_mentioned_keep_the_metadata_of_the_parents)
{
    static const struct tar_build_entry lower[] = {
        {.type = '5', .name = "Files", .records = {{"MSWINDOWS.rawsd", SD}}},
        {.type = '5', .name = "Files/a", .records = {{"MSWINDOWS.rawsd", SD}}},
        {.type = '0', .name = "Files/f"},
        {0},
    };
    static const struct tar_build_entry upper[] = {
        {.type = '5',
         .name = "Files/a",
         .records = {{"MSWINDOWS.fileattr", "8210"}, {"mtime", "1700000009"}}},
        {0},
    };
    static const struct tar_build_entry entries[] = {
        {.type = '0', .name = "Files/a/x"},
        {.type = '0', .name = "Files/f/x"},
        {.type = '0', .name = "Files/new/x"},
        {0},
    };
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked bottom = {0};
    CLEANUP(unpacked_clear) struct unpacked middle = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    assert_ok(unpack(lower, &base_request, &bottom, &err));
    assert_ok(unpack(upper, &base_request, &middle, &err));
    /* As in an imported layer, which has only what its tar has. */
    memory_forget(&middle.tree, "Files");
    const struct layer_tree parents[] = {middle.layer_tree, bottom.layer_tree};
    struct layer_unpack_request request = diff_request;
    request.parents = parents;
    request.parent_count = 2;
    assert_ok(unpack(entries, &request, &u, &err));
    assert_int_equal(node_of(&u, "Files.$wcidirs$")->data.length, 124);
    /* The topmost parent that has it counts: no security, its own attributes and time. */
    const struct memory_node *a = node_of(&u, "Files\\a.$wcidirs$");
    assert_int_equal(a->data.length, 4);
    assert_memory_equal(a->data.data, "\x12\x20\0\0", 4);
    assert_int_equal(a->basic.write_time, INT64_C(133444736090000000));
    /* A file in the parents, and nothing in the parents. */
    assert_memory_equal(node_of(&u, "Files\\f.$wcidirs$")->data.data, "\x10\0\0\0", 4);
    assert_memory_equal(node_of(&u, "Files\\new.$wcidirs$")->data.data, "\x10\0\0\0", 4);
    assert_int_equal(u.result.directory_count, 4);
    assert_string_equal(u.result.directories[1].path.text, "Files\\a");
    assert_int_equal(u.result.directories[1].basic.attributes, 0x2002);

    for (size_t k = 1; k <= 2; k++) {
        CLEANUP(unpacked_clear) struct unpacked failed = {0};
        bottom.tree.fail_at = bottom.tree.calls + k;
        assert_fails(unpack(entries, &request, &failed, &err), ERR_OS, "injected failure");
    }
}

/* ---- security descriptors in text form ---- */

/* Stands for Windows: "O:BA" becomes SD, "O:SY" something that is none, all else is refused. */
static bool from_sddl(const char *sddl, struct buf *ret, struct error *err)
{
    if (!strcmp(sddl, "O:BA"))
        return base64_decode(SD, strlen(SD), ret, err);
    return !strcmp(sddl, "O:SY") ? buf_append(ret, "nonsense", 8, err)
                                 : error_set(err, ERR_INTEGRITY, "no such account");
}

TEST(descriptors_in_text_form_are_converted_where_that_can_be_done)
{
    static const struct tar_build_entry entries[] = {
        {.type = '5', .name = "Files", .records = {{"MSWINDOWS.sd", "O:BA"}}},
        {.type = '0',
         .name = "Files/f",
         .records = {{"MSWINDOWS.sd", "O:XX"}, {"MSWINDOWS.rawsd", SD}}},
        {0},
    };
    struct error err = {0};
    struct layer_unpack_request request = base_request;
    CLEANUP(unpacked_clear) struct unpacked without = {0};
    assert_ok(unpack(entries, &request, &without, &err));
    assert_int_equal(node_of(&without, "Files")->security.length, 0);
    assert_int_equal(node_of(&without, "Files\\f")->security.length, 100);

    request.security_from_sddl = from_sddl;
    CLEANUP(unpacked_clear) struct unpacked base = {0};
    assert_ok(unpack(entries, &request, &base, &err));
    assert_int_equal(node_of(&base, "Files")->security.length, 100);
    assert_int_equal(node_of(&base, "Files\\f")->security.length, 100);

    request.kind = LAYER_DIFF;
    CLEANUP(unpacked_clear) struct unpacked diff = {0};
    assert_ok(unpack(entries, &request, &diff, &err));
    assert_int_equal(node_of(&diff, "Files.$wcidirs$")->data.length, 124);

    static const char *const bad[][2] = {{"O:SY", "entry 'Files/f': record MSWINDOWS.sd: not a"},
                                         {"O:LA", "record MSWINDOWS.sd: no such account"},
                                         {"O:", "record MSWINDOWS.sd: not a security descriptor"}};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        const struct tar_build_entry wrong[] = {
            {.type = '0', .name = "Files/f", .records = {{"MSWINDOWS.sd", bad[i][0]}}}, {0}};
        CLEANUP(unpacked_clear) struct unpacked refused = {0};
        assert_fails(unpack(wrong, &request, &refused, &err), ERR_INTEGRITY, bad[i][1]);
    }
}

TEST(the_directory_of_the_layer_itself_is_passed_over)
{
    static const struct tar_build_entry entries[] = {
        {.type = '5', .name = "./", .records = {{"MSWINDOWS.rawsd", "?"}}},
        {.type = '5', .name = "./Files/"},
        {.type = '0', .name = "./Files/f", .data = "x"},
        {0},
    };
    static const struct tar_build_entry file[] = {{.type = '0', .name = "."}, {0}};
    static const struct tar_build_entry link[] = {{.type = '2', .name = "./", .target = "C:"}, {0}};
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    assert_ok(unpack(entries, &base_request, &u, &err));
    assert_int_equal(u.tree.count, 2);
    assert_int_equal(u.result.directory_count, 1);
    CLEANUP(unpacked_clear) struct unpacked one = {0};
    CLEANUP(unpacked_clear) struct unpacked two = {0};
    assert_fails(unpack(file, &base_request, &one, &err), ERR_INTEGRITY, "'.' or '..'");
    assert_fails(unpack(link, &base_request, &two, &err), ERR_INTEGRITY, "is empty");
}

TEST(hives_of_a_diff_layer_stay_raw)
{
    static const struct tar_build_entry entries[] = {
        {.type = '5', .name = "Hives"},
        {.type = '0',
         .name = "Hives/System_Delta",
         .data = "regf",
         .records = {{"MSWINDOWS.rawsd", SD}}},
        {0},
    };
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    assert_ok(unpack(entries, &diff_request, &u, &err));
    assert_string_equal(buf_str(&node_of(&u, "Hives\\System_Delta")->data), "regf");
    assert_int_equal(node_of(&u, "Hives.$wcidirs$")->data.length, 4);
}

TEST(whiteouts_become_tombstones)
{
    static const struct tar_build_entry entries[] = {
        {.type = '5', .name = "Files"},
        {.type = '0', .name = "Files/.wh.gone"},
        {.type = '0', .name = "Files/other/.wh.also gone.txt"},
        {.type = '0', .name = "UtilityVM/Files/.wh.left out"},
        {0},
    };
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    assert_ok(unpack(entries, &diff_request, &u, &err));
    assert_int_equal(u.result.tombstone_count, 2);
    assert_string_equal(u.result.tombstones[0].text, "Files\\gone");
    assert_string_equal(u.result.tombstones[1].text, "Files\\other\\also gone.txt");
    /* Windows deletes nothing in a directory that the layer does not have. */
    assert_int_equal(node_of(&u, "Files\\other.$wcidirs$")->data.length, 4);
    assert_null(memory_find(&u.tree, "Files\\gone"));
}

/* ---- opaque directories ---- */

/* The parents' own: "lost" and "sub\\x" are in one of them each, "both" in two. */
static const struct tar_build_entry opaque_lower[] = {
    {.type = '0', .name = "Files/d/kept"},  {.type = '0', .name = "Files/d/lost"},
    {.type = '0', .name = "Files/d/both"},  {.type = '0', .name = "Files/d/sub/x"},
    {.type = '0', .name = "Files/d/sub/y"}, {.type = '0', .name = "Files/d/gone/below"},
    {.type = '0', .name = "Files/other"},   {0},
};
static const struct tar_build_entry opaque_upper[] = {
    {.type = '0', .name = "Files/d/BOTH"},
    {.type = '0', .name = "Files/d/upper"},
    {.type = '0', .name = "Files/d/sub/X"},
    {.type = '2', .name = "Files/link", .target = "d"},
    {0},
};

struct parents {
    struct unpacked lower, upper;
    struct layer_tree trees[2]; /* topmost first */
    struct layer_unpack_request request;
};

static void parents_clear(struct parents *parents)
{
    unpacked_clear(&parents->lower);
    unpacked_clear(&parents->upper);
}

static void parents_make(struct parents *ret)
{
    struct error err = {0};
    *ret = (struct parents){.request = diff_request};
    assert_ok(unpack(opaque_lower, &base_request, &ret->lower, &err));
    assert_ok(unpack(opaque_upper, &base_request, &ret->upper, &err));
    ret->trees[0] = ret->upper.layer_tree;
    ret->trees[1] = ret->lower.layer_tree;
    ret->request.parents = ret->trees;
    ret->request.parent_count = 2;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct layer_path *)a)->text, ((const struct layer_path *)b)->text);
}

/* What is deleted, sorted, each followed by a space. */
static char *deleted(struct layer_unpack_result *result)
{
    struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    if (result->tombstone_count > 0)
        qsort(result->tombstones, result->tombstone_count, sizeof(*result->tombstones),
              compare_paths);
    for (size_t i = 0; i < result->tombstone_count; i++)
        buf_addf(&text, "%s ", result->tombstones[i].text);
    char *ret = xstrdup(buf_str(&text));
    buf_clear(&text);
    return ret;
}

TEST(opaque_directories_delete_what_the_parents_have)
{
    static const struct {
        struct tar_build_entry entries[ENTRIES];
        const char *deleted;
    } rows[] = {
        {{{.type = '0', .name = "Files/d/.wh..wh..opq"}},
         "Files\\d\\BOTH Files\\d\\gone Files\\d\\kept Files\\d\\lost Files\\d\\sub "
         "Files\\d\\upper "},
        /* What the layer has itself stays, and hides the directory below it. */
        {{{.type = '5', .name = "Files/d"},
          {.type = '0', .name = "Files/d/.wh..wh..opq"},
          {.type = '0', .name = "Files/d/KEPT", .data = "new"},
          {.type = '5', .name = "Files/d/sub"},
          {.type = '0', .name = "Files/d/sub/y", .data = "new"}},
         "Files\\d\\BOTH Files\\d\\gone Files\\d\\lost Files\\d\\sub\\X Files\\d\\upper "},
        /* The marker may come last, beside other whiteouts, and in a directory of a directory. */
        {{{.type = '0', .name = "Files/d/sub/y"},
          {.type = '0', .name = "Files/d/.wh.lost"},
          {.type = '0', .name = "Files/d/sub/.wh..wh..opq"},
          {.type = '0', .name = "Files/d/.wh..wh..opq"}},
         "Files\\d\\BOTH Files\\d\\gone Files\\d\\kept Files\\d\\lost Files\\d\\sub\\X "
         "Files\\d\\upper "},
        /* Nothing to delete: a new directory, one that is a link below, and no directory at all. */
        {{{.type = '0', .name = "Files/new/.wh..wh..opq"}}, ""},
        {{{.type = '0', .name = "Files/link/.wh..wh..opq"}}, ""},
        {{{.type = '0', .name = "Files/other/.wh..wh..opq"}}, ""},
        /* Left out. */
        {{{.type = '0', .name = "UtilityVM/Files/.wh..wh..opq"}}, ""},
    };
    CLEANUP(parents_clear) struct parents parents;
    parents_make(&parents);
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        CLEANUP(unpacked_clear) struct unpacked u = {0};
        assert_ok(unpack(rows[i].entries, &parents.request, &u, &err));
        CLEANUP(str_free) char *text = deleted(&u.result);
        assert_string_equal(text, rows[i].deleted);
        /* Windows deletes nothing in a directory that the layer does not have. */
        if (rows[i].deleted[0])
            node_of(&u, "Files\\d.$wcidirs$");
    }
}

TEST(an_opaque_directory_is_one_even_if_the_tar_never_mentions_it)
{
    static const struct tar_build_entry entries[] = {
        {.type = '0', .name = "Files/new/.wh..wh..opq"}, {0}};
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    assert_ok(unpack(entries, &diff_request, &u, &err));
    assert_int_equal(node_of(&u, "Files\\new.$wcidirs$")->data.length, 4);
    assert_int_equal(node_of(&u, "Files\\new")->type, LAYER_DIRECTORY);
}

/* Each level of both parents is listed once: otherwise a deep directory in many layers would be
 * listed without end. */
TEST(opaque_directories_in_directories_are_listed_once)
{
    enum { DEPTH = 24 };
    char name[4 * DEPTH + 32] = "Files/d";
    struct tar_build_entry entries[] = {
        {.type = '5', .name = name}, {.type = '0', .name = "Files/d/.wh..wh..opq"}, {0}};
    for (size_t i = 0; i < DEPTH; i++)
        strcat(name, "/s");
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked lower = {0};
    CLEANUP(unpacked_clear) struct unpacked upper = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    assert_ok(
        unpack((const struct tar_build_entry[]){entries[0], {0}}, &base_request, &lower, &err));
    assert_ok(
        unpack((const struct tar_build_entry[]){entries[0], {0}}, &base_request, &upper, &err));
    const struct layer_tree parents[] = {upper.layer_tree, lower.layer_tree};
    struct layer_unpack_request request = diff_request;
    request.parents = parents;
    request.parent_count = 2;
    size_t before = lower.tree.calls;
    assert_ok(unpack(entries, &request, &u, &err));
    assert_int_equal(u.result.tombstone_count, 0);
    assert_true(lower.tree.calls - before < 4 * DEPTH + 16);
}

TEST(opaque_directories_that_cannot_be)
{
    static const struct {
        struct tar_build_entry entries[ENTRIES];
        const char *text;
    } rows[] = {
        {{{.type = '0', .name = "Hives/.wh..wh..opq"}}, "not one of the five registry hives"},
        {{{.type = '0', .name = ".wh..wh..opq"}}, "not in Files"},
        {{{.type = '0', .name = "Files/d/.wh..wh..opq", .data = "x"}}, "empty file"},
        {{{.type = '0', .name = "Files/d/.wh..wh..opq"},
          {.type = '0', .name = "Files/D/.WH..wh..opq"}},
         "this name already"},
        {{{.type = '0', .name = "Files/d/.wh..wh..opq"},
          {.type = '0', .name = "Files/D/.wh..wh..opq"}},
         "this name already"},
        {{{.type = '2', .name = "Files/d", .target = "x"},
          {.type = '0', .name = "Files/d/.wh..wh..opq"}},
         "which is a link"},
        {{{.type = '0', .name = "Files/d/.wh..wh..opq"},
          {.type = '2', .name = "Files/d", .target = "x"}},
         "this name already"},
        {{{.type = '0', .name = "Files/d/.wh..wh..opq"}, {.type = '0', .name = "Files/d"}},
         "this name already"},
    };
    CLEANUP(parents_clear) struct parents parents;
    parents_make(&parents);
    struct error err = {0};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(unpacked_clear) struct unpacked u = {0};
        assert_fails(unpack(rows[i].entries, &parents.request, &u, &err), ERR_INTEGRITY,
                     rows[i].text);
    }
    static const struct tar_build_entry opaque[] = {{.type = '0', .name = "Files/d/.wh..wh..opq"},
                                                    {0}};
    for (size_t k = 1; k <= 2; k++) {
        CLEANUP(unpacked_clear) struct unpacked u = {0};
        parents.lower.tree.fail_at = parents.lower.tree.calls + k;
        assert_fails(unpack(opaque, &parents.request, &u, &err), ERR_OS, "injected failure");
    }
    /* A name in the parents that no layer can have. */
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    str_free(&parents.lower.tree.nodes[2]->path);
    parents.lower.tree.nodes[2]->path = xstrdup("Files\\d\\..");
    assert_fails(unpack(opaque, &parents.request, &u, &err), ERR_INTEGRITY, "'.' or '..'");
}

/* ---- utility VM ---- */

static const struct tar_build_entry with_utility_vm[] = {
    {.type = '5', .name = "Files"},
    {.type = '0', .name = "Files/a", .data = "a"},
    {.type = '5', .name = "UtilityVM"},
    {.type = '5', .name = "UtilityVM/Files"},
    {.type = '0', .name = "UtilityVM/Files/b", .data = "bb"},
    {.type = '0', .name = "UtilityVM/Files/b:s", .data = "ss"},
    {.type = '1', .name = "UtilityVM/Files/a", .target = "Files/a"},
    {.type = '0', .name = "Files/c", .data = "cc"},
    {0},
};

TEST(the_utility_vm_is_left_out_unless_wanted)
{
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked without = {0};
    assert_ok(unpack(with_utility_vm, &base_request, &without, &err));
    assert_int_equal(without.tree.count, 3);
    assert_true(without.result.has_utility_vm);
    assert_string_equal(buf_str(&node_of(&without, "Files\\c")->data), "cc");

    struct layer_unpack_request request = base_request;
    request.with_utility_vm = true;
    CLEANUP(unpacked_clear) struct unpacked with = {0};
    assert_ok(unpack(with_utility_vm, &request, &with, &err));
    assert_int_equal(with.tree.count, 7);
    assert_string_equal(node_of(&with, "UtilityVM\\Files\\a")->link_target, "Files\\a");

    CLEANUP(unpacked_clear) struct unpacked diff = {0};
    assert_ok(unpack(with_utility_vm, &diff_request, &diff, &err));
    assert_null(memory_find(&diff.tree, "UtilityVM"));
    assert_true(diff.result.has_utility_vm);
}

TEST(a_link_into_the_utility_vm_asks_for_it)
{
    static const struct tar_build_entry entries[] = {
        {.type = '0', .name = "UtilityVM/Files/b", .data = "bb"},
        {.type = '1', .name = "Files/b", .target = "UtilityVM/Files/b"},
        {0},
    };
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked without = {0};
    assert_ok(unpack(entries, &base_request, &without, &err));
    assert_true(without.result.needs_utility_vm);
    assert_false(digest_is_set(&without.result.diff_id));

    struct layer_unpack_request request = base_request;
    request.with_utility_vm = true;
    CLEANUP(unpacked_clear) struct unpacked with = {0};
    assert_ok(unpack(entries, &request, &with, &err));
    assert_false(with.result.needs_utility_vm);
    assert_string_equal(buf_str(&node_of(&with, "Files\\b")->data), "bb");

    CLEANUP(unpacked_clear) struct unpacked diff = {0};
    assert_fails(unpack(entries, &diff_request, &diff, &err), ERR_UNSUPPORTED, "utility VM");
}

/* ---- links to parents, and what comes after the import ---- */

TEST(links_are_looked_up_in_the_parents)
{
    static const struct tar_build_entry lower[] = {
        {.type = '0', .name = "Files/x", .data = "lower x"},
        {.type = '0', .name = "Files/y", .data = "lower y"},
        {.type = '5', .name = "Files/dir"},
        {.type = '2', .name = "Files/sym", .target = "x"},
        {0},
    };
    static const struct tar_build_entry upper[] = {
        {.type = '0', .name = "Files/x", .data = "upper x"}, {0}};
    static const struct tar_build_entry entries[] = {
        {.type = '5', .name = "Files", .records = {{"mtime", "1700000001"}}},
        {.type = '1', .name = "Files/to x", .target = "Files/X"},
        {.type = '1', .name = "Files/to y", .target = "Files/y"},
        {.type = '0', .name = "Files/own", .data = "own"},
        {.type = '1', .name = "Files/to own", .target = "Files/own"},
        {.type = '1', .name = "Files/to link", .target = "Files/to own"},
        {.type = '0', .name = "Files/.wh.z"},
        {0},
    };
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked bottom = {0};
    CLEANUP(unpacked_clear) struct unpacked middle = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    assert_ok(unpack(lower, &base_request, &bottom, &err));
    assert_ok(unpack(upper, &base_request, &middle, &err));
    const struct layer_tree parents[] = {middle.layer_tree, bottom.layer_tree};
    struct layer_unpack_request request = diff_request;
    request.parents = parents;
    request.parent_count = 2;
    assert_ok(unpack(entries, &request, &u, &err));
    assert_int_equal(u.result.link_count, 4);
    assert_int_equal(u.result.links[0].parent, 0);
    assert_int_equal(u.result.links[1].parent, 1);
    assert_int_equal(u.result.links[2].parent, LAYER_LINK_IN_LAYER);
    assert_int_equal(u.result.links[3].parent, LAYER_LINK_IN_LAYER);

    /* As ImportLayer would have left it. */
    static const struct tar_build_entry imported[] = {
        {.type = '5', .name = "Files"},
        {.type = '0', .name = "Files/own", .data = "own"},
        {.type = '0', .name = "Files/z/below", .data = "placeholder"},
        {.type = '0', .name = "Files/to y", .data = "placeholder"},
        {0},
    };
    CLEANUP(unpacked_clear) struct unpacked layer = {0};
    assert_ok(unpack(imported, &base_request, &layer, &err));
    buf_reset(&layer.tree.log);
    assert_ok(layer_unpack_apply(&u.result, &layer.layer_tree, parents, NULL, &err));
    assert_string_equal(buf_str(&layer.tree.log),
                        "remove Files\\z\n"
                        "remove Files\\to x\n"
                        "link Files\\to x -> Files\\X of another layer\n"
                        "remove Files\\to y\n"
                        "link Files\\to y -> Files\\y of another layer\n"
                        "remove Files\\to own\n"
                        "link Files\\to own -> Files\\own\n"
                        "remove Files\\to link\n"
                        "link Files\\to link -> Files\\to own\n"
                        "open Files\n"
                        "basic Files\n");
    assert_string_equal(buf_str(&node_of(&layer, "Files\\to x")->data), "upper x");
    assert_string_equal(buf_str(&node_of(&layer, "Files\\to y")->data), "lower y");
    assert_null(memory_find(&layer.tree, "Files\\z\\below"));
    assert_int_equal(node_of(&layer, "Files")->basic.write_time, INT64_C(133444736010000000));

    layer.tree.calls = 0;
    for (size_t k = 1; k <= 12; k++) {
        layer.tree.fail_at = layer.tree.calls + k;
        assert_fails(layer_unpack_apply(&u.result, &layer.layer_tree, parents, NULL, &err), ERR_OS,
                     "injected failure");
        assert_int_equal(layer.tree.open_handles, 0);
    }
    static const char *const wrong[] = {"Files/dir", "Files/sym", "Files/absent", "Files/own2"};
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        const struct tar_build_entry bad[] = {{.type = '1', .name = "Files/l", .target = wrong[i]},
                                              {0}};
        CLEANUP(unpacked_clear) struct unpacked refused = {0};
        assert_fails(unpack(bad, &request, &refused, &err), ERR_INTEGRITY, "no file in this layer");
    }
}

/* ---- parents that come late ---- */

/* Parents that are not there before they are asked for. */
struct late_parents {
    struct unpacked bottom;
    struct layer_tree parents[1];
    size_t asked;
    bool fail;
};

static bool bring_parents(void *user, struct error *err)
{
    static const struct tar_build_entry lower[] = {
        {.type = '5', .name = "Files/a", .records = {{"MSWINDOWS.rawsd", SD}}},
        {.type = '0', .name = "Files/a/old", .data = "lower"},
        {0},
    };
    struct late_parents *late = user;
    late->asked++;
    if (late->fail)
        return error_set(err, ERR_CANCELLED, "not wanted any more");
    if (!unpack(lower, &base_request, &late->bottom, err))
        return false;
    late->parents[0] = late->bottom.layer_tree;
    return true;
}

TEST(parents_are_not_needed_before_the_end)
{
    static const struct tar_build_entry entries[] = {
        {.type = '1', .name = "Files/link", .target = "Files/a/old"},
        {.type = '0', .name = "Files/a/x"},
        {.type = '0', .name = "Files/a/.wh..wh..opq"},
        {0},
    };
    struct error err = {0};
    struct late_parents late = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    struct layer_unpack_request request = diff_request;
    request.parents = late.parents;
    request.parent_count = 1;
    request.await_parents = bring_parents;
    request.await_user = &late;
    assert_ok(unpack(entries, &request, &u, &err));
    assert_int_equal(late.asked, 1);
    assert_int_equal(u.result.links[0].parent, 0);
    assert_int_equal(node_of(&u, "Files\\a.$wcidirs$")->data.length, 124);
    assert_int_equal(u.result.tombstone_count, 1);
    assert_string_equal(u.result.tombstones[0].text, "Files\\a\\old");
    unpacked_clear(&late.bottom);

    /* Content that is wrong is not worth waiting, and without parents there is no layer. */
    struct late_parents never = {.fail = true};
    CLEANUP(unpacked_clear) struct unpacked wrong = {0};
    CLEANUP(unpacked_clear) struct unpacked alone = {0};
    request.parents = never.parents;
    request.await_user = &never;
    assert_fails(unpack(entries, &request, &alone, &err), ERR_CANCELLED, "not wanted any more");
    request.diff_id = digest_of("other", 5);
    assert_fails(unpack(entries, &request, &wrong, &err), ERR_INTEGRITY, "wrong content");
    assert_int_equal(never.asked, 1);
}

/* ---- hostile layers ---- */

enum both { BASE = 1, DIFF = 2, BOTH = 3 };

static const struct {
    enum both kinds;
    struct tar_build_entry entries[ENTRIES];
    const char *text;
} hostile[] = {
    /* Names that lead elsewhere. */
    {BOTH, {{.type = '0', .name = "../x"}}, "'.' or '..'"},
    {BOTH, {{.type = '0', .name = "Files/../../Windows/x"}}, "'.' or '..'"},
    {BOTH, {{.type = '0', .name = "Files\\..\\..\\x"}}, "'.' or '..'"},
    {BOTH, {{.type = '0', .name = "/Files/x"}}, "absolute"},
    {BOTH, {{.type = '0', .name = "C:/Windows/x"}}, "colon"},
    {BOTH, {{.type = '0', .name = "C:x"}}, "not in Files"},
    {BOTH, {{.type = '0', .name = "\\\\?\\C:\\x"}}, "absolute"},
    {BOTH, {{.type = '0', .name = "\\Device\\HarddiskVolume1\\x"}}, "absolute"},
    {BOTH, {{.type = '0', .name = "\\\\server\\share\\x"}}, "absolute"},
    {BOTH, {{.type = '0', .name = "Files/NUL"}}, "device"},
    {BOTH,
     {{.type = '0', .name = "Files/\x1b[2J"}},
     "entry 'Files/?[2J': the path has a character that Windows does not allow"},
    {BOTH, {{.type = '0', .name = "Files/com1.txt"}}, "device"},
    {BOTH, {{.type = '0', .name = "Files/x."}}, "dot or space"},
    {BOTH, {{.type = '0', .name = "Files/x "}}, "dot or space"},
    {BOTH, {{.type = '0', .name = "Files/\xc0\xae\xc0\xae/x"}}, "UTF-8"},
    {BOTH, {{.type = '0', .name = "Files/a\rb"}}, "does not allow"},
    /* Names with a meaning for the import. */
    {BOTH, {{.type = '0', .name = "tombstones.txt"}}, "not in Files"},
    {BOTH, {{.type = '0', .name = "layout"}}, "not in Files"},
    {BOTH, {{.type = '0', .name = "blank.vhdx"}}, "not in Files"},
    {BOTH, {{.type = '0', .name = "Files.$wcidirs$"}}, "metadata"},
    {BOTH,
     {{.type = '5', .name = "Files"}, {.type = '0', .name = "Files/a.$WCIDIRS$"}},
     "metadata"},
    {BOTH, {{.type = '0', .name = "Hives/System_Base"}}, "registry hives"},
    {BASE, {{.type = '5', .name = "Hives"}}, "no registry deltas"},
    {BASE, {{.type = '0', .name = "Hives/System_Delta"}}, "no registry deltas"},
    {DIFF, {{.type = '5', .name = "Hives/System_Delta"}}, "plain files"},
    {DIFF, {{.type = '0', .name = "Hives"}}, "plain files"},
    {DIFF, {{.type = '2', .name = "Hives", .target = "C:\\Windows"}}, "plain files"},
    {BOTH, {{.type = '2', .name = "Files", .target = "C:\\"}}, "must be a directory"},
    {BOTH, {{.type = '0', .name = "Files"}}, "must be a directory"},
    {BOTH, {{.type = '2', .name = "UtilityVM", .target = "C:\\"}}, "must be a directory"},
    {BOTH, {{.type = '2', .name = "UtilityVM/Files", .target = "C:\\"}}, "must be a directory"},
    {BOTH, {{.type = '0', .name = "UtilityVM/SystemTemplate.vhdx"}}, "UtilityVM/Files"},
    /* Also of what is left out. */
    {BOTH,
     {{.type = '0', .name = "UtilityVM/Files/a", .records = {{"MSWINDOWS.rawsd", "AAAA"}}}},
     "security descriptor"},
    /* Through a link. */
    {BOTH,
     {{.type = '2',
       .name = "Files/j",
       .target = "C:\\Windows",
       .records = {{"MSWINDOWS.mountpoint", "1"}}},
      {.type = '0', .name = "Files/j/evil.dll"}},
     "which is a link"},
    {BOTH,
     {{.type = '2',
       .name = "Files/s",
       .target = "..\\..",
       .records = {{"MSWINDOWS.fileattr", "1040"}}},
      {.type = '5', .name = "Files/S/deep/er"}},
     "which is a link"},
    {BOTH,
     {{.type = '2', .name = "Files/s", .target = "x"},
      {.type = '2', .name = "Files/s/t", .target = "y"}},
     "which is a link"},
    {BOTH,
     {{.type = '2', .name = "Files/s", .target = "x"}, {.type = '0', .name = "Files/s:ads"}},
     "directly follow"},
    {BOTH,
     {{.type = '2', .name = "Files/s", .target = "x"},
      {.type = '1', .name = "Files/h", .target = "Files/s"}},
     "no file that came before"},
    {BOTH,
     {{.type = '0', .name = "Files/f"}, {.type = '0', .name = "Files/f/x"}},
     "which is a file"},
    {BOTH,
     {{.type = '0', .name = "Files/f"},
      {.type = '1', .name = "Files/h", .target = "Files/f"},
      {.type = '0', .name = "Files/h/x"}},
     "which is a file"},
    /* The same name twice. */
    {BOTH,
     {{.type = '0', .name = "Files/a"}, {.type = '0', .name = "Files/a"}},
     "this name already"},
    {BOTH,
     {{.type = '0', .name = "Files/a"}, {.type = '0', .name = "fileS/A"}},
     "this name already"},
    {BOTH, {{.type = '5', .name = "Files"}, {.type = '5', .name = "Files/"}}, "this name already"},
    {BOTH,
     {{.type = '0', .name = "Files/\xc3\xa4"}, {.type = '5', .name = "Files/\xc3\x84"}},
     "this name already"},
    {BOTH,
     {{.type = '0', .name = "Files/a/b"}, {.type = '2', .name = "Files/a", .target = "C:\\"}},
     "this name already"},
    {BOTH,
     {{.type = '0', .name = "Files/a"},
      {.type = '1', .name = "Files/h", .target = "Files/a"},
      {.type = '0', .name = "Files/h", .data = "overwrites a"}},
     "this name already"},
    {BOTH,
     {{.type = '0', .name = "UtilityVM/Files/a"}, {.type = '0', .name = "UtilityVM/Files/A"}},
     "this name already"},
    {BOTH,
     {{.type = '0', .name = "Files/a"},
      {.type = '0', .name = "Files/a:s"},
      {.type = '0', .name = "Files/a:S"}},
     "this data stream already"},
    /* Hard links. */
    {BOTH, {{.type = '1', .name = "Files/h", .target = "../../Windows/x"}}, "'.' or '..'"},
    {BOTH, {{.type = '1', .name = "Files/h", .target = "C:\\Windows\\x"}}, "colon"},
    {BOTH, {{.type = '1', .name = "Files/h", .target = "Windows/x"}}, "not in Files"},
    {BOTH, {{.type = '1', .name = "Files/h", .target = "Files/absent"}}, "no file"},
    {BOTH, {{.type = '1', .name = "Files/h", .target = "Files/h"}}, "no file"},
    {BOTH,
     {{.type = '5', .name = "Files/d"}, {.type = '1', .name = "Files/h", .target = "Files/d"}},
     "no file that came before"},
    {BOTH,
     {{.type = '0', .name = "Files/a"},
      {.type = '0', .name = "Files/a:s"},
      {.type = '1', .name = "Files/h", .target = "Files/a:s"}},
     "colon"},
    {BOTH, {{.type = '1', .name = "Files/h", .target = ""}}, "empty"},
    {DIFF,
     {{.type = '0', .name = "Hives/Sam_Delta"},
      {.type = '1', .name = "Files/sam", .target = "Hives/Sam_Delta"}},
     "cannot be a hard link"},
    {DIFF,
     {{.type = '0', .name = "Files/a"},
      {.type = '1', .name = "Hives/Sam_Delta", .target = "Files/a"}},
     "cannot be a hard link"},
    {DIFF,
     {{.type = '0', .name = "Files/.wh.a"}, {.type = '1', .name = "Files/h", .target = "Files/a"}},
     "no file that came before"},
    /* Streams. */
    {BOTH, {{.type = '0', .name = "Files/a:s"}}, "directly follow"},
    {BOTH,
     {{.type = '0', .name = "Files/a"},
      {.type = '0', .name = "Files/b"},
      {.type = '0', .name = "Files/a:s"}},
     "directly follow"},
    {BOTH,
     {{.type = '0', .name = "Files/a"}, {.type = '0', .name = "Files/A:s"}},
     "directly follow"},
    {BOTH,
     {{.type = '0', .name = "Files/a"}, {.type = '0', .name = "Files/a:"}},
     "cannot be the name"},
    {BOTH,
     {{.type = '0', .name = "Files/a"}, {.type = '0', .name = "Files/a:s:$DATA"}},
     "cannot be the name"},
    {BOTH,
     {{.type = '5', .name = "Files/d"}, {.type = '0', .name = "Files/d::$INDEX_ALLOCATION"}},
     "cannot be the name"},
    {BOTH,
     {{.type = '0', .name = "Files/a"}, {.type = '0', .name = "Files/a:s\\t"}},
     "cannot be the name"},
    {BOTH,
     {{.type = '0', .name = "Files/a"}, {.type = '5', .name = "Files/a:s"}},
     "directly follow"},
    {BOTH,
     {{.type = '0', .name = "Files/a"}, {.type = '2', .name = "Files/a:s", .target = "x"}},
     "directly follow"},
    {BOTH, {{.type = '0', .name = "Files/a"}, {.type = '0', .name = "Files/a:s/x"}}, "colon"},
    {DIFF,
     {{.type = '0', .name = "Hives/Sam_Delta"}, {.type = '0', .name = "Hives/Sam_Delta:s"}},
     "directly follow"},
    {DIFF,
     {{.type = '0', .name = "Files/.wh.a"}, {.type = '0', .name = "Files/a:s"}},
     "directly follow"},
    /* Whiteouts. */
    {BASE, {{.type = '0', .name = "Files/.wh.a"}}, "nothing to delete"},
    {DIFF, {{.type = '0', .name = ".wh.Files"}}, "cannot delete that"},
    {DIFF, {{.type = '0', .name = "Hives/.wh.System_Delta"}}, "cannot delete that"},
    {DIFF, {{.type = '0', .name = "Files/.wh."}}, "a whiteout of nothing"},
    {DIFF, {{.type = '0', .name = "Files/dir/.wh."}}, "a whiteout of nothing"},
    {DIFF, {{.type = '0', .name = "Files/.wh..."}}, "'.' or '..'"},
    {DIFF, {{.type = '0', .name = "Files/.wh.\\..\\x"}}, "empty component"},
    {DIFF, {{.type = '0', .name = "Files/.wh.a\\..\\..\\x"}}, "'.' or '..'"},
    {DIFF, {{.type = '0', .name = "../.wh.x"}}, "'.' or '..'"},
    {DIFF, {{.type = '0', .name = "Files/.wh.a", .data = "x"}}, "empty file"},
    {DIFF, {{.type = '5', .name = "Files/.wh.a"}}, "empty file"},
    {DIFF,
     {{.type = '0', .name = "Files/.wh.a"}, {.type = '0', .name = "Files/a"}},
     "this name already"},
    {DIFF,
     {{.type = '0', .name = "Files/a"}, {.type = '0', .name = "Files/.wh.A"}},
     "this name already"},
    {DIFF,
     {{.type = '0', .name = "Files/.wh.a"}, {.type = '0', .name = "Files/a/b"}},
     "which is something the layer deletes"},
    {DIFF,
     {{.type = '0', .name = "Files/a/b"}, {.type = '0', .name = "Files/.wh.a"}},
     "this name already"},
    /* The rest. */
    {BOTH, {{.type = '3', .name = "Files/dev"}}, "no devices"},
    {BOTH, {{.type = '6', .name = "Files/fifo"}}, "no devices"},
    {BASE, {{.type = '5', .name = "UtilityVM"}}, "without 'Files'"},
    {BASE, {{0}}, "without 'Files'"},
    {BOTH,
     {{.type = '0', .name = "Files/a", .records = {{"MSWINDOWS.rawsd", "AAAA"}}}},
     "security descriptor"},
    {BOTH,
     {{.type = '0', .name = "Files/a", .records = {{"MSWINDOWS.fileattr", "16"}}}},
     "attribute of a directory"},
    {BOTH, {{.type = '2', .name = "Files/a"}}, "no target"},
};

TEST(hostile_layers_are_refused)
{
    for (size_t i = 0; i < ARRAY_SIZE(hostile); i++) {
        for (int kind = BASE; kind <= DIFF; kind++) {
            if (!((int)hostile[i].kinds & kind))
                continue;
            struct error err = {0};
            CLEANUP(unpacked_clear) struct unpacked u = {0};
            if (unpack(hostile[i].entries, kind == BASE ? &base_request : &diff_request, &u, &err))
                fail_msg("row %zu (%s) was accepted", i, hostile[i].text);
            if (!strstr(err.message, hostile[i].text))
                fail_msg("row %zu: '%s' does not contain '%s'", i, err.message, hostile[i].text);
            assert_int_equal(err.kind, ERR_INTEGRITY);
            error_clear(&err);
        }
    }
}

/* NTFS gives a file 1024 names, of all layers together. */
TEST(a_file_that_can_have_no_more_names_is_copied)
{
    static const struct tar_build_entry entries[] = {
        {.type = '5', .name = "Files"},
        {.type = '0',
         .name = "Files/a",
         .data = "content",
         .records = {{"MSWINDOWS.fileattr", "33"},
                     {"MSWINDOWS.rawsd", SD},
                     {"MSWINDOWS.xattr.E", "AQI="},
                     {"mtime", "1700000002"}}},
        {.type = '1', .name = "Files/b", .target = "Files/a"},
        {0},
    };
    static const struct tar_build_entry upper[] = {
        {.type = '1', .name = "Files/c", .target = "Files/a"}, {0}};
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked base = {.tree = {.full = "Files\\a"}};
    assert_ok(unpack(entries, &base_request, &base, &err));
    CLEANUP(unpacked_clear) struct unpacked staged = {0};
    struct layer_unpack_request request = diff_request;
    request.parents = &base.layer_tree;
    request.parent_count = 1;
    assert_ok(unpack(upper, &request, &staged, &err));
    CLEANUP(unpacked_clear) struct unpacked layer = {0};
    assert_ok(
        unpack((const struct tar_build_entry[]){entries[0], {0}}, &base_request, &layer, &err));
    layer.tree.full = "Files\\a";
    assert_ok(layer_unpack_apply(&staged.result, &layer.layer_tree, &base.layer_tree, NULL, &err));

    const struct memory_node *copies[] = {node_of(&base, "Files\\b"), node_of(&layer, "Files\\c")};
    for (size_t i = 0; i < ARRAY_SIZE(copies); i++) {
        assert_null(copies[i]->link_target);
        assert_string_equal(buf_str(&copies[i]->data), "content");
        assert_int_equal(copies[i]->security.length, 100);
        assert_int_equal(copies[i]->ea.length, 12);
        assert_int_equal(copies[i]->basic.attributes, 0x21);
        assert_int_equal(copies[i]->basic.write_time, INT64_C(133444736020000000));
    }
    for (size_t k = 2; k <= 9; k++) {
        assert_ok(layer.layer_tree.ops->remove(&layer.tree, &staged.result.links[0].path, &err));
        layer.tree.fail_at = layer.tree.calls + k;
        assert_fails(
            layer_unpack_apply(&staged.result, &layer.layer_tree, &base.layer_tree, NULL, &err),
            ERR_OS, "injected failure");
        layer.tree.fail_at = 0;
        assert_int_equal(layer.tree.open_handles, 0);
    }
}

/* ---- short names ---- */

/* As on a volume where "Program Files" is also called "PROGRA~1". */
static bool make_unless_short(void *self, const struct layer_path *path, struct layer_handle *ret,
                              struct error *err)
{
    if (strstr(path->text, "~1"))
        return error_set(err, ERR_BUSY, "'%s' exists", path->text);
    return memory_tree_ops.make_directory(self, path, ret, err);
}

static bool open_unless_short(void *self, const struct layer_path *path, struct layer_handle *ret,
                              struct error *err)
{
    memory_require(!strstr(path->text, "~1"), "opened by its short name");
    return memory_tree_ops.open_directory(self, path, ret, err);
}

/* What the tar did not make under exactly this name is made, never opened: a short name of
 * something else collides. */
TEST(directories_are_never_opened_by_their_short_names)
{
    static const struct tar_build_entry rows[][ENTRIES] = {
        {{.type = '5', .name = "Files/Program Files"}, {.type = '0', .name = "Files/PROGRA~1/x"}},
        {{.type = '0', .name = "Files/Program Files/x"}, {.type = '5', .name = "Files/PROGRA~1"}},
        {{.type = '2', .name = "Files/Program Files", .target = "C:\\"},
         {.type = '0', .name = "Files/progra~1/x"}},
    };
    struct layer_tree_ops ops = memory_tree_ops;
    ops.make_directory = make_unless_short;
    ops.open_directory = open_unless_short;
    for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        struct memory_tree memory;
        struct layer_unpack_result result = {0};
        struct layer_unpack_request request = i % 2 ? base_request : diff_request;
        const struct layer_tree opened = memory_tree_open(&memory);
        const struct layer_tree tree = {.ops = &ops, .self = opened.self};
        CLEANUP(buf_clear) struct buf archive;
        CLEANUP(str_free) char *path = fs_join(scratch, "blob");
        CLEANUP(file_source_close) struct file_source file = {0};
        tar_build_all(&archive, rows[i / 2]);
        write_plainly(path, archive.data, archive.length);
        assert_ok(file_source_open(path, &file, &err));
        const struct byte_source source = file_source_interface(&file);
        request.source = &source;
        request.tree = &tree;
        request.diff_id = digest_of(archive.data, archive.length);
        assert_fails(layer_unpack(&request, &result, NULL, &err), ERR_BUSY, "exists");
        assert_int_equal(memory.open_handles, 0);
        memory_tree_close(&memory);
    }
}

/* ---- digest, limits, failures ---- */

TEST(the_digest_is_checked_before_anything_is_finished)
{
    struct error err = {0};
    struct layer_unpack_request request = diff_request;
    request.diff_id = digest_of("other", 5);
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    assert_fails(unpack(ordinary, &request, &u, &err), ERR_INTEGRITY,
                 "wrong content: it has the digest");
    assert_null(memory_find(&u.tree, "Files\\junction"));
    assert_false(digest_is_set(&u.result.diff_id));

    request.kind = LAYER_BASE;
    CLEANUP(unpacked_clear) struct unpacked base = {0};
    assert_fails(unpack(ordinary, &request, &base, &err), ERR_INTEGRITY, "wrong content");
    assert_null(strstr(buf_str(&base.tree.log), "open"));
}

/* What follows the end of the archive belongs to the digest. */
TEST(trailing_bytes_are_hashed)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf archive;
    tar_build_all(&archive, ordinary);
    buf_add_str(&archive, "trailing");
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    assert_ok(unpack_archive(&archive, scratch, &diff_request, &u, NULL, &err));
    struct digest expected = digest_of(archive.data, archive.length);
    assert_string_equal(u.result.diff_id.text, expected.text);
    assert_int_equal(u.result.uncompressed_bytes, archive.length);
}

TEST(limits)
{
    struct error err = {0};
    struct layer_unpack_request request = base_request;
    request.maximum_entries = 10;
    CLEANUP(unpacked_clear) struct unpacked enough = {0};
    assert_ok(unpack(ordinary, &request, &enough, &err));
    request.maximum_entries = 9;
    CLEANUP(unpacked_clear) struct unpacked few = {0};
    assert_fails(unpack(ordinary, &request, &few, &err), ERR_INTEGRITY, "too many entries");

    request = base_request;
    request.maximum_bytes = enough.result.uncompressed_bytes;
    CLEANUP(unpacked_clear) struct unpacked exact = {0};
    assert_ok(unpack(ordinary, &request, &exact, &err));
    request.maximum_bytes--;
    CLEANUP(unpacked_clear) struct unpacked small = {0};
    assert_fails(unpack(ordinary, &request, &small, &err), ERR_INTEGRITY, "larger than");

    request = base_request;
    request.media_type = "application/vnd.oci.image.layer.v1.tar+gzip";
    CLEANUP(unpacked_clear) struct unpacked type = {0};
    assert_fails(unpack(ordinary, &request, &type, &err), ERR_INTEGRITY, "media type");
}

/* Every call of the tree fails once; handles are closed (unpack_archive looks) and the first
 * failure is what is reported. */
TEST(every_failure_of_the_tree_is_reported)
{
    static const struct tar_build_entry implied[] = {
        {.type = '0', .name = "Files/a/b", .data = "x"}, {.type = '5', .name = "Files/a"}, {0}};
    const struct tar_build_entry *const layers[] = {ordinary, implied};
    for (size_t i = 0; i < 2 * ARRAY_SIZE(layers); i++) {
        const struct layer_unpack_request *request = i % 2 ? &base_request : &diff_request;
        const struct tar_build_entry *layer = layers[i / 2];
        struct error err = {0};
        CLEANUP(unpacked_clear) struct unpacked whole = {0};
        assert_ok(unpack(layer, request, &whole, &err));
        assert_true(whole.tree.calls >= 12);
        for (size_t k = 1; k <= whole.tree.calls; k++) {
            CLEANUP(unpacked_clear) struct unpacked u = {.tree = {.fail_at = k}};
            assert_fails(unpack(layer, request, &u, &err), ERR_OS, "injected failure");
        }
    }
}

TEST(whiteouts_of_other_kinds_are_refused)
{
    static const struct tar_build_entry aufs[] = {{.type = '0', .name = "Files/.wh..wh.plnk"}, {0}};
    static const struct tar_build_entry outside[] = {{.type = '0', .name = "../.wh..wh..opq"}, {0}};
    struct error err = {0};
    struct layer_unpack_request request = diff_request;
    CLEANUP(unpacked_clear) struct unpacked one = {0};
    assert_fails(unpack(aufs, &request, &one, &err), ERR_UNSUPPORTED, "kind of whiteout");
    CLEANUP(unpacked_clear) struct unpacked two = {0};
    assert_fails(unpack(outside, &request, &two, &err), ERR_INTEGRITY, "'.' or '..'");
}

static void count_event(void *user, const struct event *event)
{
    struct event *last = user;
    if (event->type == EVENT_STEP) {
        assert_non_null(strstr(event->text, "seconds: inflate "));
        last->type = EVENT_STEP;
        return;
    }
    assert_int_equal(event->type, EVENT_LAYER_PROGRESS);
    assert_int_not_equal(last->type, EVENT_STEP);
    assert_true(event->done >= last->done && event->done <= event->total);
    assert_int_equal(strncmp(event->subject, "sha256:", 7), 0);
    last->done = event->done;
    last->total = event->total;
}

TEST(progress_is_told)
{
    struct error err = {0};
    struct event last = {0};
    const struct observer observer = {.on_event = count_event, .user = &last};
    const struct context context = {.observer = &observer};
    CLEANUP(buf_clear) struct buf archive;
    tar_build_all(&archive, ordinary);
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    assert_ok(unpack_archive(&archive, scratch, &base_request, &u, &context, &err));
    assert_int_equal(last.total, archive.length);
    assert_int_equal(last.done, archive.length);
    assert_int_equal(last.type, EVENT_STEP);
}

TEST(cancelling)
{
    struct error err = {0};
    struct cancel cancel = {.requested = 1};
    const struct context context = {.cancel = &cancel};
    CLEANUP(buf_clear) struct buf archive;
    tar_build_all(&archive, ordinary);
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    assert_fails(unpack_archive(&archive, scratch, &base_request, &u, &context, &err),
                 ERR_CANCELLED, "");
    assert_int_equal(u.tree.count, 0);
    assert_fails(layer_unpack_apply(&u.result, &u.layer_tree, NULL, &context, &err), ERR_CANCELLED,
                 "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_base_layer_becomes_real_files),
        cmocka_unit_test(a_diff_layer_becomes_the_import_format),
        cmocka_unit_test(large_files_are_written_whole_in_both_ways),
        cmocka_unit_test(missing_parents_are_made),
        cmocka_unit_test(directories_that_are_not_mentioned_keep_the_metadata_of_the_parents),
        cmocka_unit_test(descriptors_in_text_form_are_converted_where_that_can_be_done),
        cmocka_unit_test(the_directory_of_the_layer_itself_is_passed_over),
        cmocka_unit_test(hives_of_a_diff_layer_stay_raw),
        cmocka_unit_test(whiteouts_become_tombstones),
        cmocka_unit_test(opaque_directories_delete_what_the_parents_have),
        cmocka_unit_test(an_opaque_directory_is_one_even_if_the_tar_never_mentions_it),
        cmocka_unit_test(opaque_directories_in_directories_are_listed_once),
        cmocka_unit_test(opaque_directories_that_cannot_be),
        cmocka_unit_test(the_utility_vm_is_left_out_unless_wanted),
        cmocka_unit_test(a_link_into_the_utility_vm_asks_for_it),
        cmocka_unit_test(links_are_looked_up_in_the_parents),
        cmocka_unit_test(parents_are_not_needed_before_the_end),
        cmocka_unit_test(hostile_layers_are_refused),
        cmocka_unit_test(a_file_that_can_have_no_more_names_is_copied),
        cmocka_unit_test(directories_are_never_opened_by_their_short_names),
        cmocka_unit_test(the_digest_is_checked_before_anything_is_finished),
        cmocka_unit_test(trailing_bytes_are_hashed),
        cmocka_unit_test(limits),
        cmocka_unit_test(every_failure_of_the_tree_is_reported),
        cmocka_unit_test(whiteouts_of_other_kinds_are_refused),
        cmocka_unit_test(progress_is_told),
        cmocka_unit_test(cancelling),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
