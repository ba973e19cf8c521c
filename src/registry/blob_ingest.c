/* SPDX-License-Identifier: MIT */
#include "registry/blob_ingest.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/strlist.h"
#include "base/text.h"
#include "registry/ingest_map.h"

/* What a killed process loses of each blob, besides what was on the wire. */
#define MAP_INTERVAL ((uint64_t)1 << 20)

/* ---- names and locks ---- */

static char *ingest_path(const struct blob_store *store, const struct digest *digest,
                         const char *kind)
{
    CLEANUP(str_free) char *name = str_format("%s.%s", digest_hex(digest), kind);
    return blob_store_file(store, "ingest", name);
}

char *blob_ingest_part_path(const struct blob_store *store, const struct digest *digest)
{
    return ingest_path(store, digest, "part");
}

/* ---- what an earlier process left ---- */

static uint64_t end_of(const struct byte_ranges *ranges)
{
    return ranges->count ? ranges->items[ranges->count - 1].end : 0;
}

/* A map that cannot be read, or speaks of more than the part file has, is none. */
static struct byte_ranges find_done(const struct blob_ingest *ingest)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(buf_clear) struct buf text;
    CLEANUP(byte_ranges_clear) struct byte_ranges done = {0};
    uint64_t length = 0;
    buf_init(&text, INGEST_MAP_MAXIMUM);
    if (fs_type_of(ingest->map) != FS_FILE || fs_type_of(ingest->part) != FS_FILE
        || !fs_read_file(ingest->map, INGEST_MAP_MAXIMUM, &text, &ignored)
        || !fs_file_size(ingest->part, &length, &ignored)
        || !ingest_map_parse(buf_str(&text), text.length, ingest->size, &done)
        || end_of(&done) > length)
        return (struct byte_ranges){0};
    return TAKE(done);
}

bool blob_ingest_open(const struct blob_store *store, const struct descriptor *descriptor,
                      bool wait, const struct cancel *cancel, struct blob_ingest *ret,
                      struct error *err)
{
    CLEANUP(blob_ingest_close)
    struct blob_ingest ingest = {
        .store = store, .digest = descriptor->digest, .size = descriptor->size};
    if (!blob_store_lock(store, &ingest.digest, wait, cancel, &ingest.lock, err))
        return error_wrap(err, "store %s", ingest.digest.text);
    ingest.part = blob_ingest_part_path(store, &ingest.digest);
    ingest.map = ingest_path(store, &ingest.digest, "map");
    ingest.done = find_done(&ingest);
    *ret = TAKE(ingest);
    return true;
}

/* ---- the files ---- */

static bool write_map(struct blob_ingest *ingest, struct error *err)
{
    CLEANUP(str_free) char *text = ingest_map_compose(ingest->size, &ingest->done);
    ingest->mapped = byte_ranges_total(&ingest->done);
    return fs_write_at(&ingest->map_file, 0, text, strlen(text), err);
}

bool blob_ingest_begin(struct blob_ingest *ingest, struct error *err)
{
    if (fs_open(ingest->part, FS_READ_WRITE, &ingest->file, err)
        && fs_open(ingest->map, FS_READ_WRITE, &ingest->map_file, err)
        && (ingest->done.count || blob_ingest_restart(ingest, err))) {
        /* The bytes may come in any order. */
        fs_set_sparse(&ingest->file);
        ingest->mapped = byte_ranges_total(&ingest->done);
        return true;
    }
    return error_wrap(err, "store %s", ingest->digest.text);
}

bool blob_ingest_restart(struct blob_ingest *ingest, struct error *err)
{
    /* The map first: it must never speak of bytes that are gone. */
    byte_ranges_clear(&ingest->done);
    ingest->mapped = 0;
    if (!fs_truncate(&ingest->map_file, 0, err) || !fs_truncate(&ingest->file, 0, err))
        return error_wrap(err, "store %s", ingest->digest.text);
    return true;
}

