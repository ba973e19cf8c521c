/* SPDX-License-Identifier: MIT */
#include "base/os.h"
#include "base/text.h"
#include "fake_layer_api.h"
#include "layers/chain.h"
#include "layers/layer_store.h"
#include "tar_build.h"

/* ---- layers to import ---- */

static const struct tar_build_entry base_entries[] = {
    {.type = '5', .name = "Files/"},
    {.type = '5', .name = "Files/Windows/"},
    {.type = '0', .name = "Files/Windows/shared.dll", .data = "from the base"},
    {.type = '0', .name = "Files/gone.txt", .data = "x"},
    {.type = '5', .name = "UtilityVM/"},
    {.type = '5', .name = "UtilityVM/Files/"},
    {0},
};

static const struct tar_build_entry diff_entries[] = {
    {.type = '5', .name = "Files/"},
    {.type = '0', .name = "Files/.wh.gone.txt"},
    {.type = '0', .name = "Files/new.txt", .data = "from the diff"},
    {.type = '1', .name = "Files/again.txt", .target = "Files/new.txt"},
    {.type = '1', .name = "Files/shared.dll", .target = "Files/Windows/shared.dll"},
    {.type = '5', .name = "Hives/"},
    {.type = '0', .name = "Hives/System_Delta", .data = "regf"},
    {0},
};

/* A file of the container that is a link into the virtual machine's files. */
static const struct tar_build_entry crossed_entries[] = {
    {.type = '5', .name = "Files/"},
    {.type = '5', .name = "UtilityVM/"},
    {.type = '5', .name = "UtilityVM/Files/"},
    {.type = '0', .name = "UtilityVM/Files/f", .data = "vm"},
    {.type = '1', .name = "Files/f", .target = "UtilityVM/Files/f"},
    {0},
};

static const struct tar_build_entry hostile_entries[] = {
    {.type = '5', .name = "Files/"},
    {.type = '0', .name = "Files/../../evil", .data = "x"},
    {0},
};

struct fixture {
    char *relative;
    char *root;
    struct layer_store store;
    struct strlist no_parents;
};

static int set_up(void **state)
{
    struct error err = {0};
    struct fixture *fixture = xcalloc(1, sizeof(*fixture));
    fake_reset();
    fixture->relative = make_scratch();
    CLEANUP(str_free) char *root = fs_join(fixture->relative, "store");
    assert_ok(fs_absolute(root, &fixture->root, &err));
    assert_ok(layer_store_open(root, &fake_api, &fixture->store, &err));
    assert_string_equal(fixture->store.root, fixture->root);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    layer_store_close(&fixture->store);
    str_free(&fixture->root);
    remove_scratch(&fixture->relative);
    free(fixture);
    fake_reset();
    return 0;
}

/* A layer's tar, given in small pieces as a download gives it. */
struct content {
    struct buf tar;
    size_t at;
};

struct blob {
    struct content *content;
    struct byte_source source;
    struct digest diff_id;
    struct digest chain_id;
};

static void blob_clear(struct blob *blob)
{
    buf_clear(&blob->content->tar);
    mem_free(&blob->content);
}

static bool read_content(void *user, void *data, size_t length, size_t *ret, struct error *err)
{
    struct content *content = user;
    (void)err;
    size_t left = content->tar.length - content->at;
    *ret = length < 100 ? length : 100;
    *ret = left < *ret ? left : *ret;
    memcpy(data, content->tar.data + content->at, *ret);
    content->at += *ret;
    return true;
}

static void rewind_content(void *user)
{
    struct content *content = user;
    content->at = 0;
}

static bool read_nothing(void *user, void *data, size_t length, size_t *ret, struct error *err)
{
    (void)user;
    (void)data;
    (void)length;
    (void)ret;
    return error_set(err, ERR_NETWORK, "the line is dead");
}

static struct blob make_blob(const struct tar_build_entry *entries, const struct blob *parent)
{
    struct blob blob = {.content = xcalloc(1, sizeof(*blob.content))};
    struct buf *tar = &blob.content->tar;
    tar_build_all(tar, entries);
    blob.source = (struct byte_source){
        .read = read_content, .rewind = rewind_content, .user = blob.content, .size = tar->length};
    blob.diff_id = digest_of(tar->data, tar->length);
    blob.chain_id = chain_id_next(parent ? &parent->chain_id : NULL, &blob.diff_id);
    return blob;
}

