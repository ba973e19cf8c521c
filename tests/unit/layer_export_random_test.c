/* SPDX-License-Identifier: MIT */
/* Folders that chance has put together, exported and unpacked: the same again. */
#include "scratch_fixture.h"
#include "staged_support.h"
#include "unpack_support.h"

#define ROUNDS 40
#define OBJECTS 50
#define LARGEST_CONTENT 70000

/* ---- chance ---- */

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static bool chance(uint32_t *state, uint32_t percent)
{
    return next(state) % 100 < percent;
}

static int64_t random_time(uint32_t *state)
{
    /* From 1601, which is 0 and means "unknown", to the year 2600. */
    int64_t time = (int64_t)next(state) << 24 | next(state);
    return chance(state, 5) ? 1 : chance(state, 30) ? time / 10000000 * 10000000 : time * 1119;
}

static struct win_basic_info random_times(uint32_t *state)
{
    return (struct win_basic_info){
        .creation_time = random_time(state),
        .access_time = chance(state, 10) ? 0 : random_time(state),
        .write_time = random_time(state),
        .change_time = chance(state, 10) ? 0 : random_time(state),
    };
}

/* Unlike all others: it ends in a number. */
static char *random_name(uint32_t *state, size_t number)
{
    static const char *const pieces[] = {
        "a",
        "Z",
        " b",
        ".txt",
        "\xC3\xBC",
        "\xE6\x97\xA5",
        "\xF0\x9F\x98\x80",
        "$x",
        "-",
        "~1",
        "'",
        "a long piece of a name that is put there several times",
        "wh.x",
        "%",
        "#",
        "=",
        "{}",
        "cafe\xCC\x81",
    };
    CLEANUP(buf_clear) struct buf name;
    buf_init(&name, BUF_UNBOUNDED);
    for (uint32_t count = next(state) % 5; count > 0; count--)
        buf_add_str(&name, pieces[next(state) % ARRAY_SIZE(pieces)]);
    buf_addf(&name, "%zu", number);
    return buf_take_str(&name);
}

static void random_bytes(uint32_t *state, struct buf *ret)
{
    size_t length = chance(state, 20) ? 0
        : chance(state, 10)           ? next(state) % LARGEST_CONTENT
                                      : next(state) % 600;
    buf_init(ret, BUF_UNBOUNDED);
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)next(state);
        buf_add(ret, &byte, 1);
    }
}

/* ---- trees ---- */

static void add_random_stream(struct buf *out, enum backup_stream_id id, uint32_t *state)
{
    CLEANUP(buf_clear) struct buf content = {0};
    random_bytes(state, &content);
    backup_stream_add(out, id, content.data, content.length);
}

static void add_random_alternates(struct buf *out, uint32_t *state)
{
    for (uint32_t count = next(state) % 3; count > 0; count--) {
        struct error err = {0};
        CLEANUP(str_free) char *name = random_name(state, count);
        CLEANUP(buf_clear) struct buf content = {0};
        random_bytes(state, &content);
        assert_ok(backup_stream_add_alternate(out, name, content.length, &err));
        buf_add(out, content.data, content.length);
    }
}

enum kind { KIND_DIRECTORY, KIND_FILE, KIND_LINK, KIND_DIRECTORY_LINK, KIND_JUNCTION };

static void add_random_link(struct buf *out, enum kind kind, uint32_t *state)
{
    static const char *const starts[] = {"",  "..\\", "C:\\", "\\\\server\\share\\", "\\\\?\\D:\\",
                                         "\\"};
    struct error err = {0};
    CLEANUP(str_free) char *name = random_name(state, 7);
    CLEANUP(str_free)
    char *target = str_format("%s%s", starts[next(state) % ARRAY_SIZE(starts)], name);
    CLEANUP(buf_clear) struct buf data;
    buf_init(&data, BUF_UNBOUNDED);
    assert_ok(reparse_compose(target, kind == KIND_JUNCTION ? REPARSE_JUNCTION : REPARSE_SYMLINK,
                              &data, &err));
    backup_stream_add(out, BACKUP_STREAM_REPARSE, data.data, data.length);
}

