/* SPDX-License-Identifier: MIT */
#include "win32/volume.h"

#include "win32/windows_lean.h"

#include <wchar.h>
#include <winioctl.h>

#include "base/alloc.h"
#include "base/text.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/path.h"
#include "win32/utf16.h"

/* FILE_FS_PERSISTENT_VOLUME_INFORMATION and its flag, too new for the headers. */
struct persistent_volume_state {
    ULONG flags;
    ULONG flag_mask;
    ULONG version;
    ULONG reserved;
};
#define STATE_DEV_VOLUME 0x2000u

static enum volume_kind kind_of(UINT drive_type)
{
    static const enum volume_kind kinds[] = {
        [DRIVE_REMOVABLE] = VOLUME_REMOVABLE, [DRIVE_FIXED] = VOLUME_FIXED,
        [DRIVE_REMOTE] = VOLUME_NETWORK,      [DRIVE_CDROM] = VOLUME_REMOVABLE,
        [DRIVE_RAMDISK] = VOLUME_RAM_DISK,
    };
    return drive_type < ARRAY_SIZE(kinds) ? kinds[drive_type] : VOLUME_UNKNOWN;
}

/* Windows before 11 23H2 does not know the question: no Dev Drive then. */
static bool is_dev_drive(const wchar_t *root)
{
    CLEANUP(handle_close)
    HANDLE volume =
        handle_or_null(CreateFileW(root, FILE_READ_ATTRIBUTES, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                   NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL));
    struct persistent_volume_state question = {.flag_mask = STATE_DEV_VOLUME, .version = 1};
    struct persistent_volume_state answer = {0};
    DWORD length;
    return volume
        && DeviceIoControl(volume, FSCTL_QUERY_PERSISTENT_VOLUME_STATE, &question, sizeof(question),
                           &answer, sizeof(answer), &length, NULL)
        && (answer.flags & STATE_DEV_VOLUME) != 0;
}

static bool describe(const wchar_t *root, struct volume *volume, struct error *err)
{
    wchar_t file_system[MAX_PATH + 1];
    ULARGE_INTEGER free_bytes;
    if (!GetVolumeInformationW(root, NULL, 0, NULL, NULL, NULL, file_system,
                               ARRAY_SIZE(file_system))
        || !GetDiskFreeSpaceExW(root, &free_bytes, NULL, NULL))
        return error_win32(err, GetLastError(), "query the volume");
    volume->kind = kind_of(GetDriveTypeW(root));
    volume->free_bytes = free_bytes.QuadPart;
    volume->is_dev_drive = is_dev_drive(root);
    CLEANUP(str_free) char *long_root = NULL;
    return utf16_to_utf8(root, &long_root, err) && path_to_plain(long_root, &volume->root, err)
        && utf16_to_utf8(file_system, &volume->file_system, err);
}

bool volume_of(const char *path, struct volume *ret, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    if (!path_to_wide(path, &wide, err))
        return error_wrap(err, "find the volume of '%s'", path);

    /* A mount point is never longer than the path that is on it. */
    size_t size = wcslen(wide) + 2;
    CLEANUP(utf16_free) wchar_t *root = xcalloc(size, sizeof(*root));
    CLEANUP(volume_clear) struct volume volume = {0};
    if (!GetVolumePathNameW(wide, root, (DWORD)size))
        return error_win32(err, GetLastError(), "find the volume of '%s'", path);
    if (!describe(root, &volume, err))
        return error_wrap(err, "find the volume of '%s'", path);
    *ret = TAKE(volume);
    return true;
}

void volume_clear(struct volume *volume)
{
    str_free(&volume->root);
    str_free(&volume->file_system);
    *volume = (struct volume){0};
}

bool volume_is_local_ntfs(const struct volume *volume)
{
    return volume->kind == VOLUME_FIXED && str_equal(volume->file_system, "NTFS");
}