static struct layer_import_request request_of(const struct blob *blob,
                                              const struct strlist *parents)
{
    blob->content->at = 0;
    return (struct layer_import_request){.source = &blob->source,
                                         .diff_id = blob->diff_id,
                                         .chain_id = blob->chain_id,
                                         .parents = parents};
}

static char *import(const struct fixture *fixture, const struct blob *blob,
                    const struct strlist *parents, const struct context *context)
{
    struct error err = {0};
    char *path = NULL;
    struct layer_import_request request = request_of(blob, parents);
    assert_ok(layer_store_import(&fixture->store, &request, context, &path, &err));
    return path;
}

static char *in_store(const struct fixture *fixture, const char *name)
{
    return fs_join(fixture->root, name);
}

static void assert_content(const char *directory, const char *name, const char *expected)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(directory, name);
    CLEANUP(buf_clear) struct buf content = {0};
    assert_ok(fs_read_file(path, 1000, &content, &err));
    assert_string_equal(buf_str(&content), expected);
}

static void assert_absent(const char *directory, const char *name)
{
    CLEANUP(str_free) char *path = fs_join(directory, name);
    if (fs_type_of(path) != FS_ABSENT)
        fail_msg("'%s' is there", path);
}

static void assert_empty(const struct fixture *fixture, const char *name)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = in_store(fixture, name);
    CLEANUP(strlist_clear) struct strlist names = {0};
    assert_ok(fs_list(path, &names, &err));
    if (names.count > 0)
        fail_msg("'%s' has %zu entries, the first is %s", path, names.count, names.items[0]);
}

static void put(const char *directory, const char *name, const char *text)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(directory, name);
    assert_ok(fs_write_file(path, text, strlen(text), &err));
}

static void make_directory(const char *directory, const char *name)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(directory, name);
    assert_ok(fs_make_directories(path, &err));
}

/* ---- what is watched ---- */

struct watched {
    unsigned started, done, present, progress;
    uint64_t total;
};

static void watch(void *user, const struct event *event)
{
    struct watched *watched = user;
    watched->started += event->type == EVENT_LAYER_STARTED;
    watched->done += event->type == EVENT_LAYER_DONE;
    watched->present += event->type == EVENT_LAYER_PRESENT;
    watched->progress += event->type == EVENT_LAYER_PROGRESS;
    if (event->type == EVENT_LAYER_STARTED)
        watched->total = event->total;
}

static void a_base_layer(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct watched watched = {0};
    struct observer observer = {watch, &watched};
    struct context context = {.observer = &observer};
    CLEANUP(blob_clear) struct blob blob = make_blob(base_entries, NULL);
    char name[LAYER_DIRECTORY_NAME_SIZE];
    layer_directory_name(&blob.chain_id, name);

    CLEANUP(str_free) char *before = NULL;
    assert_ok(layer_store_find(&fixture->store, &blob.chain_id, &before, &err));
    assert_null(before);
    CLEANUP(str_free) char *path = import(fixture, &blob, &fixture->no_parents, &context);
    CLEANUP(str_free) char *layers = in_store(fixture, "layers");
    CLEANUP(str_free) char *expected = fs_join(layers, name);
    assert_string_equal(path, expected);
    assert_content(path, "Files\\Windows\\shared.dll", "from the base");
    assert_absent(path, "UtilityVM");
    CLEANUP(str_free) char *calls = fake_take_calls(fixture->root);
    CLEANUP(str_free) char *call = str_format("ProcessBaseImage \\\\?\\~\\layers\\%s", name);
    assert_string_equal(calls, call);
    assert_int_equal(watched.started, 1);
    assert_int_equal(watched.done, 1);
    assert_int_equal(watched.present, 0);
    assert_true(watched.progress > 0);
    assert_true(watched.total > 0);

    CLEANUP(str_free) char *found = NULL;
    assert_ok(layer_store_find(&fixture->store, &blob.chain_id, &found, &err));
    assert_string_equal(found, path);
    CLEANUP(str_free) char *again = import(fixture, &blob, &fixture->no_parents, &context);
    assert_string_equal(again, path);
    assert_int_equal(fake.calls.count, 0);
    assert_int_equal(watched.present, 1);
    assert_int_equal(watched.started, 1);
}

