/* SPDX-License-Identifier: MIT */
/* What win_meta_parse() accepts has the structure that Windows is told it has. The input is the
 * type of the entry, then strings: the target, and keys and values by turns. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "layers/little_endian.h"
#include "layers/win_meta.h"

#define MAXIMUM_RECORDS 16

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_ea(const struct buf *ea)
{
    size_t at = 0;
    size_t next = 0;
    do {
        require(ea->length - at >= 8);
        next = get_le32(ea->data + at);
        size_t used = 8 + (size_t)ea->data[at + 5] + 1 + get_le16(ea->data + at + 6);
        require(ea->data[at + 5] > 0 && ea->data[at + 8 + ea->data[at + 5]] == 0);
        require(next == 0 || (next % 4 == 0 && next >= used));
        require(at + (next ? next : used) <= ea->length);
        at += next;
    } while (next != 0);
}

static void check_reparse(const struct buf *reparse)
{
    require(reparse->length >= 20 && reparse->length <= 16384);
    require(get_le16(reparse->data + 4) == reparse->length - 8);
    size_t names = get_le32(reparse->data) == 0xA000000Cu ? 20 : 16;
    size_t end = names + get_le16(reparse->data + 12) + get_le16(reparse->data + 14) + 2u;
    require(end == reparse->length);
}

static void check_meta(const struct win_meta *meta, enum tar_type type)
{
    struct error err = {0};
    require(meta->basic.write_time >= 0 && meta->basic.creation_time >= 0);
    require((meta->basic.attributes & ~meta->attributes) == 0);
    require(meta->is_directory == ((meta->attributes & WIN_ATTRIBUTE_DIRECTORY) != 0));
    require((type == TAR_SYMLINK) == (meta->reparse.length > 0));
    require(meta->security.length == 0
            || security_descriptor_check(meta->security.data, meta->security.length, &err));
    if (meta->ea.length > 0)
        check_ea(&meta->ea);
    if (meta->reparse.length > 0)
        check_reparse(&meta->reparse);
}

/* The next string of the input; "" at the end. */
static const char *take(const char **at, const char *end)
{
    const char *text = *at;
    *at += text < end ? strlen(text) + 1 : 0;
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum tar_type types[] = {TAR_FILE, TAR_DIRECTORY, TAR_SYMLINK};
    if (size < 1)
        return 0;
    CLEANUP(str_free) char *text = xcalloc(size + 1, 1);
    memcpy(text, data + 1, size - 1);
    const char *at = text;
    const char *end = text + size;
    struct tar_record records[MAXIMUM_RECORDS];
    struct tar_entry entry = {.name = "Files", .type = types[data[0] % 3], .records = records};
    entry.mtime = (int64_t)data[0] << 32;
    entry.target = take(&at, end);
    while (at < end && entry.record_count < MAXIMUM_RECORDS) {
        struct tar_record *record = &records[entry.record_count++];
        record->key = take(&at, end);
        record->value = at < end ? take(&at, end) : "";
        record->value_length = strlen(record->value);
    }
    struct error err = {0};
    struct win_meta meta = {0};
    if (win_meta_parse(&entry, &meta, &err))
        check_meta(&meta, entry.type);
    error_clear(&err);
    win_meta_clear(&meta);
    if (!security_descriptor_check(data, size, &err))
        error_clear(&err);
    return 0;
}
