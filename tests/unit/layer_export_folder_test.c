/* SPDX-License-Identifier: MIT */
/* Folders of ExportLayer that are not as they should be, and what interrupts an export. */
#include "layers/tar.h"
#include "staged_support.h"

static const struct layer_export_request request = {.form = LAYER_EXPORT_TRANSPORT};

static bool export_tree(const struct memory_tree *tree, struct buf *ret, struct error *err)
{
    struct memory_folder memory = {0};
    struct layer_export_result result = {0};
    return export_folder(&memory, tree, &request, ret, &result, err);
}

static bool export_only(const struct memory_tree *tree, struct error *err)
{
    CLEANUP(buf_clear) struct buf exported = {0};
    return export_tree(tree, &exported, err);
}

/* ---- what is in a file ---- */

#define ATTRIBUTES "\x20\0\0\0"
#define RECORD(id, size) id "\0\0\0\0\0\0\0" size "\0\0\0\0\0\0\0\0\0\0\0"
#define SPARSE_DATA "\x01\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define SPARSE_BLOCK(size, at)                                                                     \
    "\x09\0\0\0\x08\0\0\0" size "\0\0\0\0\0\0\0\0\0\0\0" at "\0\0\0\0\0\0\0"

static const struct {
    const char *content;
    size_t length;
    enum err_kind kind;
    const char *said;
} bad_files[] = {
    {"", 0, ERR_INTEGRITY, "no attributes"},
    {"\x20\0\0", 3, ERR_INTEGRITY, "no attributes"},
    {ATTRIBUTES "\x01", 5, ERR_INTEGRITY, "cut short"},
    {ATTRIBUTES RECORD("\x01", "\x02") "x", 25, ERR_INTEGRITY, "cut short"},
    {ATTRIBUTES RECORD("\x01", "\0") RECORD("\x01", "\0"), 44, ERR_INTEGRITY, "data twice"},
    {ATTRIBUTES RECORD("\x03", "\x01") "x" RECORD("\x03", "\x01") "x", 46, ERR_INTEGRITY,
     "metadata twice"},
    {ATTRIBUTES RECORD("\x03", "\x01") "x", 25, ERR_INTEGRITY, "security descriptor"},
    {ATTRIBUTES RECORD("\x02", "\x01") "x", 25, ERR_INTEGRITY, "malformed"},
    {ATTRIBUTES RECORD("\x08", "\x01") "x", 25, ERR_INTEGRITY, "cut short"},
    {ATTRIBUTES RECORD("\x63", "\0"), 24, ERR_UNSUPPORTED, "unknown type 99"},
    {ATTRIBUTES RECORD("\x04", "\0"), 24, ERR_INTEGRITY, "without a proper name"},
    {ATTRIBUTES "\x04\0\0\0\x08\0\0\0\0\0\0\0\0\0\0\0\x10\0\0\0:\0s\0:\0$\0D\0A\0T\0A\0", 40,
     ERR_UNSUPPORTED, "'s' is sparse"},
    {"\x10\0\0\0" RECORD("\x01", "\0"), 24, ERR_INTEGRITY, "it is a directory"},
    {ATTRIBUTES SPARSE_DATA SPARSE_BLOCK("\x09", "\0") "x", 53, ERR_INTEGRITY, "without end"},
    {ATTRIBUTES SPARSE_DATA SPARSE_BLOCK("\x09", "\x05") "x" SPARSE_BLOCK(
         "\x09", "\x02") "y" SPARSE_BLOCK("\x08", "\x07"),
     110, ERR_INTEGRITY, "out of order"},
    {ATTRIBUTES SPARSE_DATA SPARSE_BLOCK("\x09", "\x05") "x" SPARSE_BLOCK("\x08", "\x02"), 81,
     ERR_INTEGRITY, "out of order"},
};

