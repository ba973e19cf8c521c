/* SPDX-License-Identifier: MIT */
#include "registry/archive_staging.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/guid.h"
#include "base/text.h"

#define FOLDER_PREFIX "load-"
#define PROMISE "image.json"

/* Below this a file system's answer about free space means little. */
#define SIZE_WORTH_ASKING ((uint64_t)1 << 20)

/* ---- the folder ---- */

static char *lock_path(const struct blob_store *store)
{
    return blob_store_file(store, "locks", "staging");
}

static bool list_folders(const struct blob_store *store, struct strlist *ret, struct error *err)
{
    CLEANUP(str_free) char *ingest = fs_join(store->root, "ingest");
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!fs_list(ingest, &names, err))
        return false;
    for (size_t i = 0; i < names.count; i++)
        if (str_starts_with(names.items[i], FOLDER_PREFIX))
            strlist_add(ret, names.items[i]);
    return true;
}

static bool remove_folders(const struct blob_store *store, const struct strlist *names,
                           struct error *err)
{
    for (size_t i = 0; i < names->count; i++) {
        CLEANUP(str_free) char *path = blob_store_file(store, "ingest", names->items[i]);
        if (!fs_remove_tree(path, err))
            return false;
    }
    return true;
}

static char *promise_path(const struct blob_store *store, const char *folder)
{
    CLEANUP(str_free) char *path = blob_store_file(store, "ingest", folder);
    return fs_join(path, PROMISE);
}

/* Those with a promise, or those without. */
static bool select_folders(const struct blob_store *store, bool promised, struct strlist *ret,
                           struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    if (!list_folders(store, &names, err))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        CLEANUP(str_free) char *promise = promise_path(store, names.items[i]);
        if ((fs_type_of(promise) == FS_FILE) == promised)
            strlist_add(ret, names.items[i]);
    }
    return true;
}

/* As long as the lock is held alone nobody stages, so that every folder is a leftover. None,
 * without the lock, while somebody does. */
static bool find_leftovers(const struct blob_store *store, bool promised, struct fs_lock *alone,
                           struct strlist *ret, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist unsure = {0};
    CLEANUP(str_free) char *path = lock_path(store);
    if (!select_folders(store, promised, &unsure, err))
        return false;
    if (unsure.count == 0)
        return true;
    if (fs_lock(path, FS_LOCK_EXCLUSIVE, /* wait= */ false, NULL, alone, err))
        return select_folders(store, promised, ret, err);
    if (err->kind != ERR_BUSY)
        return false;
    error_clear(err);
    return true;
}

bool archive_staging_sweep(const struct blob_store *store, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    CLEANUP(fs_unlock) struct fs_lock alone = {0};
    return find_leftovers(store, /* promised= */ false, &alone, &names, err)
        && remove_folders(store, &names, err);
}

void archive_staging_leftovers(const struct blob_store *store, struct strlist *ret)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(fs_unlock) struct fs_lock alone = {0};
    CLEANUP(str_free) char *path = lock_path(store);
    if (fs_type_of(path) == FS_FILE
        && fs_lock(path, FS_LOCK_EXCLUSIVE, /* wait= */ false, NULL, &alone, &ignored))
        (void)!list_folders(store, ret, &ignored);
}

static bool make_folder(struct archive_staging *staging, struct error *err)
{
    struct guid unique;
    char suffix[GUID_TEXT_SIZE];
    if (!guid_random(&unique, err))
        return false;
    guid_format(&unique, suffix);
    CLEANUP(str_free) char *name = str_format("%s%s", FOLDER_PREFIX, suffix);
    CLEANUP(str_free) char *folder = blob_store_file(staging->store, "ingest", name);
    if (!fs_make_directories(folder, err))
        return false;
    staging->folder = TAKE(folder);
    return true;
}

bool archive_staging_open(const struct blob_store *store, const struct context *context,
                          struct archive_staging *ret, struct error *err)
{
    CLEANUP(archive_staging_close)
    struct archive_staging staging = {.store = store, .context = context};
    CLEANUP(str_free) char *lock = lock_path(store);
    if (!archive_staging_sweep(store, err)
        || !fs_lock(lock, FS_LOCK_SHARED, /* wait= */ true, context_cancel(context), &staging.lock,
                    err)
        || !make_folder(&staging, err))
        return error_wrap(err, "prepare the store '%s'", store->root);
    *ret = TAKE(staging);
    return true;
}

