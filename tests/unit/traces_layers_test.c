/* SPDX-License-Identifier: MIT */
/* What we make of a layer compared with what Microsoft's hcsshim made of the same tar. */
#include "base/json_read.h"
#include "base/text.h"
#include "layers/tar.h"
#include "scratch_fixture.h"
#include "unpack_support.h"

#define TRACES WRUN_TEST_DATA "/traces/"
#define MAXIMUM ((size_t)1 << 20)

static void read_trace(const char *name, struct buf *ret)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = str_format(TRACES "%s", name);
    assert_ok(fs_read_file(path, MAXIMUM, ret, &err));
}

/* ---- reading tars as plainly as can be ---- */

static size_t octal(const unsigned char *field)
{
    size_t value = 0;
    for (; *field >= '0' && *field <= '7'; field++)
        value = value * 8 + (size_t)(*field - '0');
    return value;
}

/* The header, data and padding at 'at'. */
static size_t part_length(const struct buf *archive, size_t at)
{
    size_t size = octal(archive->data + at + 124);
    return 512 + (size + 511) / 512 * 512;
}

/* The tar that the base layer was recorded with has registry hives, which hcsshim wrote as they
 * were. A real base layer has none, and ours refuses them: see the test below. */
static void without_hives(const struct buf *archive, struct buf *ret)
{
    buf_init(ret, BUF_UNBOUNDED);
    size_t at = 0;
    while (at < archive->length && archive->data[at]) {
        size_t length = part_length(archive, at);
        size_t entry = at;
        if (archive->data[at + 156] == 'x') {
            entry = at + length;
            length += part_length(archive, entry);
        }
        if (!str_starts_with((const char *)archive->data + entry, "Hives"))
            buf_add(ret, archive->data + at, length);
        at += length;
    }
    tar_build_end(ret);
}

/* ---- the base layer ---- */