/* What ImportLayer finds in the staging folder, and what it makes of it. */
static void import_like_windows(const char *layer, const char *folder)
{
    assert_content(folder, "Hives\\System_Delta", "regf");
    assert_absent(folder, "Files\\again.txt");
    assert_absent(folder, "Files\\gone.txt");
    assert_absent(folder, "wrun.json");
    CLEANUP(str_free) char *metadata = fs_join(folder, "Files.$wcidirs$");
    CLEANUP(str_free) char *file = fs_join(folder, "Files\\new.txt");
    struct error err = {0};
    uint64_t size;
    assert_int_equal(fs_type_of(metadata), FS_FILE);
    assert_ok(fs_file_size(file, &size, &err));
    assert_int_equal(size, 4 + 20 + strlen("from the diff"));

    assert_int_equal(fs_type_of(layer), FS_DIRECTORY);
    make_directory(layer, "Files");
    make_directory(layer, "Hives");
    put(layer, "Files\\new.txt", "from the diff");
    put(layer, "Files\\gone.txt", "placeholder");
    put(layer, "Files\\shared.dll", "placeholder");
}

static void a_diff_layer(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(blob_clear) struct blob base = make_blob(base_entries, NULL);
    CLEANUP(blob_clear) struct blob diff = make_blob(diff_entries, &base);
    CLEANUP(strlist_clear) struct strlist parents = {0};
    strlist_add_owned(&parents, import(fixture, &base, &fixture->no_parents, NULL));
    strlist_clear(&fake.calls);
    fake.on_import = import_like_windows;

    CLEANUP(str_free) char *path = import(fixture, &diff, &parents, NULL);
    CLEANUP(str_free) char *calls = fake_take_calls(NULL);
    CLEANUP(str_free)
    char *expected = str_format("ImportLayer \\\\?\\%s\n  parent %s", path, parents.items[0]);
    assert_string_equal(calls, expected);
    assert_absent(path, "Files\\gone.txt");
    assert_content(path, "Files\\again.txt", "from the diff");
    assert_content(path, "Files\\shared.dll", "from the base");
    assert_empty(fixture, "tmp");
}

static void import_files_only(const char *layer, const char *folder)
{
    (void)folder;
    make_directory(layer, "Files");
    make_directory(layer, "Hives");
    put(layer, "Files\\new.txt", "from the diff");
}

static void parents_are_given_topmost_first(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(blob_clear) struct blob base = make_blob(base_entries, NULL);
    CLEANUP(blob_clear) struct blob middle = make_blob(diff_entries, &base);
    CLEANUP(blob_clear) struct blob top = make_blob(diff_entries, &middle);
    CLEANUP(strlist_clear) struct strlist parents = {0};
    CLEANUP(strlist_clear) struct strlist both = {0};
    fake.on_import = import_files_only;
    strlist_add_owned(&parents, import(fixture, &base, &fixture->no_parents, NULL));
    strlist_add_owned(&both, import(fixture, &middle, &parents, NULL));
    strlist_add_all(&both, &parents);
    strlist_clear(&fake.calls);

    CLEANUP(str_free) char *path = import(fixture, &top, &both, NULL);
    CLEANUP(str_free) char *calls = fake_take_calls(NULL);
    CLEANUP(str_free)
    char *expected = str_format("ImportLayer \\\\?\\%s\n  parent %s\n  parent %s", path,
                                both.items[0], both.items[1]);
    assert_string_equal(calls, expected);
}

static void a_utility_vm_is_unpacked_when_files_need_it(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(blob_clear) struct blob blob = make_blob(crossed_entries, NULL);
    CLEANUP(str_free) char *path = import(fixture, &blob, &fixture->no_parents, NULL);
    assert_content(path, "Files\\f", "vm");
    CLEANUP(str_free) char *calls = fake_take_calls(NULL);
    CLEANUP(str_free)
    char *expected = str_format(
        "ProcessBaseImage \\\\?\\%s\nProcessUtilityImage \\\\?\\%s\\UtilityVM", path, path);
    assert_string_equal(calls, expected);
}

