/* SPDX-License-Identifier: MIT */
#include "base/fs.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/nt.h"
#include "win32/path.h"
#include "win32/utf16.h"

#include <winioctl.h>

#define LARGEST_TRANSFER ((size_t)1 << 30)

static HANDLE handle_of(const struct fs_file *file)
{
    return handle_from_number(file->handle);
}

/* ---- open files ---- */

static const struct {
    DWORD access;
    DWORD disposition;
} modes[] = {
    [FS_READ] = {GENERIC_READ, OPEN_EXISTING},
    [FS_READ_WRITE] = {GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS},
    [FS_CREATE_NEW] = {GENERIC_READ | GENERIC_WRITE, CREATE_NEW},
};

bool fs_open(const char *path, enum fs_mode mode, struct fs_file *ret, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    if (!path_to_wide(path, &wide, err))
        return false;
    HANDLE handle = handle_or_null(CreateFileW(wide, modes[mode].access, NT_SHARE_ALL, NULL,
                                               modes[mode].disposition, 0, NULL));
    if (!handle)
        return error_win32(err, GetLastError(), "open '%s'", path);
    ret->handle = handle_to_number(handle);
    return true;
}

static OVERLAPPED at_offset(uint64_t offset)
{
    return (OVERLAPPED){.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
}

static DWORD transfer_size(size_t length)
{
    return (DWORD)(length < LARGEST_TRANSFER ? length : LARGEST_TRANSFER);
}

/* Offsets are signed to Windows, and a write at the highest one goes to the end of the file. */
static bool check_range(uint64_t offset, size_t length, struct error *err)
{
    uint64_t end;
    if (__builtin_add_overflow(offset, length, &end) || end > INT64_MAX)
        return error_win32(err, ERROR_ARITHMETIC_OVERFLOW, "reach byte %llu of a file",
                           (unsigned long long)offset);
    return true;
}

bool fs_read_at(const struct fs_file *file, uint64_t offset, void *data, size_t length,
                size_t *ret_length, struct error *err)
{
    if (!check_range(offset, length, err))
        return false;
    size_t done = 0;
    while (done < length) {
        OVERLAPPED position = at_offset(offset + done);
        DWORD got = 0;
        if (!ReadFile(handle_of(file), (char *)data + done, transfer_size(length - done), &got,
                      &position)
            && GetLastError() != ERROR_HANDLE_EOF)
            return error_win32(err, GetLastError(), "read from a file");
        if (got == 0)
            break;
        done += got;
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
        OVERLAPPED position = at_offset(offset + done);
        DWORD put = 0;
        if (!WriteFile(handle_of(file), (const char *)data + done, transfer_size(length - done),
                       &put, &position))
            return error_win32(err, GetLastError(), "write to a file");
        done += put;
    }
    return true;
}

void fs_set_sparse(const struct fs_file *file)
{
    DWORD ignored = 0;
    DeviceIoControl(handle_of(file), FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &ignored, NULL);
}

bool fs_truncate(const struct fs_file *file, uint64_t length, struct error *err)
{
    FILE_END_OF_FILE_INFO end = {.EndOfFile.QuadPart = (LONGLONG)length};
    if (!SetFileInformationByHandle(handle_of(file), FileEndOfFileInfo, &end, sizeof(end)))
        return error_win32(err, GetLastError(), "set the length of a file");
    return true;
}

bool fs_size(const struct fs_file *file, uint64_t *ret, struct error *err)
{
    LARGE_INTEGER size;
    if (!GetFileSizeEx(handle_of(file), &size))
        return error_win32(err, GetLastError(), "find the length of a file");
    *ret = (uint64_t)size.QuadPart;
    return true;
}

bool fs_flush(const struct fs_file *file, struct error *err)
{
    if (!FlushFileBuffers(handle_of(file)))
        return error_win32(err, GetLastError(), "flush a file");
    return true;
}

void fs_close(struct fs_file *file)
{
    HANDLE handle = handle_of(file);
    handle_close(&handle);
    *file = (struct fs_file){0};
}

/* ---- locks ---- */

bool fs_try_lock(const struct fs_file *file, enum fs_lock_mode mode, bool *ret_taken,
                 struct error *err)
{
    DWORD flags =
        LOCKFILE_FAIL_IMMEDIATELY | (mode == FS_LOCK_EXCLUSIVE ? LOCKFILE_EXCLUSIVE_LOCK : 0);
    OVERLAPPED first_byte = {0};
    bool taken = LockFileEx(handle_of(file), flags, 0, 1, 0, &first_byte);
    DWORD reason = GetLastError();
    if (!taken && reason != ERROR_LOCK_VIOLATION && reason != ERROR_IO_PENDING)
        return error_win32(err, reason, "LockFileEx");
    *ret_taken = taken;
    return true;
}
