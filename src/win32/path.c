/* SPDX-License-Identifier: MIT */
#include "win32/path.h"

#include <string.h>
#include <wchar.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/scan.h"
#include "base/strlist.h"
#include "base/text.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/utf16.h"

#define LONG_PREFIX "\\\\?\\"
#define LONG_UNC_PREFIX "\\\\?\\UNC\\"
#define DEVICE_PREFIX "\\\\.\\"

static char *with_backslashes(const char *path)
{
    char *copy = xstrdup(path);
    for (char *at = copy; *at; at++)
        if (*at == '/')
            *at = '\\';
    return copy;
}

static bool is_drive(const char *path)
{
    return char_is_alpha(path[0]) && path[1] == ':';
}

/* The length of what '..' cannot climb above: "C:\" or "\\server\share\"; 0 = a relative path. */
static size_t root_length(const char *path)
{
    if (is_drive(path) && path[2] == '\\')
        return 3;
    if (!str_starts_with(path, "\\\\"))
        return 0;
    const char *share = strchr(path + 2, '\\');
    if (!share)
        return strlen(path);
    const char *rest = strchr(share + 1, '\\');
    return rest ? (size_t)(rest + 1 - path) : strlen(path);
}

static bool current_directory(char **ret, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    for (DWORD size = MAX_PATH, needed;; size = needed) {
        wide = xrealloc_array(wide, size, sizeof(*wide));
        needed = GetCurrentDirectoryW(size, wide);
        if (needed == 0)
            return error_win32(err, GetLastError(), "read the working directory");
        if (needed < size)
            return utf16_to_utf8(wide, ret, err);
    }
}

/* Puts the working directory, or its drive, before a path that lacks them. GetFullPathNameW would
 * do it too, but also drop trailing dots and turn names like "con" into devices. */
static bool make_rooted(const char *path, char **ret, struct error *err)
{
    if (is_drive(path) && path[2] != '\\') {
        error_set(err, ERR_USAGE, "'%s' depends on the working directory of a drive", path);
        error_hint(err, "write the whole path, as in %c:\\dir", path[0]);
        return false;
    }
    CLEANUP(str_free) char *directory = NULL;
    if (!current_directory(&directory, err))
        return false;
    if (path[0] == '\\')
        directory[root_length(directory)] = 0;
    *ret = str_format("%s\\%s", directory, path);
    return true;
}

/* Resolves '.', '..' and repeated separators below the root. */
static char *clean_below_root(const char *path, size_t root)
{
    CLEANUP(strlist_clear) struct strlist parts = {0};
    struct scan rest = scan_text(path + root);
    while (!scan_at_end(&rest)) {
        struct scan part = scan_until(&rest, '\\');
        scan_char(&rest, '\\');
        if (scan_length(&part) == 0 || scan_equals(&part, "."))
            continue;
        if (!scan_equals(&part, ".."))
            strlist_add_owned(&parts, scan_rest(&part));
        else if (parts.count > 0)
            str_free(&parts.items[--parts.count]);
    }
    CLEANUP(str_free) char *below = parts.count ? strlist_join(&parts, "\\") : xstrdup("");
    return str_format("%.*s%s", (int)root, path, below);
}

bool path_to_plain(const char *path, char **ret, struct error *err)
{
    if (!*path)
        return error_set(err, ERR_USAGE, "a path is empty");
    CLEANUP(str_free) char *given = with_backslashes(path);
    CLEANUP(str_free) char *rooted = NULL;
    if (str_starts_with(given, LONG_UNC_PREFIX))
        rooted = str_format("\\\\%s", given + strlen(LONG_UNC_PREFIX));
    else if (str_starts_with(given, LONG_PREFIX) && root_length(given + strlen(LONG_PREFIX)) > 0)
        rooted = xstrdup(given + strlen(LONG_PREFIX));
    else if (str_starts_with(given, LONG_PREFIX) || str_starts_with(given, DEVICE_PREFIX)) {
        /* Volume GUID paths and devices have no plain form. */
        *ret = TAKE(given);
        return true;
    } else if (root_length(given) > 0)
        rooted = TAKE(given);
    else if (!make_rooted(given, &rooted, err))
        return false;

    *ret = clean_below_root(rooted, root_length(rooted));
    return true;
}

bool path_to_wide(const char *path, wchar_t **ret, struct error *err)
{
    CLEANUP(str_free) char *plain = NULL;
    CLEANUP(str_free) char *extended = NULL;
    if (!path_to_plain(path, &plain, err))
        return false;
    if (str_starts_with(plain, LONG_PREFIX) || str_starts_with(plain, DEVICE_PREFIX))
        extended = TAKE(plain);
    else if (str_starts_with(plain, "\\\\"))
        extended = str_format("%s%s", LONG_UNC_PREFIX, plain + 2);
    else
        extended = str_format("%s%s", LONG_PREFIX, plain);
    return utf16_from_utf8(extended, ret, err) || error_wrap(err, "path '%s'", path);
}

static bool final_path(HANDLE file, DWORD flags, wchar_t **ret)
{
    wchar_t *wide = NULL;
    for (DWORD size = MAX_PATH, needed;; size = needed + 1) {
        wide = xrealloc_array(wide, size, sizeof(*wide));
        needed = GetFinalPathNameByHandleW(file, wide, size, flags);
        if (needed == 0) {
            utf16_free(&wide);
            return false;
        }
        if (needed < size) {
            *ret = wide;
            return true;
        }
    }
}

/* Volumes without a GUID (network shares) are refused with "path not found", parents that may not
 * be listed with "access denied"; each has a weaker form that works. */
static bool best_final_path(HANDLE file, wchar_t **ret)
{
    if (final_path(file, FILE_NAME_NORMALIZED | VOLUME_NAME_GUID, ret))
        return true;
    DWORD reason = GetLastError();
    if (reason == ERROR_PATH_NOT_FOUND)
        return final_path(file, FILE_NAME_NORMALIZED | VOLUME_NAME_DOS, ret);
    if (reason == ERROR_ACCESS_DENIED)
        return final_path(file, FILE_NAME_OPENED | VOLUME_NAME_GUID, ret);
    return false;
}

bool path_resolve(const char *path, char **ret, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    CLEANUP(utf16_free) wchar_t *resolved = NULL;
    if (!path_to_wide(path, &wide, err))
        return false;
    CLEANUP(handle_close)
    HANDLE file =
        handle_or_null(CreateFileW(wide, 0, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                   NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL));
    if (!file || !best_final_path(file, &resolved))
        return error_win32(err, GetLastError(), "resolve '%s'", path);

    CLEANUP(str_free) char *text = NULL;
    if (!utf16_to_utf8(resolved, &text, err))
        return error_wrap(err, "resolve '%s'", path);
    if (str_starts_with(text, LONG_UNC_PREFIX))
        *ret = str_format("\\\\%s", text + strlen(LONG_UNC_PREFIX));
    else
        *ret = TAKE(text);
    return true;
}
