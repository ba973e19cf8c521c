/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/cancel.h"
#include "base/fs.h"

#define POLL_MS 50

bool fs_lock(const char *path, enum fs_lock_mode mode, bool wait, const struct cancel *cancel,
             struct fs_lock *ret, struct error *err)
{
    CLEANUP(fs_close) struct fs_file file = {0};
    if (!fs_open(path, FS_READ_WRITE, &file, err))
        return error_wrap(err, "lock");
    /* Asking again and again, because neither system has a wait that a request to stop ends; who
     * waits here waits for another process's download or import. */
    for (;;) {
        bool taken = false;
        if (!fs_try_lock(&file, mode, &taken, err))
            return error_wrap(err, "lock '%s'", path);
        if (taken)
            break;
        if (!wait)
            return error_set(err, ERR_BUSY, "'%s' is locked by another process", path);
        if (!cancel_check(cancel, err))
            return error_wrap(err, "wait for the lock '%s'", path);
        cancel_pause(cancel, POLL_MS);
    }
    ret->file = TAKE(file);
    return true;
}

void fs_unlock(struct fs_lock *lock)
{
    fs_close(&lock->file);
}
