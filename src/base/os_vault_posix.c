/* SPDX-License-Identifier: MIT */
#include "base/os_vault.h"

static bool refuse(struct error *err)
{
    return error_set(err, ERR_UNSUPPORTED, "only Windows has a Credential Manager");
}

bool os_vault_exists(void)
{
    return false;
}

bool os_vault_read(const char *name, char **ret_user, char **ret_password, struct error *err)
{
    (void)name;
    (void)ret_user;
    (void)ret_password;
    return refuse(err);
}

bool os_vault_write(const char *name, const char *user, const char *password, struct error *err)
{
    (void)name;
    (void)user;
    (void)password;
    return refuse(err);
}

bool os_vault_erase(const char *name, struct error *err)
{
    (void)name;
    return refuse(err);
}
