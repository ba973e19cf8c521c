/* SPDX-License-Identifier: MIT */
/* What we make of a folder of ExportLayer compared with the tar that Microsoft's hcsshim made. */
#include "base/text.h"
#include "export_support.h"
#include "layers/tar.h"
#include "layers/win_meta.h"

#define TRACES WRUN_TEST_DATA "/traces/layers/"
#define MAXIMUM ((size_t)1 << 20)

static void read_trace(const char *name, struct buf *ret)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = str_format(TRACES "%s", name);
    assert_ok(fs_read_file(path, MAXIMUM, ret, &err));
}

static void read_tar(const struct buf *archive, const struct tar_handler *handler)
{
    struct error err = {0};
    CLEANUP(tar_reader_close) struct tar_reader *reader = tar_reader_open(handler);
    assert_ok(tar_reader_feed(reader, archive->data, archive->length, &err));
    assert_ok(tar_reader_finish(reader, &err));
}

static char *tree_path(const char *name, size_t length)
{
    char *path = xstrndup(name, length);
    for (char *c = path; *c; c++)
        *c = *c == '/' ? '\\' : *c;
    return path;
}

/* ---- the folder ---- */

struct planting {
    struct memory_tree *tree;
    struct memory_node *node; /* the latest */
};

static bool plant_entry(void *user, const struct tar_entry *entry, struct error *err)
{
    struct planting *planting = user;
    (void)err;
    const char *name = entry->name + strlen("./");
    bool directory = entry->type == TAR_DIRECTORY;
    CLEANUP(str_free) char *path = tree_path(name, strlen(name) - (directory && *name));
    if (*path)
        planting->node =
            export_plant(planting->tree, path, directory ? LAYER_DIRECTORY : LAYER_FILE, NULL, 0);
    return true;
}

static bool plant_data(void *user, const unsigned char *data, size_t length, struct error *err)
{
    struct planting *planting = user;
    (void)err;
    buf_add(&planting->node->data, data, length);
    return true;
}

static int64_t time_of(const struct tar_entry *entry, const char *key)
{
    struct error err = {0};
    const struct tar_record *record = tar_entry_record(entry, key);
    int64_t time = 0;
    assert_non_null(record);
    assert_ok(win_time_parse(record->value, record->value_length, &time, &err));
    return time;
}

/* The folder itself was not recorded with its times, but they are in what was exported. */
static bool take_times(void *user, const struct tar_entry *entry, struct error *err)
{
    struct planting *planting = user;
    (void)err;
    if (!tar_entry_record(entry, "MSWINDOWS.fileattr"))
        return true;
    CLEANUP(str_free) char *path = tree_path(entry->name, strlen(entry->name));
    CLEANUP(str_free) char *metadata = str_format("%s.$wcidirs$", path);
    bool staged_directory = entry->type == TAR_DIRECTORY && str_starts_with(entry->name, "Files/");
    struct memory_node *node = export_node(planting->tree, staged_directory ? metadata : path);
    node->basic.creation_time = time_of(entry, "LIBARCHIVE.creationtime");
    node->basic.access_time = time_of(entry, "atime");
    node->basic.write_time = time_of(entry, "mtime");
    node->basic.change_time = time_of(entry, "ctime");
    return true;
}

static bool ignore_data(void *user, const unsigned char *data, size_t length, struct error *err)
{
    (void)user;
    (void)data;
    (void)length;
    (void)err;
    return true;
}

static void plant_recorded_folder(struct memory_tree *tree, const struct buf *exported)
{
    static const char deleted[] = "\xEF\xBB\xBF"
                                  "Version 1.0\r\n\\Windows\\System32\\ea.dll";
    CLEANUP(buf_clear) struct buf staged = {0};
    struct planting planting = {.tree = tree};
    memory_tree_open(tree);
    read_trace("a2-transport-folder-as-passed-to-ImportLayer.tar", &staged);
    read_tar(&staged, &(struct tar_handler){plant_entry, plant_data, &planting});
    read_tar(exported, &(struct tar_handler){take_times, ignore_data, &planting});
    /* The size is in the recording of the call. */
    assert_int_equal(sizeof(deleted) - 1, 40);
    export_plant(tree, "tombstones.txt", LAYER_FILE, deleted, sizeof(deleted) - 1);
    /* Whatever times the roots have, they are not in the tar. */
    export_node(tree, "Files")->basic.write_time = 1;
    export_node(tree, "Hives")->basic.change_time = 2;
}

/* ---- */

static void assert_same_bytes(const struct buf *got, const struct buf *expected)
{
    size_t length = got->length < expected->length ? got->length : expected->length;
    for (size_t i = 0; i < length; i++) {
        if (got->data[i] != expected->data[i])
            fail_msg("byte %zu of block %zu differs: '%.60s' is not '%.60s'", i % 512, i / 512,
                     got->data + i, expected->data + i);
    }
    assert_int_equal(got->length, expected->length);
}

TEST(the_folder_is_exported_byte_for_byte_as_by_hcsshim)
{
    struct error err = {0};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    CLEANUP(buf_clear) struct buf expected = {0};
    CLEANUP(buf_clear) struct buf got = {0};
    struct memory_folder memory = {0};
    struct layer_export_result result = {0};
    read_trace("exported-by-hcsshim.tar", &expected);
    plant_recorded_folder(&tree, &expected);

    const struct layer_export_request request = {.form = LAYER_EXPORT_TRANSPORT};
    assert_ok(export_folder(&memory, &tree, &request, &got, &result, &err));
    assert_same_bytes(&got, &expected);
    struct digest digest = digest_of(expected.data, expected.length);
    assert_string_equal(result.diff_id.text, digest.text);
    assert_string_equal(result.blob_digest.text, digest.text);
    assert_int_equal(result.tar_size, expected.length);
    assert_int_equal(result.blob_size, expected.length);
    assert_int_equal(result.entries, 13);
}

/* The times do come from the folder. */
TEST(another_time_of_a_hive_makes_another_tar)
{
    struct error err = {0};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    CLEANUP(buf_clear) struct buf expected = {0};
    CLEANUP(buf_clear) struct buf got = {0};
    struct memory_folder memory = {0};
    struct layer_export_result result = {0};
    read_trace("exported-by-hcsshim.tar", &expected);
    plant_recorded_folder(&tree, &expected);
    export_node(&tree, "Hives\\System_Delta")->basic.write_time += 10;

    const struct layer_export_request request = {.form = LAYER_EXPORT_TRANSPORT};
    assert_ok(export_folder(&memory, &tree, &request, &got, &result, &err));
    assert_int_equal(got.length, expected.length);
    /* "Files", "Hives" and the hive have it three times each, and a checksum. */
    assert_memory_not_equal(got.data, expected.data, 1024);
    struct digest digest = digest_of(expected.data, expected.length);
    assert_string_not_equal(result.diff_id.text, digest.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_folder_is_exported_byte_for_byte_as_by_hcsshim),
        cmocka_unit_test(another_time_of_a_hive_makes_another_tar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
