/* SPDX-License-Identifier: MIT */
/* Records lie inside of what they were read from, follow each other, and are the same when they are
 * read again; a file of the import format is exported as something that unpacks, or refused. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/memory_folder.h"
#include "layers/backup_reader.h"
#include "layers/layer_export.h"
#include "layers/layer_path.h"
#include "layers/tar.h"
#include "layers/win_meta.h"

#define NO_DELETIONS                                                                               \
    "\xEF\xBB\xBF"                                                                                 \
    "Version 1.0\n"
/* A hole of many gigabytes is no fault, but would take its time. */
#define LARGEST_TAR ((size_t)4 * 1024 * 1024)

static void require(bool condition)
{
    if (!condition)
        abort();
}

struct bytes {
    const uint8_t *data;
    size_t size;
};

static bool read_at(void *user, uint64_t offset, void *data, size_t length, size_t *ret,
                    struct error *err)
{
    const struct bytes *bytes = user;
    (void)err;
    require(offset <= bytes->size);
    size_t left = bytes->size - (size_t)offset;
    *ret = left < length ? left : length;
    if (*ret > 0)
        memcpy(data, bytes->data + offset, *ret);
    return true;
}

static bool read_records(const uint8_t *data, size_t size)
{
    struct bytes bytes = {.data = data, .size = size};
    const struct backup_source source = {.read_at = read_at, .user = &bytes, .size = size};
    struct backup_reader reader;
    struct error err = {0};
    uint64_t end_before = 0;
    bool good = true;
    bool end = false;
    backup_reader_init(&reader, &source, 0);
    while (good && !end) {
        CLEANUP(backup_record_clear) struct backup_record record = {0};
        good = backup_reader_next(&reader, &record, &end, &err);
        if (!good || end)
            break;
        require(record.offset >= end_before + BACKUP_STREAM_HEADER_SIZE);
        require(record.offset <= size && record.size <= size - record.offset);
        require((record.name != NULL) <= (record.id == BACKUP_STREAM_ALTERNATE));
        end_before = record.offset + record.size;
    }
    require(good != error_is_set(&err));
    require(!end || end_before == size);
    error_clear(&err);
    return good;
}

struct checked {
    struct tar_reader *reader;
    size_t length;
};

static bool feed(void *user, const void *data, size_t length, struct error *err)
{
    struct checked *checked = user;
    struct error refusal = {0};
    checked->length += length;
    if (checked->length > LARGEST_TAR)
        return error_set(err, ERR_NO_SPACE, "enough");
    require(tar_reader_feed(checked->reader, data, length, &refusal));
    return true;
}

static bool take_entry(void *user, const struct tar_entry *entry, struct error *err)
{
    CLEANUP(win_meta_clear) struct win_meta meta = {0};
    const char *colon = strchr(entry->name, ':');
    (void)user;
    require(colon ? layer_stream_name_check(colon + 1, err) : win_meta_parse(entry, &meta, err));
    return true;
}

static bool take_data(void *user, const unsigned char *data, size_t length, struct error *err)
{
    (void)user;
    (void)data;
    (void)length;
    (void)err;
    return true;
}

static struct memory_node *plant(struct memory_tree *tree, const char *text, bool directory,
                                 const void *data, size_t size)
{
    struct layer_path path = {.text = xstrdup(text)};
    struct memory_node *node = NULL;
    struct error err = {0};
    require(memory_add(tree, &path, directory ? LAYER_DIRECTORY : LAYER_FILE, &node, &err));
    layer_path_clear(&path);
    node->is_directory = directory;
    buf_add(&node->data, data, size);
    return node;
}

static void export_file(const uint8_t *data, size_t size)
{
    struct memory_tree tree;
    struct memory_folder memory;
    struct error err = {0};
    const struct tar_handler handler = {take_entry, take_data, NULL};
    struct checked checked = {.reader = tar_reader_open(&handler)};
    memory_tree_open(&tree);
    plant(&tree, "tombstones.txt", false, NO_DELETIONS, sizeof(NO_DELETIONS) - 1);
    plant(&tree, "Files", true, NULL, 0);
    plant(&tree, "Files\\fuzz", false, data, size);
    const struct layer_folder folder = memory_folder_open_tree(&memory, &tree);
    const struct byte_sink sink = {.write = feed, .user = &checked};
    const struct layer_export_request request = {.folder = &folder,
                                                 .form = LAYER_EXPORT_TRANSPORT,
                                                 .compression = COMPRESS_NONE,
                                                 .sink = &sink};
    struct layer_export_result result;
    bool done = layer_export(&request, &result, NULL, &err);
    require(done != error_is_set(&err));
    require(memory.open_handles == 0);
    require(!done || tar_reader_finish(checked.reader, &err));
    error_clear(&err);
    tar_reader_close(&checked.reader);
    memory_tree_close(&tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_records(data, size);
    /* Behind the attributes. An export starts threads, so only what gets further is worth one. */
    if (size >= 4 && read_records(data + 4, size - 4))
        export_file(data, size);
    return 0;
}
