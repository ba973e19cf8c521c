/* SPDX-License-Identifier: MIT */
/* credentials: where user names and passwords come from.
 *
 * The file is the first of: --authfile; WRUN_AUTH_FILE; REGISTRY_AUTH_FILE (podman, skopeo);
 * config.json in DOCKER_CONFIG; .docker/config.json in the user's home. If neither of the first
 * three is given, the text in DOCKER_AUTH_CONFIG comes before the file, which then serves the hosts
 * that the text lacks. For one host, in this order: the helper that credHelpers names, the helper
 * credsStore, the entry of auths. What is stored goes to the file, or to the helper
 * that it names. */
#pragma once

#include "base/event.h"
#include "registry/credential.h"

struct credentials {
    char *path; /* NULL when there is no place for a file */
    bool named; /* by --authfile or WRUN_AUTH_FILE */
    char *text; /* DOCKER_AUTH_CONFIG, or NULL */
    const struct context *context;
};

/* 'auth_file' is the option or NULL. Nothing is read yet. */
bool credentials_open(const char *auth_file, const struct context *context, struct credentials *ret,
                      struct error *err) MUST_USE;
void credentials_close(struct credentials *credentials);

/* The credential for a repository (NULL = the whole registry) of the host, named as in references;
 * empty when there is none. Fails when a source cannot be understood; the error names it. */
bool credentials_find(const struct credentials *credentials, const char *host,
                      const char *repository, struct credential *ret, struct error *err) MUST_USE;

enum credential_place { CREDENTIAL_IN_FILE, CREDENTIAL_IN_HELPER };

/* What was done with a credential, for people. */
struct credential_change {
    enum credential_place place;
    char *name; /* path of the file, or the helper's suffix */
    bool found; /* when erasing: there was something to erase */
};

void credential_change_clear(struct credential_change *change);

/* Keeps the credential for all of the host: with the helper that the file names for it, else in the
 * file itself, which is made if need be and readable by its owner only. */
bool credentials_store(const struct credentials *credentials, const char *host,
                       const struct credential *credential, struct credential_change *ret,
                       struct error *err) MUST_USE;
/* Takes it out of both. */
bool credentials_erase(const struct credentials *credentials, const char *host,
                       struct credential_change *ret, struct error *err) MUST_USE;
