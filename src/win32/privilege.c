/* SPDX-License-Identifier: MIT */
#include "win32/privilege.h"

#include "win32/handle.h"
#include "win32/hresult.h"

static const wchar_t *const layer_privileges[] = {SE_BACKUP_NAME, SE_RESTORE_NAME,
                                                  SE_SECURITY_NAME};

static bool enable(HANDLE token, const wchar_t *name, struct error *err)
{
    TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
    wanted.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    if (!LookupPrivilegeValueW(NULL, name, &wanted.Privileges[0].Luid))
        return error_win32(err, GetLastError(), "look up %ls", name);

    /* Success with ERROR_NOT_ALL_ASSIGNED means that nothing was enabled. */
    if (!AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL)
        || GetLastError() != ERROR_SUCCESS) {
        error_win32(err, GetLastError(), "enable %ls", name);
        err->kind = ERR_DENIED;
        return error_hint(err, "run wrun from an elevated (Administrator) prompt");
    }
    return true;
}

bool privilege_enable_for_layers(struct error *err)
{
    CLEANUP(handle_close) HANDLE token = NULL;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token))
        return error_win32(err, GetLastError(), "open the process token");

    for (size_t i = 0; i < ARRAY_SIZE(layer_privileges); i++)
        if (!enable(token, layer_privileges[i], err))
            return false;
    return true;
}
