/* SPDX-License-Identifier: MIT */
#include "registry/blob_verify.h"

#include "base/alloc.h"
#include "base/fs.h"

#define PIECE ((size_t)1 << 20) /* bytes */

static bool hash_file(const struct fs_file *file, const struct cancel *cancel,
                      struct digest *ret_digest, uint64_t *ret_size, struct error *err)
{
    CLEANUP(mem_free) unsigned char *piece = xmalloc(PIECE);
    struct sha256 hash;
    uint64_t at = 0;
    sha256_init(&hash);
    for (size_t got = PIECE; got == PIECE; at += got) {
        if (!cancel_check(cancel, err) || !fs_read_at(file, at, piece, PIECE, &got, err))
            return false;
        sha256_update(&hash, piece, got);
    }
    *ret_digest = sha256_final_digest(&hash);
    *ret_size = at;
    return true;
}

bool blob_verify(const struct blob_store *store, const struct digest *digest,
                 const struct cancel *cancel, enum blob_state *ret, uint64_t *ret_size,
                 struct error *err)
{
    CLEANUP(str_free) char *path = blob_store_path(store, digest);
    CLEANUP(fs_close) struct fs_file file = {0};
    struct digest found = {0};
    *ret_size = 0;
    if (fs_type_of(path) == FS_ABSENT) {
        *ret = BLOB_MISSING;
        return true;
    }
    if (!fs_open(path, FS_READ, &file, err))
        return false;
    if (!hash_file(&file, cancel, &found, ret_size, err)) {
        if (err->kind != ERR_OS)
            return false;
        error_clear(err);
    }
    *ret = digest_equal(&found, digest) ? BLOB_SOUND : BLOB_DAMAGED;
    return true;
}

bool blob_evict_damaged(const struct blob_store *store, const struct digest *digest,
                        const struct cancel *cancel, bool *ret_evicted, struct error *err)
{
    CLEANUP(fs_unlock) struct fs_lock lock = {0};
    enum blob_state state;
    uint64_t size = 0;
    if (!blob_store_lock(store, digest, /* wait= */ true, cancel, &lock, err)
        || !blob_verify(store, digest, cancel, &state, &size, err))
        return false;
    if (state == BLOB_DAMAGED && !blob_store_evict(store, digest, err))
        return false;
    *ret_evicted = state == BLOB_DAMAGED;
    return true;
}