/* A layer that changes the virtual machine's files. */
static const struct tar_build_entry machine_entries[] = {
    {.type = '5', .name = "Files/"},
    {.type = '0', .name = "UtilityVM/Files/new", .data = "of the diff"},
    {.type = '0', .name = "UtilityVM/Files/.wh.gone"},
    {.type = '1', .name = "UtilityVM/Files/shared", .target = "Files/f"},
    {0},
};
static const struct tar_build_entry machine_base_entries[] = {
    {.type = '5', .name = "Files/"},
    {.type = '0', .name = "Files/f", .data = "f"},
    {.type = '0', .name = "UtilityVM/Files/dir/kept", .data = "of the base"},
    {.type = '0', .name = "UtilityVM/Files/gone", .data = "x"},
    {.type = '0', .name = "UtilityVM/Files/EFI/Microsoft/Boot/BCD", .data = "boot"},
    {0},
};

static void import_nothing(const char *layer, const char *folder)
{
    (void)folder;
    assert_content(layer, "UtilityVM\\Files\\new", "of the diff");
    make_directory(layer, "Files");
}

static char *import_with_utility_vm(const struct fixture *fixture, const struct blob *blob,
                                    const struct strlist *parents)
{
    struct error err = {0};
    char *path = NULL;
    struct layer_import_request request = request_of(blob, parents);
    request.with_utility_vm = true;
    assert_ok(layer_store_import(&fixture->store, &request, NULL, &path, &err));
    return path;
}

static void a_utility_vm_is_kept_when_it_is_wanted(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(blob_clear) struct blob base = make_blob(machine_base_entries, NULL);
    CLEANUP(blob_clear) struct blob diff = make_blob(machine_entries, &base);
    CLEANUP(strlist_clear) struct strlist parents = {0};
    fake.on_import = import_nothing;
    strlist_add_owned(&parents, import_with_utility_vm(fixture, &base, &fixture->no_parents));
    CLEANUP(str_free) char *path = import_with_utility_vm(fixture, &diff, &parents);
    CLEANUP(str_free) char *calls = fake_take_calls(NULL);
    CLEANUP(str_free)
    char *expected =
        str_format("ProcessBaseImage \\\\?\\%s\nProcessUtilityImage \\\\?\\%s\\UtilityVM\n"
                   "ImportLayer \\\\?\\%s\n  parent %s\n"
                   "ProcessUtilityImage \\\\?\\%s\\UtilityVM",
                   parents.items[0], parents.items[0], path, parents.items[0], path);
    assert_string_equal(calls, expected);
    assert_content(path, "UtilityVM\\Files\\dir\\kept", "of the base");
    assert_content(path, "UtilityVM\\Files\\shared", "f");
    assert_absent(path, "UtilityVM\\Files\\gone");
    assert_content(parents.items[0], "UtilityVM\\Files\\gone", "x");

    /* Files are the parent's own, but for what Windows writes to: that is a copy. */
    put(path, "UtilityVM\\Files\\EFI\\Microsoft\\Boot\\BCD", "changed");
    assert_content(parents.items[0], "UtilityVM\\Files\\EFI\\Microsoft\\Boot\\BCD", "boot");
}

static void a_utility_vm_cannot_be_added_later(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    char *none = NULL;
    CLEANUP(blob_clear) struct blob base = make_blob(machine_base_entries, NULL);
    CLEANUP(str_free) char *path = import(fixture, &base, &fixture->no_parents, NULL);
    assert_absent(path, "UtilityVM");
    struct layer_import_request request = request_of(&base, &fixture->no_parents);
    request.with_utility_vm = true;
    assert_false(layer_store_import(&fixture->store, &request, NULL, &none, &err));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "without the files for Hyper-V isolation"));
    assert_non_null(strstr(err.hint, "--root"));
    error_clear(&err);

    /* One that brings none lacks nothing. */
    static const struct tar_build_entry plain[] = {{.type = '5', .name = "Files"}, {0}};
    CLEANUP(blob_clear) struct blob other = make_blob(plain, NULL);
    CLEANUP(str_free) char *first = import(fixture, &other, &fixture->no_parents, NULL);
    CLEANUP(str_free) char *again = import_with_utility_vm(fixture, &other, &fixture->no_parents);
    assert_string_equal(first, again);
}

/* ---- failures ---- */

static void assert_import_fails(struct fixture *fixture, const struct blob *blob,
                                const struct strlist *parents, enum err_kind kind, const char *text)
{
    struct error err = {0};
    char *path = NULL;
    struct layer_import_request request = request_of(blob, parents);
    assert_fails(layer_store_import(&fixture->store, &request, NULL, &path, &err), kind, text);
    assert_null(path);
}

