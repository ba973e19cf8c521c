/* SPDX-License-Identifier: MIT */
/* credential_helper: the programs docker-credential-NAME that keep passwords for docker
 * (the protocol of docker-credential-helpers: an action as argument, the server or a JSON document
 * on stdin, a JSON document on stdout; a failure is told on stdout with an exit code other than 0).
 *
 * They are found on PATH only. Each has 30 seconds and may say 1 MiB. When "wincred" is not
 * installed, Windows' own store is used directly, in the same way. */
#pragma once

#include "base/event.h"
#include "registry/credential.h"

/* True for letters, digits, '.', '_' and '-', which keep the program inside PATH. */
bool credential_helper_name_is_valid(const char *name);

/* Each takes the host as references name it. ERR_AUTH with the helper's own words when it fails,
 * ERR_NOT_FOUND when there is no such program. *ret stays empty when the helper knows nothing. */
bool credential_helper_get(const char *name, const char *host, const struct context *context,
                           struct credential *ret, struct error *err) MUST_USE;
bool credential_helper_store(const char *name, const char *host, const struct context *context,
                             const struct credential *credential, struct error *err) MUST_USE;
/* Success also when there was nothing to erase. */
bool credential_helper_erase(const char *name, const char *host, const struct context *context,
                             struct error *err) MUST_USE;