/* 64-bit FNV-1a with the offset basis of the recorder. */
static uint64_t fnv(const struct buf *data)
{
    uint64_t hash = UINT64_C(0x14650fb0739d0383);
    for (size_t i = 0; i < data->length; i++)
        hash = (hash ^ data->data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void describe(struct buf *out, const char *file, unsigned id, uint64_t size,
                     const char *name, const char *hash)
{
    buf_addf(out, "%s %u %llu %s %s\n", file, id, (unsigned long long)size, name, hash);
}

static void describe_stream(struct buf *out, const char *file, unsigned id, const char *name,
                            const struct buf *data)
{
    CLEANUP(str_free) char *hash = str_format("%016llx", (unsigned long long)fnv(data));
    describe(out, file, id, data->length, name, hash);
}

static void describe_node(struct buf *out, const struct memory_node *node)
{
    if (node->security.length > 0)
        describe_stream(out, node->path, 3, "", &node->security);
    if (node->ea.length > 0)
        describe_stream(out, node->path, 2, "", &node->ea);
    if (node->reparse.length > 0)
        describe_stream(out, node->path, 8, "", &node->reparse);
    if (node->type == LAYER_FILE)
        describe_stream(out, node->path, 1, "", &node->data);
    for (size_t s = 0; s < node->stream_count; s++) {
        CLEANUP(str_free) char *name = str_format(":%s:$DATA", node->streams[s].name);
        describe_stream(out, node->path, 4, name, &node->streams[s].data);
    }
}

/* All that is written as streams; a hard link is another name for some of it. In the order of the
 * names: files are made side by side. */
static void describe_tree(struct strlist *out, const struct memory_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        CLEANUP(buf_clear) struct buf text;
        buf_init(&text, BUF_UNBOUNDED);
        if (!tree->nodes[i]->link_target)
            describe_node(&text, tree->nodes[i]);
        if (text.length > 0)
            strlist_add(out, buf_str(&text));
    }
    strlist_sort(out);
}

static const char *member(const struct json_document *document, const char *key)
{
    const struct json_value *value = json_member(document->root, key);
    return value ? value->text : "";
}

static uint64_t number(const struct json_document *document, const char *key)
{
    struct error err = {0};
    uint64_t value = 0;
    assert_ok(json_to_uint64(json_member(document->root, key), &value, &err));
    return value;
}

/* The streams of a file follow one another. */
static void add_file(struct strlist *out, struct buf *text)
{
    if (text->length > 0)
        strlist_add(out, buf_str(text));
    buf_reset(text);
}

static size_t describe_trace(struct strlist *out, const struct buf *trace)
{
    static const char prefix[] = "\\\\?\\C:\\L\\base\\";
    struct error err = {0};
    size_t streams = 0;
    CLEANUP(buf_clear) struct buf text;
    CLEANUP(str_free) char *last = xstrdup("");
    buf_init(&text, BUF_UNBOUNDED);
    const char *line = buf_str(trace);
    while (*line) {
        size_t length = strcspn(line, "\n");
        CLEANUP(json_document_clear) struct json_document document = {0};
        assert_ok(json_parse(line, length, &json_default_limits, &document, &err));
        line += length + 1;
        const char *file = member(&document, "file");
        if (strcmp(member(&document, "fn"), "BackupWrite:stream") != 0)
            continue;
        assert_true(str_starts_with(file, prefix));
        file += strlen(prefix);
        if (str_starts_with(file, "Hives"))
            continue;
        if (!str_equal(file, last))
            add_file(out, &text);
        str_free(&last);
        last = xstrdup(file);
        describe(&text, file, (unsigned)number(&document, "id"), number(&document, "size"),
                 member(&document, "name"), member(&document, "fnv"));
        streams++;
    }
    add_file(out, &text);
    strlist_sort(out);
    return streams;
}

static void unpack_base(struct unpacked *ret)
{
    struct error err = {0};
    const struct layer_unpack_request request = {.kind = LAYER_BASE};
    CLEANUP(buf_clear) struct buf recorded = {0};
    CLEANUP(buf_clear) struct buf archive = {0};
    read_trace("layers/base.tar", &recorded);
    without_hives(&recorded, &archive);
    assert_ok(unpack_archive(&archive, scratch, &request, ret, NULL, &err));
}

TEST(the_base_layer_gets_the_streams_that_hcsshim_wrote)
{
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    unpack_base(&u);
    CLEANUP(buf_clear) struct buf trace = {0};
    CLEANUP(strlist_clear) struct strlist expected = {0};
    CLEANUP(strlist_clear) struct strlist got = {0};
    read_trace("a1-import-base.jsonl", &trace);
    size_t streams = describe_trace(&expected, &trace);
    describe_tree(&got, &u.tree);
    assert_int_equal(got.count, expected.count);
    for (size_t i = 0; i < got.count; i++)
        assert_string_equal(got.items[i], expected.items[i]);
    assert_true(streams >= 30);
    assert_string_equal(node_of(&u, "Files\\Windows\\System32\\hard.exe")->link_target,
                        "Files\\Windows\\System32\\cmd.exe");
}

TEST(the_recorded_base_tar_is_refused_because_of_its_hives)
{
    struct error err = {0};
    const struct layer_unpack_request request = {.kind = LAYER_BASE};
    CLEANUP(buf_clear) struct buf recorded = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    read_trace("layers/base.tar", &recorded);
    assert_fails(unpack_archive(&recorded, scratch, &request, &u, NULL, &err), ERR_INTEGRITY,
                 "Hives");
}

/* ---- the diff layer ---- */

struct comparison {
    const struct unpacked *ours;
    struct buf file; /* being read */
    char *path;
    size_t size;
    size_t files;
    size_t directories;
};

static void compare_file(struct comparison *comparison)
{
    if (!comparison->path)
        return;
    const struct memory_node *node = node_of(comparison->ours, comparison->path);
    assert_int_equal(node->type, LAYER_FILE);
    if (node->data.length != comparison->file.length
        || memcmp(node->data.data, comparison->file.data, comparison->file.length) != 0)
        fail_msg("'%s' differs", comparison->path);
    comparison->files++;
    str_free(&comparison->path);
    buf_reset(&comparison->file);
}

static bool compare_entry(void *user, const struct tar_entry *entry, struct error *err)
{
    struct comparison *comparison = user;
    (void)err;
    compare_file(comparison);
    if (str_equal(entry->name, "./"))
        return true;
    CLEANUP(str_free) char *path = xstrdup(entry->name + strlen("./"));
    for (char *c = path; *c; c++)
        *c = *c == '/' ? '\\' : *c;
    if (entry->type == TAR_FILE) {
        comparison->path = TAKE(path);
        return true;
    }
    assert_int_equal(entry->type, TAR_DIRECTORY);
    path[strlen(path) - 1] = '\0';
    assert_int_equal(node_of(comparison->ours, path)->type, LAYER_DIRECTORY);
    comparison->directories++;
    return true;
}

static bool compare_data(void *user, const unsigned char *data, size_t length, struct error *err)
{
    struct comparison *comparison = user;
    (void)err;
    buf_add(&comparison->file, data, length);
    return true;
}

TEST(the_diff_layer_is_staged_byte_for_byte_as_by_hcsshim)
{
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked base = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    unpack_base(&base);
    CLEANUP(buf_clear) struct buf delta = {0};
    read_trace("layers/delta.tar", &delta);
    const struct layer_unpack_request request = {
        .kind = LAYER_DIFF, .parents = &base.layer_tree, .parent_count = 1};
    assert_ok(unpack_archive(&delta, scratch, &request, &u, NULL, &err));

    CLEANUP(buf_clear) struct buf staged = {0};
    read_trace("layers/a2-transport-folder-as-passed-to-ImportLayer.tar", &staged);
    struct comparison comparison = {.ours = &u};
    buf_init(&comparison.file, BUF_UNBOUNDED);
    const struct tar_handler handler = {compare_entry, compare_data, &comparison};
    CLEANUP(tar_reader_close) struct tar_reader *reader = tar_reader_open(&handler);
    assert_ok(tar_reader_feed(reader, staged.data, staged.length, &err));
    assert_ok(tar_reader_finish(reader, &err));
    compare_file(&comparison);
    assert_int_equal(comparison.files, 12);
    assert_int_equal(comparison.files + comparison.directories, u.tree.count);
    buf_clear(&comparison.file);

    /* What hcsshim did after the import. */
    assert_int_equal(u.result.tombstone_count, 2);
    assert_string_equal(u.result.tombstones[0].text, "Files\\Windows\\System32\\ea.dll");
    assert_string_equal(u.result.tombstones[1].text, "Files\\Users");
    assert_int_equal(u.result.link_count, 2);
    assert_string_equal(u.result.links[0].path.text, "Files\\app\\new-hard.exe");
    assert_string_equal(u.result.links[0].target.text, "Files\\app\\new.exe");
    assert_int_equal(u.result.links[0].parent, LAYER_LINK_IN_LAYER);
    assert_string_equal(u.result.links[1].path.text, "Files\\Windows\\cmd-hard.exe");
    assert_string_equal(u.result.links[1].target.text, "Files\\Windows\\System32\\cmd.exe");
    assert_int_equal(u.result.links[1].parent, 0);
    assert_int_equal(u.result.directory_count, 6);

    /* 1720461640.7654321, 1730461640.5, 1725461640.25 and 1620461640.1234567. */
    const struct win_basic_info *basic = &node_of(&u, "Files\\app\\new.exe")->basic;
    assert_int_equal(basic->write_time, INT64_C(133649352407654321));
    assert_int_equal(basic->access_time, INT64_C(133749352405000000));
    assert_int_equal(basic->change_time, INT64_C(133699352402500000));
    assert_int_equal(basic->creation_time, INT64_C(132649352401234567));
    assert_int_equal(basic->attributes, 0);
}

/* What it writes, we read: the export of the layer it had imported. */
TEST(a_layer_exported_by_hcsshim_is_unpacked)
{
    struct error err = {0};
    CLEANUP(unpacked_clear) struct unpacked base = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    unpack_base(&base);
    CLEANUP(buf_clear) struct buf exported = {0};
    read_trace("layers/exported-by-hcsshim.tar", &exported);
    const struct layer_unpack_request request = {
        .kind = LAYER_DIFF, .parents = &base.layer_tree, .parent_count = 1};
    assert_ok(unpack_archive(&exported, scratch, &request, &u, NULL, &err));
    assert_int_equal(u.result.tombstone_count, 1);
    assert_string_equal(u.result.tombstones[0].text, "Files\\Windows\\System32\\ea.dll");
    assert_string_equal(u.result.directories[0].path.text, "Files");

    /* What went in came out again. */
    static const char *const same[] = {"Files\\app\\ads.txt", "Files\\app\\new.exe",
                                       "Files\\app\\sub\\ro.txt", "Hives\\System_Delta"};
    CLEANUP(unpacked_clear) struct unpacked imported = {0};
    CLEANUP(buf_clear) struct buf delta = {0};
    read_trace("layers/delta.tar", &delta);
    assert_ok(unpack_archive(&delta, scratch, &request, &imported, NULL, &err));
    for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
        const struct buf *before = &node_of(&imported, same[i])->data;
        const struct buf *after = &node_of(&u, same[i])->data;
        assert_int_equal(before->length, after->length);
        assert_memory_equal(before->data, after->data, after->length);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_base_layer_gets_the_streams_that_hcsshim_wrote),
        cmocka_unit_test(the_recorded_base_tar_is_refused_because_of_its_hives),
        cmocka_unit_test(the_diff_layer_is_staged_byte_for_byte_as_by_hcsshim),
        cmocka_unit_test(a_layer_exported_by_hcsshim_is_unpacked),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