TEST(malformed_files_are_refused_by_name)
{
    for (size_t i = 0; i < ARRAY_SIZE(bad_files); i++) {
        struct error err = {0};
        CLEANUP(memory_tree_close) struct memory_tree tree = {0};
        staged_plant_roots(&tree);
        export_plant(&tree, "Files\\bad", LAYER_FILE, bad_files[i].content, bad_files[i].length);
        assert_fails(export_only(&tree, &err), bad_files[i].kind, bad_files[i].said);
    }
}

TEST(a_directory_needs_its_metadata)
{
    struct error err = {0};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    staged_plant_roots(&tree);
    export_plant(&tree, "Files\\dir", LAYER_DIRECTORY, NULL, 0);
    assert_fails(export_only(&tree, &err), ERR_NOT_FOUND, "'Files\\dir'");
    export_plant(&tree, "Files\\dir.$wcidirs$", LAYER_FILE, ATTRIBUTES, 4);
    assert_fails(export_only(&tree, &err), ERR_INTEGRITY, "it is no directory");
}

TEST(names_that_no_layer_may_have_are_refused)
{
    static const char *const names[] = {"nul", "x.", "a:b", "x\x01", ".wh.x", ".wh..wh..opq"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct error err = {0};
        CLEANUP(memory_tree_close) struct memory_tree tree = {0};
        CLEANUP(str_free) char *path = str_format("Files\\%s", names[i]);
        staged_plant_roots(&tree);
        export_plant(&tree, path, LAYER_FILE, ATTRIBUTES, 4);
        assert_false(export_only(&tree, &err));
        assert_int_equal(err.kind, ERR_INTEGRITY);
        assert_non_null(strstr(err.hint, "rename"));
        error_clear(&err);
    }
}

TEST(the_list_of_deletions_must_be_there)
{
    struct error err = {0};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    staged_plant_roots(&tree);
    buf_reset(&export_node(&tree, "tombstones.txt")->data);
    assert_fails(export_only(&tree, &err), ERR_INTEGRITY, "tombstones.txt: line 1");
    memory_forget(&tree, "tombstones.txt");
    assert_fails(export_only(&tree, &err), ERR_NOT_FOUND, "deletes");
}

/* ---- sparse files ---- */

struct looked_at {
    const char *name;
    struct buf data;
    bool is_current;
};

static bool look_at_entry(void *user, const struct tar_entry *entry, struct error *err)
{
    struct looked_at *looked_at = user;
    (void)err;
    looked_at->is_current = str_equal(entry->name, looked_at->name);
    return true;
}

static bool look_at_data(void *user, const unsigned char *data, size_t length, struct error *err)
{
    struct looked_at *looked_at = user;
    (void)err;
    if (looked_at->is_current)
        buf_add(&looked_at->data, data, length);
    return true;
}

/* The data of one entry of what is exported. */
static void data_of(const struct memory_tree *tree, const char *name, struct buf *ret)
{
    struct error err = {0};
    struct looked_at looked_at = {.name = name};
    CLEANUP(buf_clear) struct buf exported = {0};
    const struct tar_handler handler = {look_at_entry, look_at_data, &looked_at};
    CLEANUP(tar_reader_close) struct tar_reader *reader = tar_reader_open(&handler);
    buf_init(&looked_at.data, BUF_UNBOUNDED);
    assert_ok(export_tree(tree, &exported, &err));
    assert_ok(tar_reader_feed(reader, exported.data, exported.length, &err));
    assert_ok(tar_reader_finish(reader, &err));
    *ret = looked_at.data;
}

static const struct {
    const char *content;
    size_t length;
    const char *data;
    size_t size;
} sparse_files[] = {
    /* Empty, with and without an end. */
    {ATTRIBUTES SPARSE_DATA, 24, "", 0},
    {ATTRIBUTES SPARSE_DATA SPARSE_BLOCK("\x08", "\0"), 52, "", 0},
    /* A hole. */
    {ATTRIBUTES SPARSE_DATA SPARSE_BLOCK("\x08", "\x05"), 52, "\0\0\0\0\0", 5},
    {ATTRIBUTES SPARSE_DATA SPARSE_BLOCK("\x0a", "\x02") "xy" SPARSE_BLOCK(
         "\x09", "\x06") "z" SPARSE_BLOCK("\x08", "\x08"),
     111, "\0\0xy\0\0z\0", 8},
    {ATTRIBUTES SPARSE_DATA SPARSE_BLOCK("\x0a", "\0") "xy" SPARSE_BLOCK("\x08", "\x02"), 82, "xy",
     2},
};

