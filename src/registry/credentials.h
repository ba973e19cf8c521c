/* SPDX-License-Identifier: MIT */
/* credentials: where user names and passwords come from.
 *
 * The file is the first of: --authfile; WRUN_AUTH_FILE; REGISTRY_AUTH_FILE (podman, skopeo);
 * config.json in DOCKER_CONFIG; .docker/config.json in the user's home. If neither of the first
 * three is given, the text in DOCKER_AUTH_CONFIG comes before the file, which then serves the hosts
 * that the text lacks. For one host, in this order: the helper that credHelpers names, the helper
 * credsStore, the entry of auths. */
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
