/* SPDX-License-Identifier: MIT */
#include "registry/blob_check.h"

#include "base/alloc.h"
#include "base/byte_source.h"

#define PIECE ((size_t)1 << 20)

static bool hash_all(const struct byte_source *source, const struct cancel *cancel,
                     struct digest *ret, struct error *err)
{
    CLEANUP(mem_free) unsigned char *piece = xmalloc(PIECE);
    struct sha256 hash;
    sha256_init(&hash);
    for (size_t got = 1; got > 0;) {
        if (!cancel_check(cancel, err) || !source->read(source->user, piece, PIECE, &got, err))
            return false;
        sha256_update(&hash, piece, got);
    }
    *ret = sha256_final_digest(&hash);
    return true;
}

bool blob_check(const struct blob_store *store, const struct digest *digest,
                const struct cancel *cancel, bool *ret_sound, struct error *err)
{
    CLEANUP(str_free) char *path = blob_store_path(store, digest);
    CLEANUP(file_source_close) struct file_source file = {0};
    struct digest found = {0};
    if (!file_source_open(path, &file, err))
        return false;
    const struct byte_source source = file_source_interface(&file);
    if (!hash_all(&source, cancel, &found, err))
        return error_wrap(err, "check %s", digest->text);
    *ret_sound = digest_equal(&found, digest);
    return true;
}

bool blob_check_and_evict(const struct blob_store *store, const struct digest *digest,
                          const struct cancel *cancel, bool *ret_evicted, struct error *err)
{
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    CLEANUP(str_free) char *locks = fs_join(store->root, "locks");
    CLEANUP(str_free) char *lock_path = fs_join(locks, digest_hex(digest));
    bool sound = false;
    if (!fs_lock(lock_path, FS_LOCK_EXCLUSIVE, true, cancel, &lock, err)
        || !blob_check(store, digest, cancel, &sound, err))
        return false;
    if (!sound && !blob_store_evict(store, digest, err))
        return false;
    *ret_evicted = !sound;
    return true;
}
