/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/fs_posix.h"

void posix_close(int *descriptor)
{
    int saved = errno;
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
    errno = saved;
}

static int descriptor_of(const struct fs_file *file)
{
    return (int)file->handle - 1;
}

/* ---- open files ---- */

static const int mode_flags[] = {
    [FS_READ] = O_RDONLY,
    [FS_READ_WRITE] = O_RDWR | O_CREAT,
    [FS_CREATE_NEW] = O_RDWR | O_CREAT | O_EXCL,
};

bool fs_open(const char *path, enum fs_mode mode, struct fs_file *ret, struct error *err)
{
    int descriptor = open(path, mode_flags[mode] | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return error_errno(err, errno, "open '%s'", path);
    ret->handle = descriptor + 1;
    return true;
}

/* pread() and pwrite() take signed offsets. */
static bool check_range(uint64_t offset, size_t length, struct error *err)
{
    uint64_t end;
    if (__builtin_add_overflow(offset, length, &end) || end > INT64_MAX)
        return error_errno(err, EOVERFLOW, "reach byte %llu of a file", (unsigned long long)offset);
    return true;
}

bool fs_read_at(const struct fs_file *file, uint64_t offset, void *data, size_t length,
                size_t *ret_length, struct error *err)
{
    if (!check_range(offset, length, err))
        return false;
    size_t done = 0;
    while (done < length) {
        ssize_t got =
            pread(descriptor_of(file), (char *)data + done, length - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, errno, "read from a file");
        if (!got)
            break;
        done += (size_t)got;
    }
    *ret_length = done;
    return true;
}

bool fs_write_at(const struct fs_file *file, uint64_t offset, const void *data, size_t length,
                 struct error *err)
{
    if (!check_range(offset, length, err))
        return false;
    size_t done = 0;
    while (done < length) {
        ssize_t put = pwrite(descriptor_of(file), (const char *)data + done, length - done,
                             (off_t)(offset + done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return error_errno(err, errno, "write to a file");
        done += (size_t)put;
    }
    return true;
}

void fs_set_sparse(const struct fs_file *file)
{
    (void)file; /* always so */
}

bool fs_truncate(const struct fs_file *file, uint64_t length, struct error *err)
{
    if (!check_range(length, 0, err))
        return false;
    if (ftruncate(descriptor_of(file), (off_t)length))
        return error_errno(err, errno, "set the length of a file");
    return true;
}

bool fs_size(const struct fs_file *file, uint64_t *ret, struct error *err)
{
    struct stat info;
    if (fstat(descriptor_of(file), &info))
        return error_errno(err, errno, "find the length of a file");
    *ret = (uint64_t)info.st_size;
    return true;
}

bool fs_flush(const struct fs_file *file, struct error *err)
{
    if (fsync(descriptor_of(file)))
        return error_errno(err, errno, "flush a file");
    return true;
}

void fs_close(struct fs_file *file)
{
    int descriptor = descriptor_of(file);
    posix_close(&descriptor);
    *file = (struct fs_file){0};
}

/* ---- locks ---- */

bool fs_try_lock(const struct fs_file *file, enum fs_lock_mode mode, bool *ret_taken,
                 struct error *err)
{
    /* Locks of the open file description: classic POSIX locks vanish when any descriptor of the
     * file is closed and do not exclude a second lock in the same process. */
    struct flock request = {
        .l_type = mode == FS_LOCK_SHARED ? F_RDLCK : F_WRLCK,
        .l_whence = SEEK_SET,
    };
    bool taken = fcntl(descriptor_of(file), F_OFD_SETLK, &request) == 0;
    if (!taken && errno != EAGAIN && errno != EACCES)
        return error_errno(err, errno, "fcntl");
    *ret_taken = taken;
    return true;
}
