/* SPDX-License-Identifier: MIT */
/* Files that are made side by side: the same as one after the other, with the first failure told
 * and nothing left open. */
#include "layers/object_pool.h"

#include "layers/object_writer.h"
#include "scratch_fixture.h"
#include "unpack_support.h"

static struct object_job *new_job(size_t number, size_t length)
{
    struct error err = {0};
    CLEANUP(str_free) char *name = str_format("Files/%zu", number);
    CLEANUP(layer_path_clear) struct layer_path path = {0};
    assert_ok(layer_path_parse(name, &path, &err));
    struct object_job *job = object_job_new(&path);
    for (size_t i = 0; i < length; i++)
        buf_add(&job->data, &(char){(char)('a' + (number + i) % 26)}, 1);
    job->basic.write_time = (int64_t)number + 1;
    return job;
}

/* ---- the pool by itself ---- */

static void make_files_directory(const struct layer_tree *tree)
{
    struct error err = {0};
    struct layer_handle handle = {0};
    CLEANUP(layer_path_clear) struct layer_path path = {0};
    assert_ok(layer_path_parse("Files", &path, &err));
    assert_ok(tree->ops->make_directory(tree->self, &path, &handle, &err));
    assert_ok(tree->ops->close(tree->self, &handle, &err));
}

TEST(all_jobs_are_done)
{
    enum { JOBS = 3000 };
    struct error err = {0};
    CLEANUP(memory_tree_close) struct memory_tree memory;
    const struct layer_tree tree = memory_tree_open(&memory);
    make_files_directory(&tree);
    struct object_pool *pool = object_pool_open(&tree);
    for (size_t i = 0; i < JOBS; i++) {
        struct object_job *job = new_job(i, i % 40);
        object_pool_put(pool, &job);
        assert_null(job);
    }
    assert_ok(object_pool_settle(pool, &err));
    assert_int_equal(memory.count, JOBS + 1);
    assert_int_equal(memory.open_handles, 0);
    const struct unpack_times times = object_pool_times(pool);
    assert_true(times.create > 0 && times.write > 0 && times.close > 0);
    assert_int_equal(times.inflate + times.hash + times.parse, 0);
    object_pool_close(&pool);
    assert_null(pool);
    for (size_t i = 0; i < JOBS; i++) {
        struct object_job *expected = new_job(i, i % 40);
        const struct memory_node *node = memory_find(&memory, expected->path.text);
        if (!node || !node->is_settled) {
            fail_msg("'%s' was not made", expected->path.text);
            abort(); /* not reached, but not known to be */
        }
        assert_string_equal(buf_str(&node->data), buf_str(&expected->data));
        assert_int_equal(node->basic.write_time, expected->basic.write_time);
        object_job_free(&expected);
    }
}

TEST(a_pool_that_was_not_used_is_closed)
{
    struct error err = {0};
    CLEANUP(memory_tree_close) struct memory_tree memory;
    const struct layer_tree tree = memory_tree_open(&memory);
    struct object_pool *pool = object_pool_open(&tree);
    assert_ok(object_pool_settle(pool, &err));
    object_pool_close(&pool);
    object_pool_close(&pool);
    assert_int_equal(memory.calls, 0);
}

TEST(what_is_not_settled_is_given_up)
{
    CLEANUP(memory_tree_close) struct memory_tree memory;
    const struct layer_tree tree = memory_tree_open(&memory);
    make_files_directory(&tree);
    struct object_pool *pool = object_pool_open(&tree);
    for (size_t i = 0; i < 400; i++) {
        struct object_job *job = new_job(i, 10);
        object_pool_put(pool, &job);
    }
    object_pool_close(&pool);
    assert_int_equal(memory.open_handles, 0);
    /* Whole or not at all. */
    for (size_t i = 1; i < memory.count; i++)
        assert_true(memory.nodes[i]->data.length == 10 && memory.nodes[i]->is_settled);
}

TEST(the_first_failure_is_told_with_its_entry)
{
    struct error err = {0};
    CLEANUP(memory_tree_close) struct memory_tree memory;
    const struct layer_tree tree = memory_tree_open(&memory);
    make_files_directory(&tree);
    struct object_job *job = new_job(7, 1);
    struct object_job *again = new_job(7, 1);
    struct object_pool *pool = object_pool_open(&tree);
    object_pool_put(pool, &job);
    assert_ok(object_pool_settle(pool, &err));
    object_pool_put(pool, &again);
    assert_fails(object_pool_settle(pool, &err), ERR_BUSY, "entry 'Files\\7': 'Files\\7' exists");

    /* Nothing is done after that, and nobody waits for it. */
    size_t calls = memory.calls;
    for (size_t i = 0; i < 2 * OBJECT_POOL_JOBS; i++) {
        job = new_job(100 + i, 1);
        object_pool_put(pool, &job);
    }
    object_pool_close(&pool);
    assert_int_equal(memory.calls, calls);
    assert_int_equal(memory.open_handles, 0);
}