TEST(sparse_files_become_whole)
{
    for (size_t i = 0; i < ARRAY_SIZE(sparse_files); i++) {
        CLEANUP(memory_tree_close) struct memory_tree tree = {0};
        CLEANUP(buf_clear) struct buf data = {0};
        staged_plant_roots(&tree);
        export_plant(&tree, "Files\\sparse", LAYER_FILE, sparse_files[i].content,
                     sparse_files[i].length);
        data_of(&tree, "Files/sparse", &data);
        assert_int_equal(data.length, sparse_files[i].size);
        if (data.length > 0)
            assert_memory_equal(data.data, sparse_files[i].data, data.length);
    }
}

/* ---- interruptions ---- */

static void plant_some(struct memory_tree *tree)
{
    static const struct staged files[] = {
        {.path = "Files\\dir", .attributes = 0x10, .stream_name = "s", .stream = "stream"},
        {.path = "Files\\dir\\f", .attributes = 0x20, .data = "data", .has_security = true},
        {.path = "Files\\link", .attributes = 0x410, .link = "C:\\x", .is_junction = true},
    };
    staged_plant_roots(tree);
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        staged_plant(tree, &files[i]);
    staged_plant_hive(tree, "System_Delta", "system");
    staged_set_deletions(tree, "\\dir\\gone\n");
}

TEST(every_failure_is_told)
{
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    bool done = false;
    size_t failures = 0;
    plant_some(&tree);
    for (size_t fail_at = 1; !done; fail_at++) {
        struct error err = {0};
        struct memory_folder memory = {.fail_at = fail_at};
        struct layer_export_result result = {0};
        CLEANUP(buf_clear) struct buf exported = {0};
        done = export_folder(&memory, &tree, &request, &exported, &result, &err);
        if (done)
            break;
        assert_int_equal(err.kind, ERR_OS);
        assert_non_null(strstr(err.message, "injected failure"));
        error_clear(&err);
        failures++;
    }
    assert_true(failures > 25);
}

static bool refuse(void *user, const void *data, size_t length, struct error *err)
{
    size_t *left = user;
    (void)data;
    if (length > *left)
        return error_set(err, ERR_NO_SPACE, "the disk is full");
    *left -= length;
    return true;
}

TEST(a_full_disk_is_told_whatever_the_compression)
{
    static const enum compress_format formats[] = {COMPRESS_NONE, COMPRESS_GZIP, COMPRESS_ZSTD};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    plant_some(&tree);
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        struct error err = {0};
        struct memory_folder memory = {0};
        struct layer_export_result result = {0};
        size_t left = 100;
        const struct byte_sink sink = {.write = refuse, .user = &left};
        struct layer_folder folder = memory_folder_open_tree(&memory, &tree);
        const struct layer_export_request to_full = {.folder = &folder,
                                                     .form = LAYER_EXPORT_TRANSPORT,
                                                     .compression = formats[i],
                                                     .sink = &sink,
                                                     .subject = "x"};
        assert_fails(layer_export(&to_full, &result, NULL, &err), ERR_NO_SPACE, "full");
        assert_int_equal(memory.open_handles, 0);
    }
}

TEST(a_request_to_stop_is_seen)
{
    struct error err = {0};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    struct memory_folder memory = {0};
    struct layer_export_result result = {0};
    struct cancel cancel = {.requested = 1};
    const struct context context = {.cancel = &cancel};
    size_t left = SIZE_MAX;
    const struct byte_sink sink = {.write = refuse, .user = &left};
    plant_some(&tree);
    struct layer_folder folder = memory_folder_open_tree(&memory, &tree);
    const struct layer_export_request stopped = {.folder = &folder,
                                                 .form = LAYER_EXPORT_TRANSPORT,
                                                 .compression = COMPRESS_NONE,
                                                 .sink = &sink};
    assert_fails(layer_export(&stopped, &result, &context, &err), ERR_CANCELLED, "interrupted");
}