bool blob_ingest_write(struct blob_ingest *ingest, uint64_t offset, const void *data, size_t length,
                       struct error *err)
{
    if (offset > ingest->size || length > ingest->size - offset)
        error_bug("content is written beyond the end of its blob");
    if (!fs_write_at(&ingest->file, offset, data, length, err))
        return error_wrap(err, "store %s (%" PRIu64 " bytes)", ingest->digest.text, ingest->size);
    byte_ranges_add(&ingest->done, (struct byte_range){offset, offset + length});
    if (byte_ranges_total(&ingest->done) - ingest->mapped < MAP_INTERVAL)
        return true;
    return write_map(ingest, err) || error_wrap(err, "store %s", ingest->digest.text);
}

/* ---- the end ---- */

bool blob_ingest_publish(struct blob_ingest *ingest, struct error *err)
{
    fs_close(&ingest->file);
    if (!blob_store_publish(ingest->store, &ingest->digest, ingest->size, ingest->part, err))
        return false;
    blob_ingest_discard(ingest);
    return true;
}

static void close_files(struct blob_ingest *ingest)
{
    fs_close(&ingest->file);
    fs_close(&ingest->map_file);
}

static void clear(struct blob_ingest *ingest)
{
    fs_unlock(&ingest->lock);
    byte_ranges_clear(&ingest->done);
    str_free(&ingest->part);
    str_free(&ingest->map);
    *ingest = (struct blob_ingest){0};
}

/* Of what cannot be removed now, the next who fetches this blob takes care. */
static void remove_quietly(const char *path)
{
    CLEANUP(error_clear) struct error ignored = {0};
    if (path)
        (void)!fs_remove_file(path, &ignored);
}

void blob_ingest_discard(struct blob_ingest *ingest)
{
    close_files(ingest);
    remove_quietly(ingest->map);
    remove_quietly(ingest->part);
    clear(ingest);
}

void blob_ingest_close(struct blob_ingest *ingest)
{
    CLEANUP(error_clear) struct error ignored = {0};
    uint64_t done = byte_ranges_total(&ingest->done);
    if (done == 0) {
        blob_ingest_discard(ingest);
        return;
    }
    /* Without a map the next process begins from nothing; that is all. */
    if (ingest->map_file.handle && done != ingest->mapped)
        (void)!write_map(ingest, &ignored);
    close_files(ingest);
    clear(ingest);
}

/* With the digest's lock nobody else can be about to begin. */
static bool sweep_map(const struct blob_store *store, const struct digest *digest,
                      struct error *err)
{
    CLEANUP(str_free) char *part = ingest_path(store, digest, "part");
    CLEANUP(str_free) char *map = ingest_path(store, digest, "map");
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    if (fs_type_of(part) != FS_ABSENT)
        return true;
    if (blob_store_lock(store, digest, /* wait= */ false, NULL, &lock, err))
        return fs_type_of(part) != FS_ABSENT || fs_remove_file(map, err);
    if (err->kind != ERR_BUSY)
        return false;
    error_clear(err);
    return true;
}

bool blob_ingest_sweep(const struct blob_store *store, struct error *err)
{
    CLEANUP(str_free) char *folder = fs_join(store->root, "ingest");
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!fs_list(folder, &names, err))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(error_clear) struct error no_digest = {0};
        CLEANUP(str_free) char *text = str_format("sha256:%s", names.items[i]);
        struct digest digest;
        if (!str_ends_with(text, ".map"))
            continue;
        text[strlen(text) - strlen(".map")] = '\0';
        if (digest_parse(text, &digest, &no_digest) && !sweep_map(store, &digest, err))
            return false;
    }
    return true;
}

bool blob_ingest_put(const struct blob_store *store, const struct buf *content, struct error *err)
{
    struct digest digest = digest_of(content->data, content->length);
    if (blob_store_has(store, &digest, content->length))
        return true;
    CLEANUP(str_free) char *path = blob_store_path(store, &digest);
    return fs_write_file(path, content->data, content->length, err)
        || error_wrap(err, "store %s", digest.text);
}