TEST(every_call_may_fail)
{
    enum { JOBS = 20, CALLS = JOBS * 4 };
    for (size_t k = 1; k <= CALLS; k++) {
        struct error err = {0};
        CLEANUP(memory_tree_close) struct memory_tree memory;
        const struct layer_tree tree = memory_tree_open(&memory);
        make_files_directory(&tree);
        memory.fail_at = memory.calls + k;
        struct object_pool *pool = object_pool_open(&tree);
        for (size_t i = 0; i < JOBS; i++) {
            struct object_job *job = new_job(i, 5);
            object_pool_put(pool, &job);
        }
        assert_fails(object_pool_settle(pool, &err), ERR_OS, "injected failure");
        object_pool_close(&pool);
        assert_int_equal(memory.open_handles, 0);
    }
}

/* ---- how much waits ---- */

/* A memory tree that counts what has been put into the pool and not been closed. */
struct counting {
    struct memory_tree memory;
    int waiting; /* less than none when a file is closed before it has been counted */
    int most;
};

static struct layer_tree_ops counting_ops;

static bool counting_close(void *self, struct layer_handle *handle, struct error *err)
{
    struct counting *counting = self;
    monitor_enter(&counting->memory.lock);
    counting->waiting--;
    monitor_leave(&counting->memory.lock);
    return memory_tree_ops.close(self, handle, err);
}

static void count_one(struct counting *counting)
{
    monitor_enter(&counting->memory.lock);
    counting->waiting++;
    if (counting->waiting > counting->most)
        counting->most = counting->waiting;
    monitor_leave(&counting->memory.lock);
}

static void fill(size_t jobs, size_t length, int most)
{
    struct error err = {0};
    struct counting counting = {.waiting = 1};
    struct layer_tree tree = memory_tree_open(&counting.memory);
    counting_ops = memory_tree_ops;
    counting_ops.close = counting_close;
    tree.ops = &counting_ops;
    make_files_directory(&tree);
    struct object_pool *pool = object_pool_open(&tree);
    for (size_t i = 0; i < jobs; i++) {
        struct object_job *job = new_job(i, 1);
        buf_reset(&job->data);
        CLEANUP(mem_free) char *zeros = xcalloc(1, length);
        buf_add(&job->data, zeros, length);
        object_pool_put(pool, &job);
        count_one(&counting);
    }
    assert_ok(object_pool_settle(pool, &err));
    object_pool_close(&pool);
    assert_int_equal(counting.waiting, 0);
    assert_in_range(counting.most, 1, most);
    memory_tree_close(&counting.memory);
}

TEST(what_waits_is_bounded)
{
    /* A buffer of 900,000 bytes takes a megabyte. */
    fill(80, 900000, OBJECT_POOL_BYTES >> 20);
    fill(3 * OBJECT_POOL_JOBS, 10, OBJECT_POOL_JOBS);
}

/* ---- layers ---- */

enum { DIRECTORIES = 100, FILES = 10000 };

static size_t length_of(size_t file)
{
    static const size_t lengths[] = {0, 1, 17, 300, 511, 512, 513};
    return file % 2500 == 2499 ? OBJECT_WRITER_SMALL + file : lengths[file % ARRAY_SIZE(lengths)];
}

static void add_content(struct buf *out, size_t file, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buf_add(out, &(char){(char)('A' + (file * 7 + i) % 57)}, 1);
}

/* Directories with files, some of them large, streams, hard links to files that came just before,
 * and a link at the end to each directory's first file. */
static void build_layer(struct buf *archive)
{
    CLEANUP(buf_clear) struct buf content;
    buf_init(&content, BUF_UNBOUNDED);
    buf_init(archive, BUF_UNBOUNDED);
    tar_build_raw(archive, '5', "Files", "", "", 0);
    for (size_t i = 0; i < FILES; i++) {
        char name[64];
        char other[128];
        size_t directory = i / (FILES / DIRECTORIES);
        if (i % (FILES / DIRECTORIES) == 0) {
            snprintf(name, sizeof(name), "Files/d%zu", directory);
            const struct tar_build_entry entry = {
                .type = '5', .name = name, .records = {{"mtime", "1700000001"}}};
            tar_build_add(archive, &entry);
        }
        buf_reset(&content);
        add_content(&content, i, length_of(i));
        snprintf(name, sizeof(name), "Files/d%zu/f%zu", directory, i);
        tar_build_raw(archive, '0', name, "", content.data, content.length);
        if (i % 10 == 0) {
            snprintf(other, sizeof(other), "%s:stream", name);
            tar_build_raw(archive, '0', other, "", content.data, content.length);
        }
        if (i % 100 == 50) {
            snprintf(other, sizeof(other), "Files/link%zu", i);
            tar_build_raw(archive, '1', other, name, "", 0);
        }
    }
    tar_build_end(archive);
}

static const struct memory_node *file_node(const struct unpacked *u, size_t file)
{
    char name[64];
    snprintf(name, sizeof(name), "Files\\d%zu\\f%zu", file / (FILES / DIRECTORIES), file);
    return node_of(u, name);
}