static void a_failing_call_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    CLEANUP(blob_clear) struct blob base = make_blob(base_entries, NULL);
    fake_fail("ProcessBaseImage", (HRESULT)0x80070002, 1);
    assert_import_fails(fixture, &base, &fixture->no_parents, ERR_INTEGRITY, "ProcessBaseImage");
    assert_empty(fixture, "layers");

    CLEANUP(blob_clear) struct blob diff = make_blob(diff_entries, &base);
    CLEANUP(strlist_clear) struct strlist parents = {0};
    strlist_add_owned(&parents, import(fixture, &base, &fixture->no_parents, NULL));
    fake_fail("ImportLayer", (HRESULT)0x8007000D, 1);
    char *path = NULL;
    struct layer_import_request request = request_of(&diff, &parents);
    assert_false(layer_store_import(&fixture->store, &request, NULL, &path, &err));
    assert_non_null(strstr(err.message, "ImportLayer"));
    assert_non_null(strstr(err.hint, "pull the image again"));
    error_clear(&err);
    assert_empty(fixture, "tmp");
    assert_ok(layer_store_find(&fixture->store, &diff.chain_id, &path, &err));
    assert_null(path);

    /* The next try works. */
    fake.on_import = import_like_windows;
    CLEANUP(str_free) char *second = import(fixture, &diff, &parents, NULL);
    assert_content(second, "Files\\again.txt", "from the diff");
}

static void bad_blobs_never_reach_windows(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(blob_clear) struct blob hostile = make_blob(hostile_entries, NULL);
    assert_import_fails(fixture, &hostile, &fixture->no_parents, ERR_INTEGRITY, "evil");

    CLEANUP(blob_clear) struct blob base = make_blob(base_entries, NULL);
    struct blob other = base;
    other.diff_id = digest_of("x", 1);
    other.chain_id = other.diff_id;
    assert_import_fails(fixture, &other, &fixture->no_parents, ERR_INTEGRITY, base.diff_id.text);

    struct blob unreachable = base;
    unreachable.source.read = read_nothing;
    assert_import_fails(fixture, &unreachable, &fixture->no_parents, ERR_NETWORK, "dead");

    CLEANUP(strlist_clear) struct strlist parents = {0};
    strlist_add(&parents, "C:\\no\\such\\layer");
    assert_import_fails(fixture, &base, &parents, ERR_NOT_FOUND, "no\\such");
    CLEANUP(str_free) char *calls = fake_take_calls(NULL);
    assert_null(strstr(calls, "ProcessBaseImage"));
    assert_null(strstr(calls, "ImportLayer"));
    assert_empty(fixture, "layers");
    assert_empty(fixture, "tmp");
}

static void interruption_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    CLEANUP(blob_clear) struct blob base = make_blob(base_entries, NULL);
    struct cancel cancel = {.requested = 1};
    struct context context = {.cancel = &cancel};
    struct layer_import_request request = request_of(&base, &fixture->no_parents);
    char *path = NULL;
    assert_fails(layer_store_import(&fixture->store, &request, &context, &path, &err),
                 ERR_CANCELLED, "interrupted");
    assert_empty(fixture, "layers");
}

static void a_damaged_record_is_reported(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    CLEANUP(blob_clear) struct blob base = make_blob(base_entries, NULL);
    CLEANUP(str_free) char *path = import(fixture, &base, &fixture->no_parents, NULL);
    char *found = NULL;
    put(path, "wrun.json", "{}");
    assert_fails(layer_store_find(&fixture->store, &base.chain_id, &found, &err), ERR_INTEGRITY,
                 path);
    CLEANUP(blob_clear) struct blob other = make_blob(diff_entries, &base);
    CLEANUP(str_free)
    char *record = str_format("{\"diffId\":\"%s\",\"chainId\":\"%s\",\"parents\":[]}",
                              other.diff_id.text, other.chain_id.text);
    put(path, "wrun.json", record);
    assert_fails(layer_store_find(&fixture->store, &base.chain_id, &found, &err), ERR_INTEGRITY,
                 "instead of");
    assert_null(found);
}

/* ---- other processes, dead and alive ---- */

