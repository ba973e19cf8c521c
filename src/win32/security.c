/* SPDX-License-Identifier: MIT */
#include "win32/security.h"

#include "win32/windows_lean.h"

#include <sddl.h>

#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/path.h"
#include "win32/utf16.h"

bool security_from_sddl(const wchar_t *sddl, struct security *ret, struct error *err)
{
    PSECURITY_DESCRIPTOR descriptor;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, &descriptor,
                                                              NULL))
        return error_win32(err, GetLastError(), "compose the security descriptor '%ls'", sddl);
    *ret = (struct security){
        .attributes = {.nLength = sizeof(ret->attributes), .lpSecurityDescriptor = descriptor}};
    return true;
}

void security_clear(struct security *security)
{
    if (security->attributes.lpSecurityDescriptor)
        LocalFree(security->attributes.lpSecurityDescriptor);
    *security = (struct security){0};
}

bool security_bytes_from_sddl(const char *sddl, struct buf *ret, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    CLEANUP(security_clear) struct security security = {0};
    if (!utf16_from_utf8(sddl, &wide, err))
        return false;
    if (!security_from_sddl(wide, &security, err)) {
        /* It is a stranger's text, whatever Windows finds wrong with it. */
        err->kind = ERR_INTEGRITY;
        return false;
    }
    PSECURITY_DESCRIPTOR descriptor = security.attributes.lpSecurityDescriptor;
    return buf_append(ret, descriptor, GetSecurityDescriptorLength(descriptor), err);
}

/* Room for a TOKEN_USER and the longest SID behind it. */
union token_user {
    TOKEN_USER user;
    unsigned char room[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
};

static bool is_trusted(PSID owner, bool *ret, struct error *err)
{
    CLEANUP(handle_close) HANDLE token = NULL;
    union token_user self = {0};
    DWORD size = sizeof(self);
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)
        || !GetTokenInformation(token, TokenUser, &self, sizeof(self), &size))
        return error_win32(err, GetLastError(), "read the process token");
    *ret = IsWellKnownSid(owner, WinLocalSystemSid)
        || IsWellKnownSid(owner, WinBuiltinAdministratorsSid)
        || EqualSid(owner, self.user.User.Sid);
    return true;
}

/* Room for a self-relative descriptor that has nothing but an owner. */
union owner_descriptor {
    SECURITY_DESCRIPTOR_RELATIVE header;
    unsigned char room[sizeof(SECURITY_DESCRIPTOR_RELATIVE) + SECURITY_MAX_SID_SIZE];
};

bool security_owner_is_trusted(const char *path, bool *ret, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    if (!path_to_wide(path, &wide, err))
        return false;
    union owner_descriptor descriptor = {0};
    DWORD size = sizeof(descriptor);
    PSID owner = NULL;
    BOOL is_default;
    if (!GetFileSecurityW(wide, OWNER_SECURITY_INFORMATION, &descriptor, sizeof(descriptor), &size)
        || !GetSecurityDescriptorOwner(&descriptor, &owner, &is_default))
        return error_win32(err, GetLastError(), "find the owner of '%s'", path);
    return is_trusted(owner, ret, err);
}

bool security_make_directory(const char *path, struct error *err)
{
    bool trusted = false;
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    CLEANUP(security_clear) struct security security = {0};
    if (!path_to_wide(path, &wide, err)
        || !security_from_sddl(SECURITY_ADMINS_ONLY, &security, err))
        return false;
    if (!CreateDirectoryW(wide, &security.attributes) && GetLastError() != ERROR_ALREADY_EXISTS)
        return error_win32(err, GetLastError(), "create the directory '%s'", path);
    if (!security_owner_is_trusted(path, &trusted, err))
        return false;
    if (trusted)
        return true;
    error_set(err, ERR_DENIED, "'%s' belongs to a user who is no administrator", path);
    return error_hint(err, "remove it, or choose another store with --root");
}
