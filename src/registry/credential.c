/* SPDX-License-Identifier: MIT */
#include "registry/credential.h"

#include <string.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/secret.h"
#include "base/text.h"

struct credential credential_make(const char *user, const char *password)
{
    if (str_equal(user, CREDENTIAL_TOKEN_USER))
        return (struct credential){.identity_token = xstrdup(password)};
    return (struct credential){.user = xstrdup(user), .password = xstrdup(password)};
}

bool credential_is_set(const struct credential *credential)
{
    return credential->password || credential->identity_token || credential->registry_token;
}

char *credential_basic(const struct credential *credential)
{
    if (!credential->user || !credential->password)
        return NULL;
    CLEANUP(secret_free) char *pair = str_format("%s:%s", credential->user, credential->password);
    CLEANUP(secret_free) char *encoded = base64_encode(pair, strlen(pair));
    return str_format("Basic %s", encoded);
}

static char *copy_of(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

struct credential credential_copy(const struct credential *credential)
{
    return (struct credential){
        .user = copy_of(credential->user),
        .password = copy_of(credential->password),
        .identity_token = copy_of(credential->identity_token),
        .registry_token = copy_of(credential->registry_token),
    };
}

void credential_clear(struct credential *credential)
{
    str_free(&credential->user);
    secret_free(&credential->password);
    secret_free(&credential->identity_token);
    secret_free(&credential->registry_token);
}
