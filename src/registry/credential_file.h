/* SPDX-License-Identifier: MIT */
/* credential_file: the credentials in Docker's config.json and podman's auth.json.
 *
 *     auths.KEY.auth                    base64 of user:password
 *     auths.KEY.username, password      the same, in the open
 *     auths.KEY.identitytoken           a refresh token for the token service
 *     auths.KEY.registrytoken           a bearer token
 *     credHelpers.KEY, credsStore       names of helper programs (registry/credential_helper.h)
 *
 * KEY is read by registry/credential_key.h. Other members are not looked at. Errors name the place
 * in the document and never quote a value. */
#pragma once

#include "base/json_read.h"
#include "registry/credential.h"
#include "registry/credential_key.h"

#define CREDENTIAL_FILE_MAXIMUM ((size_t)1 << 20)
extern const struct json_limits credential_file_limits;

struct credential_entry {
    struct credential_key key;
    char *name; /* the key as it is written */
    struct credential credential;
};

struct credential_helper_entry {
    struct credential_key key;
    char *suffix;
};

struct credential_file {
    struct credential_entry *entries;
    size_t entry_count;
    struct credential_helper_entry *helpers;
    size_t helper_count;
    char *store; /* suffix of the helper for all hosts, or NULL */
};

enum credential_syntax {
    CREDENTIAL_CONFIG,     /* the file */
    CREDENTIAL_AUTHS_ONLY, /* the variable DOCKER_AUTH_CONFIG: auths.KEY.auth and nothing else */
};

/* The length of the UTF-8 byte order mark that the text begins with, or 0. */
size_t credential_file_mark(const char *text, size_t length);

/* A UTF-8 byte order mark is accepted. ERR_AUTH when the text is not such a document. */
bool credential_file_parse(const char *text, size_t length, enum credential_syntax syntax,
                           struct credential_file *ret, struct error *err) MUST_USE;
void credential_file_clear(struct credential_file *file);

/* The entry whose key fits best and that holds a credential, or NULL; owned by the file. */
const struct credential_entry *credential_file_find(const struct credential_file *file,
                                                    const char *host, const char *repository);
/* The suffix of the helper that credHelpers names for the host, or NULL; owned by the file. */
const char *credential_file_helper(const struct credential_file *file, const char *host,
                                   const char *repository);
