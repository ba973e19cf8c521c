/* SPDX-License-Identifier: MIT */
#include "registry/blob_hash.h"

#include "base/alloc.h"
#include "base/fs.h"

/* Small enough for the processor's cache, large enough to make few calls. */
#define PIECE_SIZE ((size_t)256 << 10)
#define FOREVER_MS 1000

/* Waits until the file has 'end' bytes; false when nobody wants the hash any more. */
static bool wait_for(struct blob_hash *hash, uint64_t end)
{
    monitor_enter(&hash->monitor);
    hash->wanted = end;
    while (!hash->stopped && hash->reached < end)
        monitor_wait(&hash->monitor, FOREVER_MS);
    bool wanted = !hash->stopped;
    monitor_leave(&hash->monitor);
    return wanted;
}

/* False without an error when nobody wants the hash any more. */
static bool hash_file(struct blob_hash *hash, struct digest *ret, struct error *err)
{
    CLEANUP(fs_close) struct fs_file file = {0};
    CLEANUP(mem_free) unsigned char *piece = xmalloc(PIECE_SIZE);
    uint64_t size = hash->task.size;
    struct sha256 sha;
    sha256_init(&sha);
    if (!fs_open(hash->task.path, FS_READ, &file, err))
        return false;
    for (uint64_t offset = 0; offset < size;) {
        size_t length = size - offset < PIECE_SIZE ? (size_t)(size - offset) : PIECE_SIZE;
        size_t got = 0;
        if (!wait_for(hash, offset + length)
            || !fs_read_at(&file, offset, piece, length, &got, err))
            return false;
        if (got < length)
            return error_set(err, ERR_OS, "'%s' became shorter", hash->task.path);
        sha256_update(&sha, piece, length);
        offset += length;
    }
    *ret = sha256_final_digest(&sha);
    return true;
}

static void run(void *argument)
{
    struct blob_hash *hash = argument;
    CLEANUP(error_clear) struct error err = {0};
    struct digest found;
    if (hash_file(hash, &found, &err))
        hash->task.settle(hash->task.user, &found);
    else if (error_is_set(&err))
        hash->task.fail(hash->task.user, &err);
}

bool blob_hash_start(struct blob_hash *hash, const struct blob_hash_task *task, struct error *err)
{
    *hash = (struct blob_hash){.task = *task, .monitor = monitor_open()};
    if (os_thread_start(&hash->thread, run, hash, err))
        return true;
    monitor_close(&hash->monitor);
    return false;
}

void blob_hash_advance(struct blob_hash *hash, uint64_t reached)
{
    monitor_enter(&hash->monitor);
    hash->reached = reached;
    if (reached >= hash->wanted)
        monitor_notify(&hash->monitor);
    monitor_leave(&hash->monitor);
}

void blob_hash_close(struct blob_hash *hash)
{
    if (!hash->monitor.handle)
        return;
    monitor_enter(&hash->monitor);
    hash->stopped = true;
    monitor_notify(&hash->monitor);
    monitor_leave(&hash->monitor);
    os_thread_join(&hash->thread);
    monitor_close(&hash->monitor);
    *hash = (struct blob_hash){0};
}