static void compose_random(enum kind kind, uint32_t *state, struct buf *ret)
{
    static const uint32_t fixed[] = {[KIND_DIRECTORY] = 0x10,
                                     [KIND_FILE] = 0,
                                     [KIND_LINK] = 0x400,
                                     [KIND_DIRECTORY_LINK] = 0x410,
                                     [KIND_JUNCTION] = 0x410};
    unsigned char attributes[4];
    bool is_link = kind >= KIND_LINK;
    buf_init(ret, BUF_UNBOUNDED);
    put_le32(attributes, fixed[kind] | (next(state) & 0x2B27));
    buf_add(ret, attributes, sizeof(attributes));
    if (chance(state, 50))
        backup_stream_add(ret, BACKUP_STREAM_SECURITY, staged_descriptor,
                          sizeof(staged_descriptor));
    if (chance(state, 20))
        backup_stream_add(ret, BACKUP_STREAM_EA, staged_ea_list, sizeof(staged_ea_list));
    if (is_link)
        add_random_link(ret, kind, state);
    else if (kind == KIND_FILE)
        add_random_stream(ret, BACKUP_STREAM_DATA, state);
    if (!is_link && chance(state, 20))
        add_random_alternates(ret, state);
}

struct directories {
    const char *paths[OBJECTS + 1]; /* of the tree's nodes */
    size_t count;
};

static void plant_random(struct memory_tree *tree, struct directories *directories, size_t number,
                         uint32_t *state)
{
    CLEANUP(str_free) char *name = random_name(state, number);
    CLEANUP(str_free)
    char *path = str_format("%s\\%s", directories->paths[next(state) % directories->count], name);
    CLEANUP(str_free) char *metadata = str_format("%s.$wcidirs$", path);
    CLEANUP(buf_clear) struct buf content = {0};
    enum kind kind = chance(state, 30) ? KIND_DIRECTORY
        : chance(state, 70)            ? KIND_FILE
                                       : (enum kind)(KIND_LINK + next(state) % 3);
    bool is_directory = kind != KIND_FILE && kind != KIND_LINK;
    compose_random(kind, state, &content);
    if (is_directory) {
        const struct memory_node *node = export_plant(tree, path, LAYER_DIRECTORY, NULL, 0);
        if (kind == KIND_DIRECTORY)
            directories->paths[directories->count++] = node->path;
    }
    struct memory_node *node = export_plant(tree, is_directory ? metadata : path, LAYER_FILE,
                                            content.data, content.length);
    node->basic = random_times(state);
}

static void plant_random_tree(struct memory_tree *tree, uint32_t *state)
{
    struct directories directories = {.paths = {"Files"}, .count = 1};
    staged_plant_roots(tree);
    staged_plant_hive(tree, "System_Delta", "system");
    for (size_t i = 0; i < OBJECTS; i++)
        plant_random(tree, &directories, i, state);
}

/* ---- comparing ---- */

/* What is not known comes back as what is not to be changed; the time of the last write stands in
 * for that of the creation. */
static void assert_same_node(const struct memory_node *got, const struct memory_node *expected,
                             uint32_t seed)
{
    const struct win_basic_info *a = &got->basic;
    const struct win_basic_info *b = &expected->basic;
    if (got->data.length != expected->data.length
        || (got->data.length > 0
            && memcmp(got->data.data, expected->data.data, got->data.length) != 0))
        fail_msg("seed %u: '%s' has other content", (unsigned)seed, expected->path);
    if (a->creation_time != b->creation_time || a->access_time != b->access_time
        || a->write_time != b->write_time || a->change_time != b->change_time)
        fail_msg("seed %u: '%s' has other times", (unsigned)seed, expected->path);
}

static void round_trip(uint32_t seed)
{
    static const enum compress_format formats[] = {COMPRESS_NONE, COMPRESS_GZIP, COMPRESS_ZSTD};
    struct error err = {0};
    uint32_t state = seed;
    struct memory_folder memory = {0};
    struct layer_export_result result = {0};
    CLEANUP(memory_tree_close) struct memory_tree tree = {0};
    CLEANUP(buf_clear) struct buf blob = {0};
    CLEANUP(unpacked_clear) struct unpacked u = {0};
    const struct layer_export_request request = {.form = LAYER_EXPORT_TRANSPORT,
                                                 .compression = formats[seed % 3]};
    plant_random_tree(&tree, &state);
    assert_ok(export_folder(&memory, &tree, &request, &blob, &result, &err));
    const struct layer_unpack_request unpacking = {.kind = LAYER_DIFF, .diff_id = result.diff_id};
    assert_ok(unpack_archive(&blob, scratch, &unpacking, &u, NULL, &err));
    assert_int_equal(u.tree.count, tree.count - 1);
    assert_int_equal(result.entries, OBJECTS + 3);
    for (size_t i = 0; i < tree.count; i++) {
        const struct memory_node *node = tree.nodes[i];
        if (str_starts_with(node->path, "Files\\"))
            assert_same_node(node_of(&u, node->path), node, seed);
    }
}

TEST(folders_of_chance_survive)
{
    for (uint32_t seed = 1; seed <= ROUNDS; seed++)
        round_trip(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_of_chance_survive),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