TEST(a_base_layer_of_many_files)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf archive;
    CLEANUP(buf_clear) struct buf expected;
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    const struct layer_unpack_request request = {.kind = LAYER_BASE};
    buf_init(&expected, BUF_UNBOUNDED);
    build_layer(&archive);
    assert_ok(unpack_archive(&archive, scratch, &request, &u, NULL, &err));
    assert_int_equal(u.tree.count, 1 + DIRECTORIES + FILES + FILES / 100);
    for (size_t i = 0; i < FILES; i++) {
        const struct memory_node *node = file_node(&u, i);
        buf_reset(&expected);
        add_content(&expected, i, length_of(i));
        assert_string_equal(buf_str(&node->data), buf_str(&expected));
        assert_int_equal(node->promised, length_of(i));
        assert_int_equal(node->stream_count, i % 10 == 0);
        if (i % 10 == 0)
            assert_string_equal(buf_str(&node->streams[0].data), buf_str(&expected));
    }
    /* After all files the links in their order, after these the times in reverse. */
    const char *log = buf_str(&u.tree.log);
    const char *first = strstr(log, "link Files\\link50 -> Files\\d0\\f50\n");
    const char *last = strstr(log, "link Files\\link9950 -> Files\\d99\\f9950\n");
    const char *times = strstr(log, "open Files\\d99\nbasic Files\\d99\nopen Files\\d98\n");
    assert_true(first && last && times && first < last && last < times);
    assert_true(strstr(log, "mkdir Files\\d99\n") < first);

    const struct unpack_times *spent = &u.result.times;
    assert_true(spent->hash > 0 && spent->parse > 0 && spent->create > 0 && spent->close > 0);
}

TEST(a_diff_layer_of_many_files)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf archive;
    CLEANUP(buf_clear) struct buf expected;
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    const struct layer_unpack_request request = {.kind = LAYER_DIFF};
    buf_init(&expected, BUF_UNBOUNDED);
    build_layer(&archive);
    assert_ok(unpack_archive(&archive, scratch, &request, &u, NULL, &err));
    assert_int_equal(u.tree.count, 2 * (1 + DIRECTORIES) + FILES);
    for (size_t i = 0; i < FILES; i++) {
        const struct buf *data = &file_node(&u, i)->data;
        size_t length = length_of(i);
        buf_reset(&expected);
        add_content(&expected, i, length);
        /* Attributes and the header of the data; that of the stream has a name of 13 units. */
        assert_int_equal(data->length, 24 + length + (i % 10 == 0 ? 46 + length : 0));
        if (length == 0)
            continue;
        assert_memory_equal(data->data + 24, expected.data, length);
        if (i % 10 == 0)
            assert_memory_equal(data->data + 24 + length + 46, expected.data, length);
    }
    assert_int_equal(u.result.link_count, FILES / 100);
    assert_int_equal(u.result.directory_count, 1 + DIRECTORIES);
}

static void stop_at_once(void *user, const struct event *event)
{
    (void)event;
    cancel_request(user);
}

TEST(cancelling_in_the_middle)
{
    struct error err = {0};
    CLEANUP(cancel_close) struct cancel cancel = {0};
    assert_ok(cancel_open(&cancel, &err));
    const struct observer observer = {.on_event = stop_at_once, .user = &cancel};
    const struct context context = {.observer = &observer, .cancel = &cancel};
    const struct layer_unpack_request request = {.kind = LAYER_BASE};
    CLEANUP(buf_clear) struct buf archive;
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    build_layer(&archive);
    assert_fails(unpack_archive(&archive, scratch, &request, &u, &context, &err), ERR_CANCELLED,
                 "");
    assert_true(u.tree.count < FILES);
}

/* The tar goes on for long after the file that cannot be made. */
TEST(a_failure_ends_the_unpacking)
{
    struct error err = {0};
    const struct layer_unpack_request request = {.kind = LAYER_BASE};
    CLEANUP(buf_clear) struct buf archive;
    CLEANUP(unpacked_clear) struct unpacked u = {.tree = {.fail_at = 100}};
    build_layer(&archive);
    assert_fails(unpack_archive(&archive, scratch, &request, &u, NULL, &err), ERR_OS,
                 "entry 'Files");
    assert_true(u.tree.count < FILES);
    assert_false(digest_is_set(&u.result.diff_id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_jobs_are_done),
        cmocka_unit_test(a_pool_that_was_not_used_is_closed),
        cmocka_unit_test(what_is_not_settled_is_given_up),
        cmocka_unit_test(the_first_failure_is_told_with_its_entry),
        cmocka_unit_test(every_call_may_fail),
        cmocka_unit_test(what_waits_is_bounded),
        cmocka_unit_test(a_base_layer_of_many_files),
        cmocka_unit_test(a_diff_layer_of_many_files),
        cmocka_unit_test(cancelling_in_the_middle),
        cmocka_unit_test(a_failure_ends_the_unpacking),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