static void leftovers_of_a_crash_are_done_again(void **state)
{
    struct fixture *fixture = *state;
    CLEANUP(blob_clear) struct blob base = make_blob(base_entries, NULL);
    char name[LAYER_DIRECTORY_NAME_SIZE];
    layer_directory_name(&base.chain_id, name);
    CLEANUP(str_free) char *layers = in_store(fixture, "layers");
    CLEANUP(str_free) char *half = fs_join(layers, name);
    make_directory(half, "Files\\Windows");
    put(half, "Files\\half", "x");
    CLEANUP(str_free) char *path = import(fixture, &base, &fixture->no_parents, NULL);
    assert_absent(path, "Files\\half");
    assert_content(path, "Files\\Windows\\shared.dll", "from the base");
    CLEANUP(str_free) char *calls = fake_take_calls(fixture->root);
    static const char expected[] = "DestroyLayer ~\\layers\\rm-";
    assert_memory_equal(calls, expected, strlen(expected));
}

static void sweeping(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    CLEANUP(blob_clear) struct blob base = make_blob(base_entries, NULL);
    CLEANUP(str_free) char *complete = import(fixture, &base, &fixture->no_parents, NULL);
    CLEANUP(str_free) char *layers = in_store(fixture, "layers");
    CLEANUP(str_free) char *tmp = in_store(fixture, "tmp");
    CLEANUP(str_free) char *locks = in_store(fixture, "locks");
    make_directory(layers, "00000000000000000000000000000000\\Files");
    make_directory(layers, "11111111111111111111111111111111\\Files");
    make_directory(layers, "rm-22222222222222222222222222222222-01234567");
    make_directory(tmp, "dead\\Files");
    put(tmp, "dead.lock", "");
    make_directory(tmp, "lockless");
    put(tmp, "folderless.lock", "");
    make_directory(tmp, "alive\\Files");
    CLEANUP(fs_unlock) struct fs_lock importing = {0};
    CLEANUP(fs_unlock) struct fs_lock staging = {0};
    CLEANUP(str_free)
    char *importing_path = fs_join(locks, "11111111111111111111111111111111.lock");
    CLEANUP(str_free) char *staging_path = fs_join(tmp, "alive.lock");
    assert_ok(fs_lock(importing_path, FS_LOCK_EXCLUSIVE, false, NULL, &importing, &err));
    assert_ok(fs_lock(staging_path, FS_LOCK_EXCLUSIVE, false, NULL, &staging, &err));

    assert_ok(layer_store_sweep(&fixture->store, NULL, &err));
    CLEANUP(strlist_clear) struct strlist left = {0};
    assert_ok(fs_list(layers, &left, &err));
    assert_int_equal(left.count, 2);
    assert_true(strlist_contains(&left, "11111111111111111111111111111111"));
    assert_true(strlist_contains(&left, strrchr(complete, '\\') + 1));
    strlist_clear(&left);
    assert_ok(fs_list(tmp, &left, &err));
    CLEANUP(str_free) char *names = strlist_join(&left, " ");
    assert_string_equal(names, "alive alive.lock");
}

struct importer {
    struct fixture *fixture;
    struct layer_import_request request;
    struct watched watched;
    char *path;
};

static void import_beside(void *argument)
{
    struct importer *importer = argument;
    struct error err = {0};
    struct observer observer = {watch, &importer->watched};
    struct context context = {.observer = &observer};
    assert_ok(layer_store_import(&importer->fixture->store, &importer->request, &context,
                                 &importer->path, &err));
}

static void two_importers_share_the_work(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    CLEANUP(blob_clear) struct blob base = make_blob(base_entries, NULL);
    struct importer first = {.fixture = fixture,
                             .request = request_of(&base, &fixture->no_parents)};
    struct importer second = first;
    struct os_thread thread = {0};
    assert_ok(os_thread_start(&thread, import_beside, &first, &err));
    import_beside(&second);
    os_thread_join(&thread);
    assert_string_equal(first.path, second.path);
    assert_int_equal(first.watched.started + second.watched.started, 1);
    assert_int_equal(first.watched.present + second.watched.present, 1);
    assert_int_equal(fake.calls.count, 1);
    str_free(&first.path);
    str_free(&second.path);
}

/* A parent that is only made when the layer above it cannot go on without. */
struct late_parent {
    struct fixture *fixture;
    const struct blob *blob;
    bool missing; /* it cannot be made */
    size_t calls; /* so far, when it was asked for */
    char *path;
};

static bool make_parent(void *user, struct error *err)
{
    struct late_parent *late = user;
    struct layer_import_request request = request_of(late->blob, &late->fixture->no_parents);
    late->calls = fake.calls.count;
    if (late->missing)
        return error_set(err, ERR_CANCELLED, "not wanted any more");
    return layer_store_import(&late->fixture->store, &request, NULL, &late->path, err);
}

