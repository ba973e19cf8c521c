/* SPDX-License-Identifier: MIT */
#include "win32/version.h"

#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/nt.h"

#define CURRENT_VERSION_KEY L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"

/* The revision is only in the registry. */
static uint32_t read_revision(void)
{
    DWORD revision = 0;
    DWORD size = sizeof(revision);
    if (RegGetValueW(HKEY_LOCAL_MACHINE, CURRENT_VERSION_KEY, L"UBR", RRF_RT_REG_DWORD, NULL,
                     &revision, &size)
        != ERROR_SUCCESS)
        return 0;
    return revision;
}

bool windows_version_get(struct windows_version *ret, struct error *err)
{
    /* GetVersionEx answers with whatever the manifest names as supported. */
    union {
        OSVERSIONINFOW plain;
        OSVERSIONINFOEXW extended;
    } version = {.extended = {.dwOSVersionInfoSize = sizeof(version.extended)}};
    NTSTATUS status = RtlGetVersion(&version.plain);
    if (!nt_ok(status))
        return error_ntstatus(err, status, "read the version of Windows");
    *ret = (struct windows_version){
        .major = version.extended.dwMajorVersion,
        .minor = version.extended.dwMinorVersion,
        .build = version.extended.dwBuildNumber,
        .revision = read_revision(),
        .is_server = version.extended.wProductType != VER_NT_WORKSTATION,
    };
    return true;
}

bool windows_is_elevated(bool *ret, struct error *err)
{
    CLEANUP(handle_close) HANDLE token = NULL;
    TOKEN_ELEVATION elevation = {0};
    DWORD size = sizeof(elevation);
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)
        || !GetTokenInformation(token, TokenElevation, &elevation, sizeof(elevation), &size))
        return error_win32(err, GetLastError(), "read the process token");
    *ret = elevation.TokenIsElevated != 0;
    return true;
}
