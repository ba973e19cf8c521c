/* SPDX-License-Identifier: MIT */
/* credential: what proves to one registry who asks. */
#pragma once

#include "base/error.h"

/* In place of a user name: the password is an identity token (docker-credential-helpers). */
#define CREDENTIAL_TOKEN_USER "<token>"

/* Owner of what is set; the rest is NULL. Clearing overwrites the secrets. */
struct credential {
    char *user;
    char *password;       /* with 'user' */
    char *identity_token; /* to be exchanged at the token service */
    char *registry_token; /* a bearer token, to be used as it is */
};

/* User and password as they come from a helper or a person. Copies both. */
struct credential credential_make(const char *user, const char *password);
bool credential_is_set(const struct credential *credential);
/* "Basic ...", owned by the caller (secret_free()); NULL when there is no password. */
char *credential_basic(const struct credential *credential);
struct credential credential_copy(const struct credential *credential);
void credential_clear(struct credential *credential);
