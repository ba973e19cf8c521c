/* SPDX-License-Identifier: MIT */
/* credential_key: which registry and which repositories a key of a credential file stands for.
 *
 *     host[:port]                  every repository of the host
 *     host[:port]/path             repositories at the path and below, as podman writes it
 *     http(s)://host[:port]/...    the host; scheme and path are what old clients wrote
 *     https://index.docker.io/v1/  Docker Hub, as are docker.io, index.docker.io and
 *                                  registry-1.docker.io
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct credential_key {
    char *host; /* lower case; "docker.io" for every name of Docker Hub */
    char *path; /* without slashes at its ends; "" = all */
};

/* False when the text has no host. */
bool credential_key_parse(const char *text, struct credential_key *ret);
void credential_key_clear(struct credential_key *key);

/* How well the key fits, the higher the better; 0 = not at all. 'host' is the domain of a
 * reference; 'repository' its path, or NULL for the registry as such. */
size_t credential_key_match(const struct credential_key *key, const char *host,
                            const char *repository);

/* What the registry is called in files and towards helpers: "https://index.docker.io/v1/" for
 * Docker Hub, which is what docker login writes, else the host. Owned by the caller. */
char *credential_key_server(const char *host);
