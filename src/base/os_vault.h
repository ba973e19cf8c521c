/* SPDX-License-Identifier: MIT */
/* os_vault: passwords in the system's own keeping (src/win32/wincred.c: the Windows Credential
 * Manager, with entries as docker-credential-wincred makes and finds them). The native system has
 * none. */
#pragma once

#include "base/error.h"

bool os_vault_exists(void);
/* ERR_NOT_FOUND when there is nothing of that name; both results are owned by the caller, the
 * password to be wiped. */
bool os_vault_read(const char *name, char **ret_user, char **ret_password, struct error *err)
    MUST_USE;
bool os_vault_write(const char *name, const char *user, const char *password, struct error *err)
    MUST_USE;
/* One that is not there is success. */
bool os_vault_erase(const char *name, struct error *err) MUST_USE;