/* ---- events ---- */

static void note_event(void *user, const struct event *event)
{
    static const char *const names[] = {[EVENT_EXPORT_STARTED] = "started",
                                        [EVENT_EXPORT_PROGRESS] = "progress",
                                        [EVENT_EXPORT_DONE] = "done"};
    buf_addf(user, "%s %s %llu/%llu\n", names[event->type], event->subject,
             (unsigned long long)event->done, (unsigned long long)event->total);
}

TEST(progress_is_told)
{
    struct error err = {0};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    CLEANUP(buf_clear) struct buf said;
    CLEANUP(mem_free) char *data = xcalloc(1500000, 1);
    struct memory_folder memory = {0};
    struct layer_export_result result = {0};
    size_t left = SIZE_MAX;
    const struct byte_sink sink = {.write = refuse, .user = &left};
    const struct observer observer = {.on_event = note_event, .user = &said};
    const struct context context = {.observer = &observer};
    buf_init(&said, BUF_UNBOUNDED);
    memset(data, 'x', 1499999);
    plant_some(&tree);
    const struct staged big = {.path = "Files\\big", .attributes = 0x20, .data = data};
    staged_plant(&tree, &big);
    struct layer_folder folder = memory_folder_open_tree(&memory, &tree);
    const struct layer_export_request watched = {.folder = &folder,
                                                 .form = LAYER_EXPORT_TRANSPORT,
                                                 .compression = COMPRESS_GZIP,
                                                 .sink = &sink,
                                                 .subject = "some"};
    assert_ok(layer_export(&watched, &result, &context, &err));
    CLEANUP(str_free)
    char *end = str_format("done some %llu/%llu\n", (unsigned long long)result.tar_size,
                           (unsigned long long)result.tar_size);
    assert_true(str_starts_with(buf_str(&said), "started some 0/0\nprogress some 10"));
    assert_true(str_ends_with(buf_str(&said), end));
}

/* ---- changes ---- */

static bool note_change(void *user, const struct layer_change *change, struct error *err)
{
    (void)err;
    buf_addf(user, "%c%s %s\n", change->kind == LAYER_CHANGE_WRITTEN ? '+' : '-',
             change->is_directory ? "d" : "", change->path);
    return true;
}

static bool refuse_change(void *user, const struct layer_change *change, struct error *err)
{
    (void)user;
    return error_set(err, ERR_CANCELLED, "enough of %s", change->path);
}

TEST(changes_are_listed)
{
    struct error err = {0};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    CLEANUP(buf_clear) struct buf said;
    struct memory_folder memory = {0};
    buf_init(&said, BUF_UNBOUNDED);
    plant_some(&tree);
    struct layer_folder folder = memory_folder_open_tree(&memory, &tree);
    assert_ok(layer_export_changes(&folder, note_change, &said, NULL, &err));
    assert_string_equal(buf_str(&said),
                        "+d Files\\dir\n"
                        "- Files\\dir\\gone\n"
                        "+ Files\\dir\\f\n"
                        "+d Files\\link\n");
    assert_fails(layer_export_changes(&folder, refuse_change, NULL, NULL, &err), ERR_CANCELLED,
                 "enough of Files\\dir");
    assert_int_equal(memory.open_handles, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_files_are_refused_by_name),
        cmocka_unit_test(a_directory_needs_its_metadata),
        cmocka_unit_test(names_that_no_layer_may_have_are_refused),
        cmocka_unit_test(the_list_of_deletions_must_be_there),
        cmocka_unit_test(sparse_files_become_whole),
        cmocka_unit_test(every_failure_is_told),
        cmocka_unit_test(a_full_disk_is_told_whatever_the_compression),
        cmocka_unit_test(a_request_to_stop_is_seen),
        cmocka_unit_test(progress_is_told),
        cmocka_unit_test(changes_are_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
