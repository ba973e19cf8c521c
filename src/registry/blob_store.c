/* SPDX-License-Identifier: MIT */
#include "registry/blob_store.h"

#include "base/alloc.h"
#include "registry/store_format.h"

static const char *const directories[] = {
    "blobs", "blobs/sha256", "ingest", "locks", "refs", "trash",
};

static bool make_directories(const char *root, struct error *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        CLEANUP(str_free) char *path = fs_join(root, directories[i]);
        if (!fs_make_directories(path, err))
            return false;
    }
    return true;
}

bool blob_store_hint_denied(const char *root, struct error *err)
{
    return err->kind == ERR_DENIED
        ? error_hint(
            err, "the store '%s' cannot be written by this user; choose another with --root", root)
        : false;
}

bool blob_store_open(const char *root, struct blob_store *ret, struct error *err)
{
    CLEANUP(blob_store_close) struct blob_store store = {0};
    if (!fs_absolute(root, &store.root, err) || !store_format_check(store.root, err)
        || !make_directories(store.root, err) || !store_format_write(store.root, err)) {
        blob_store_hint_denied(root, err);
        return error_wrap(err, "open the store '%s'", root);
    }
    *ret = TAKE(store);
    return true;
}

bool blob_store_open_to_read(const char *root, struct blob_store *ret, struct error *err)
{
    CLEANUP(blob_store_close) struct blob_store store = {0};
    if (!fs_absolute(root, &store.root, err) || !store_format_check(store.root, err))
        return error_wrap(err, "open the store '%s'", root);
    *ret = TAKE(store);
    return true;
}

void blob_store_close(struct blob_store *store)
{
    str_free(&store->root);
}

char *blob_store_file(const struct blob_store *store, const char *folder, const char *name)
{
    CLEANUP(str_free) char *directory = fs_join(store->root, folder);
    return fs_join(directory, name);
}

char *blob_store_path(const struct blob_store *store, const struct digest *digest)
{
    CLEANUP(str_free) char *directory = fs_join(store->root, "blobs");
    CLEANUP(str_free) char *algorithm = fs_join(directory, "sha256");
    return fs_join(algorithm, digest_hex(digest));
}

bool blob_store_has(const struct blob_store *store, const struct digest *digest, uint64_t size)
{
    CLEANUP(str_free) char *path = blob_store_path(store, digest);
    CLEANUP(error_clear) struct error ignored = {0};
    uint64_t found = 0;
    return fs_type_of(path) == FS_FILE && fs_file_size(path, &found, &ignored) && found == size;
}

bool blob_store_read(const struct blob_store *store, const struct digest *digest, size_t maximum,
                     struct buf *ret, struct error *err)
{
    CLEANUP(str_free) char *path = blob_store_path(store, digest);
    if (!fs_read_file(path, maximum, ret, err))
        return false;
    struct digest found = digest_of(ret->data, ret->length);
    if (digest_equal(&found, digest))
        return true;
    error_set(err, ERR_INTEGRITY, "the stored content %s is damaged: it hashes to %s", digest->text,
              found.text);
    return error_hint(err, "pull the image again");
}

bool blob_store_lock(const struct blob_store *store, const struct digest *digest, bool wait,
                     const struct cancel *cancel, struct fs_lock *ret, struct error *err)
{
    CLEANUP(str_free) char *path = blob_store_file(store, "locks", digest_hex(digest));
    return fs_lock(path, FS_LOCK_EXCLUSIVE, wait, cancel, ret, err);
}

static bool make_way(const char *path, uint64_t size, struct error *err)
{
    uint64_t found = 0;
    return fs_type_of(path) != FS_FILE
        || (fs_file_size(path, &found, err) && (found == size || fs_remove_file(path, err)));
}

bool blob_store_publish(const struct blob_store *store, const struct digest *digest, uint64_t size,
                        const char *from, struct error *err)
{
    CLEANUP(str_free) char *path = blob_store_path(store, digest);
    if (make_way(path, size, err) && fs_publish(from, path, err))
        return true;
    /* Busy may also mean that somebody else has the file open. */
    if (err->kind != ERR_BUSY || !blob_store_has(store, digest, size))
        return error_wrap(err, "store %s", digest->text);
    error_clear(err);
    return true;
}

bool blob_store_evict(const struct blob_store *store, const struct digest *digest,
                      struct error *err)
{
    CLEANUP(str_free) char *path = blob_store_path(store, digest);
    return fs_remove_file(path, err);
}
