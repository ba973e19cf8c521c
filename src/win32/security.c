/* SPDX-License-Identifier: MIT */
#include "win32/security.h"

#include <sddl.h>

#include "win32/hresult.h"

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