static void parents_may_come_late(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    CLEANUP(blob_clear) struct blob base = make_blob(base_entries, NULL);
    CLEANUP(blob_clear) struct blob diff = make_blob(diff_entries, &base);
    CLEANUP(strlist_clear) struct strlist parents = {0};
    CLEANUP(str_free) char *path = NULL;
    strlist_add_owned(&parents, layer_store_path(&fixture->store, &base.chain_id));
    struct late_parent late = {.fixture = fixture, .blob = &base, .missing = true};
    struct layer_import_request request = request_of(&diff, &parents);
    request.await_parents = make_parent;
    request.await_user = &late;
    assert_fails(layer_store_import(&fixture->store, &request, NULL, &path, &err), ERR_CANCELLED,
                 "not wanted any more");
    assert_empty(fixture, "layers");
    assert_empty(fixture, "tmp");
    CLEANUP(str_free) char *none = fake_take_calls(NULL);

    late.missing = false;
    fake.on_import = import_like_windows;
    diff.content->at = 0;
    assert_ok(layer_store_import(&fixture->store, &request, NULL, &path, &err));
    assert_int_equal(late.calls, 0);
    assert_string_equal(late.path, parents.items[0]);
    CLEANUP(str_free) char *calls = fake_take_calls(NULL);
    CLEANUP(str_free)
    char *expected = str_format("ProcessBaseImage \\\\?\\%s\nImportLayer \\\\?\\%s\n  parent %s",
                                late.path, path, late.path);
    assert_string_equal(calls, expected);
    str_free(&late.path);
}

static void held_layers_are_locked(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    CLEANUP(blob_clear) struct blob base = make_blob(base_entries, NULL);
    CLEANUP(strlist_clear) struct strlist layers = {0};
    strlist_add_owned(&layers, import(fixture, &base, &fixture->no_parents, NULL));
    struct layer_hold one = {0};
    struct layer_hold two = {0};
    assert_ok(layer_store_hold(&fixture->store, &layers, NULL, &one, &err));
    assert_ok(layer_store_hold(&fixture->store, &layers, NULL, &two, &err));
    layer_hold_release(&two);

    CLEANUP(str_free) char *file = str_format("locks\\%s.lock", strrchr(layers.items[0], '\\') + 1);
    CLEANUP(str_free) char *path = in_store(fixture, file);
    CLEANUP(fs_unlock) struct fs_lock remover = {0};
    assert_fails(fs_lock(path, FS_LOCK_EXCLUSIVE, false, NULL, &remover, &err), ERR_BUSY, path);
    layer_hold_release(&one);
    layer_hold_release(&one);
    assert_ok(fs_lock(path, FS_LOCK_EXCLUSIVE, false, NULL, &remover, &err));
}

static void opening(void **state)
{
    struct fixture *fixture = *state;
    struct error err = {0};
    struct layer_store again = {0};
    assert_ok(layer_store_open(fixture->root, &fake_api, &again, &err));
    layer_store_close(&again);
    assert_null(again.root);

    CLEANUP(str_free) char *file = fs_join(fixture->relative, "file");
    put(fixture->relative, "file", "x");
    assert_false(layer_store_open(file, &fake_api, &again, &err));
    assert_non_null(strstr(err.message, "layer store"));
    error_clear(&err);
    assert_false(layer_store_open("Q:\\store", &fake_api, &again, &err));
    error_clear(&err);
    assert_false(layer_store_open("\\\\server\\share\\store", &fake_api, &again, &err));
    error_clear(&err);
    assert_null(again.root);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_base_layer),
        test(a_diff_layer),
        test(parents_are_given_topmost_first),
        test(a_utility_vm_is_unpacked_when_files_need_it),
        test(a_utility_vm_is_kept_when_it_is_wanted),
        test(a_utility_vm_cannot_be_added_later),
        test(a_failing_call_leaves_nothing),
        test(bad_blobs_never_reach_windows),
        test(interruption_leaves_nothing),
        test(a_damaged_record_is_reported),
        test(leftovers_of_a_crash_are_done_again),
        test(sweeping),
        test(two_importers_share_the_work),
        test(parents_may_come_late),
        test(held_layers_are_locked),
        test(opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
