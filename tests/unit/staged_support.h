/* SPDX-License-Identifier: MIT */
/* staged_support: folders of ExportLayer, put together in memory. */
#pragma once

#include "export_support.h"
#include "layers/backup_stream.h"
#include "layers/little_endian.h"
#include "layers/reparse.h"

#define STAGED_NO_DELETIONS                                                                        \
    "\xEF\xBB\xBF"                                                                                 \
    "Version 1.0\r\n"
#define STAGED_TIME INT64_C(133444736001234567) /* 2023-11-14 22:13:20.1234567 */

/* O:BAG:SYD:(A;OICI;FA;;;SY) */
static const unsigned char staged_descriptor[] = {
    0x01, 0x00, 0x04, 0x80, 0x14, 0x00, 0x00, 0x00, 0x24, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x30, 0x00, 0x00, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x20, 0x00, 0x00, 0x00,
    0x20, 0x02, 0x00, 0x00, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x12, 0x00, 0x00, 0x00,
    0x02, 0x00, 0x1c, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x03, 0x14, 0x00, 0xff, 0x01, 0x1f, 0x00,
    0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x12, 0x00, 0x00, 0x00,
};

/* Two extended attributes, A = 01 02 and BC = "x". */
static const unsigned char staged_ea_list[] = {0x0c, 0, 0, 0, 0, 1, 2, 0, 'A', 0,   1, 2,
                                               0,    0, 0, 0, 0, 2, 1, 0, 'B', 'C', 0, 'x'};

struct staged {
    const char *path;
    uint32_t attributes;
    bool has_security;
    bool has_ea;
    const char *link; /* its target */
    bool is_junction;
    const char *data; /* NULL: none */
    const char *stream_name;
    const char *stream;
    const char *second_stream_name;
    const char *second_stream;
};

static inline void staged_add_stream(struct buf *out, const char *name, const char *content)
{
    struct error err = {0};
    if (!name)
        return;
    assert_ok(backup_stream_add_alternate(out, name, strlen(content), &err));
    buf_add(out, content, strlen(content));
}

/* The bytes that BackupRead would give, as the import format stores them. */
static inline void staged_compose(const struct staged *staged, struct buf *ret)
{
    struct error err = {0};
    unsigned char attributes[4];
    buf_init(ret, BUF_UNBOUNDED);
    put_le32(attributes, staged->attributes);
    buf_add(ret, attributes, sizeof(attributes));
    if (staged->has_security)
        backup_stream_add(ret, BACKUP_STREAM_SECURITY, staged_descriptor,
                          sizeof(staged_descriptor));
    if (staged->has_ea)
        backup_stream_add(ret, BACKUP_STREAM_EA, staged_ea_list, sizeof(staged_ea_list));
    if (staged->link) {
        CLEANUP(buf_clear) struct buf reparse;
        buf_init(&reparse, BUF_UNBOUNDED);
        assert_ok(reparse_compose(staged->link,
                                  staged->is_junction ? REPARSE_JUNCTION : REPARSE_SYMLINK,
                                  &reparse, &err));
        backup_stream_add(ret, BACKUP_STREAM_REPARSE, reparse.data, reparse.length);
    }
    if (staged->data)
        backup_stream_add(ret, BACKUP_STREAM_DATA, staged->data, strlen(staged->data));
    staged_add_stream(ret, staged->stream_name, staged->stream);
    staged_add_stream(ret, staged->second_stream_name, staged->second_stream);
}

/* Times that differ from file to file, with all seven digits of the second. */
static inline struct win_basic_info staged_times(size_t number)
{
    int64_t step = (int64_t)number;
    return (struct win_basic_info){
        .creation_time = STAGED_TIME + step,
        .access_time = STAGED_TIME + 10000000 * step,
        .write_time = STAGED_TIME + 70000000 * step + 3 * step,
        .change_time = STAGED_TIME - 1000 * step,
    };
}

static inline struct memory_node *staged_plant_bytes(struct memory_tree *tree, const char *path,
                                                     const struct buf *content)
{
    struct memory_node *node = export_plant(tree, path, LAYER_FILE, content->data, content->length);
    node->basic = staged_times(tree->count);
    return node;
}

static inline struct memory_node *staged_plant(struct memory_tree *tree,
                                               const struct staged *staged)
{
    CLEANUP(buf_clear) struct buf content = {0};
    CLEANUP(str_free) char *metadata = str_format("%s.$wcidirs$", staged->path);
    bool directory = staged->attributes & WIN_ATTRIBUTE_DIRECTORY;
    staged_compose(staged, &content);
    if (directory)
        export_plant(tree, staged->path, LAYER_DIRECTORY, NULL, 0);
    return staged_plant_bytes(tree, directory ? metadata : staged->path, &content);
}

/* "Files", "Hives" and their metadata, and a list of nothing deleted. */
static inline void staged_plant_roots(struct memory_tree *tree)
{
    static const char *const roots[] = {"Files", "Hives"};
    memory_tree_open(tree);
    for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
        const struct staged root = {.path = roots[i], .attributes = 0x10};
        staged_plant(tree, &root);
    }
    export_plant(tree, "tombstones.txt", LAYER_FILE, STAGED_NO_DELETIONS,
                 strlen(STAGED_NO_DELETIONS));
}

static inline void staged_set_deletions(struct memory_tree *tree, const char *lines)
{
    struct memory_node *node = export_node(tree, "tombstones.txt");
    buf_reset(&node->data);
    buf_addf(&node->data, STAGED_NO_DELETIONS "%s", lines);
}

static inline void staged_plant_hive(struct memory_tree *tree, const char *name,
                                     const char *content)
{
    CLEANUP(str_free) char *path = str_format("Hives\\%s", name);
    CLEANUP(buf_clear) struct buf data;
    buf_init(&data, BUF_UNBOUNDED);
    buf_add_str(&data, content);
    struct memory_node *node = staged_plant_bytes(tree, path, &data);
    /* Of hives only two times are told. */
    node->basic.creation_time = node->basic.write_time;
    node->basic.access_time = node->basic.write_time;
}
