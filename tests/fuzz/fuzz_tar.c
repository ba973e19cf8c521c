/* SPDX-License-Identifier: MIT */
/* The reader says the same of an archive however it is cut into slices. The first byte is the size
 * of the slices; checksums of headers are put right, or nothing would get past them. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../unit/tar_build.h"
#include "layers/tar.h"

static bool on_entry(void *user, const struct tar_entry *entry, struct error *err)
{
    struct buf *said = user;
    (void)err;
    buf_addf(said, "[%d %s %s %llu %lld", (int)entry->type, entry->name, entry->target,
             (unsigned long long)entry->size, (long long)entry->mtime);
    for (size_t i = 0; i < entry->record_count; i++) {
        buf_addf(said, " %s=", entry->records[i].key);
        buf_add(said, entry->records[i].value, entry->records[i].value_length);
    }
    return true;
}

static bool on_data(void *user, const unsigned char *data, size_t length, struct error *err)
{
    (void)err;
    buf_add(user, data, length);
    return true;
}

static bool read_all(const struct buf *archive, size_t slice, struct buf *said)
{
    const struct tar_handler handler = {on_entry, on_data, said};
    struct error err = {0};
    buf_init(said, BUF_UNBOUNDED);
    CLEANUP(tar_reader_close) struct tar_reader *reader = tar_reader_open(&handler);
    bool good = true;
    for (size_t at = 0; good && at < archive->length; at += slice) {
        size_t length = archive->length - at < slice ? archive->length - at : slice;
        good = tar_reader_feed(reader, archive->data + at, length, &err);
    }
    good = good && tar_reader_finish(reader, &err);
    if (good == error_is_set(&err))
        abort();
    buf_addf(said, "%s", good ? "" : err.message);
    error_clear(&err);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    CLEANUP(buf_clear) struct buf archive;
    CLEANUP(buf_clear) struct buf whole;
    CLEANUP(buf_clear) struct buf sliced;
    buf_init(&archive, BUF_UNBOUNDED);
    buf_add(&archive, data + 1, size - 1);
    for (size_t at = 0; at + 512 <= archive.length; at += 512) {
        if (archive.data[at + 257] == 'u')
            tar_build_checksum(archive.data + at);
    }
    bool good = read_all(&archive, archive.length + 1, &whole);
    if (read_all(&archive, data[0] + 1u, &sliced) != good || whole.length != sliced.length
        || (whole.length && memcmp(whole.data, sliced.data, whole.length) != 0))
        abort();
    return 0;
}