void archive_staging_close(struct archive_staging *staging)
{
    CLEANUP(error_clear) struct error err = {0};
    if (staging->folder && !staging->promised && !fs_remove_tree(staging->folder, &err))
        context_warn(staging->context, "%s", err.message);
    fs_unlock(&staging->lock);
    str_free(&staging->folder);
    *staging = (struct archive_staging){0};
}

/* ---- promises ---- */

bool archive_staging_promise(struct archive_staging *staging, const struct reference *name,
                             const struct image_record *record, struct error *err)
{
    CLEANUP(str_free) char *path = fs_join(staging->folder, PROMISE);
    if (!image_record_save(path, name, record, err))
        return false;
    staging->promised = true;
    return true;
}

bool pending_images_open(const struct blob_store *store, struct pending_images *ret,
                         struct error *err)
{
    CLEANUP(pending_images_close) struct pending_images pending = {.store = store};
    if (!find_leftovers(store, /* promised= */ true, &pending.alone, &pending.folders, err))
        return false;
    *ret = TAKE(pending);
    return true;
}

bool pending_images_read(const struct pending_images *pending, size_t index,
                         struct image_record *ret, struct error *err)
{
    CLEANUP(str_free) char *path = promise_path(pending->store, pending->folders.items[index]);
    return image_record_load(path, ret, err);
}

bool pending_images_remove(struct pending_images *pending, struct error *err)
{
    return remove_folders(pending->store, &pending->folders, err);
}

void pending_images_close(struct pending_images *pending)
{
    fs_unlock(&pending->alone);
    strlist_clear(&pending->folders);
    *pending = (struct pending_images){0};
}

/* ---- one file ---- */

static bool check_space(const struct archive_staging *staging, uint64_t size, struct error *err)
{
    uint64_t available = 0;
    if (size < SIZE_WORTH_ASKING)
        return true;
    if (!fs_free_space(staging->folder, &available, err))
        return false;
    return size <= available
        || error_set(err, ERR_NO_SPACE,
                     "%" PRIu64 " bytes of content do not fit into the %" PRIu64 " that are free",
                     size, available);
}

bool staged_writer_open(struct archive_staging *staging, const struct digest *digest, uint64_t size,
                        struct staged_writer *ret, struct error *err)
{
    CLEANUP(staged_writer_close) struct staged_writer writer = {0};
    sha256_init(&writer.hash);
    if (!digest || !blob_store_has(staging->store, digest, size)) {
        CLEANUP(str_free) char *name = str_format("%u", staging->count);
        CLEANUP(str_free) char *path = fs_join(staging->folder, name);
        if (!check_space(staging, size, err) || !fs_open(path, FS_CREATE_NEW, &writer.file, err))
            return false;
        staging->count++;
        writer.path = TAKE(path);
    }
    *ret = TAKE(writer);
    return true;
}

bool staged_writer_write(struct staged_writer *writer, const void *data, size_t length,
                         struct error *err)
{
    if (writer->path && !fs_write_at(&writer->file, writer->written, data, length, err))
        return error_wrap(err, "store content");
    sha256_update(&writer->hash, data, length);
    writer->written += length;
    return true;
}

void staged_writer_close(struct staged_writer *writer)
{
    fs_close(&writer->file);
    str_free(&writer->path);
    *writer = (struct staged_writer){0};
}

struct staged_blob staged_writer_finish(struct staged_writer *writer)
{
    struct staged_blob blob = {
        .path = TAKE(writer->path),
        .digest = sha256_final_digest(&writer->hash),
        .size = writer->written,
    };
    staged_writer_close(writer);
    return blob;
}

void staged_blob_clear(struct staged_blob *blob)
{
    str_free(&blob->path);
    *blob = (struct staged_blob){0};
}

bool archive_staging_publish(const struct archive_staging *staging, struct staged_blob *blob,
                             struct error *err)
{
    if (!blob->path)
        return true;
    if (!blob_store_publish(staging->store, &blob->digest, blob->size, blob->path, err))
        return false;
    str_free(&blob->path);
    return true;
}
