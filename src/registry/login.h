/* SPDX-License-Identifier: MIT */
/* login: is a credential good for a registry? */
#pragma once

#include "base/event.h"
#include "registry/credential.h"

struct login_request {
    const char *host; /* of login_parse_host() */
    const struct credential *credential;
    bool plain_http;
    const char *ca_file; /* or NULL */
    const struct context *context;
};

/* The registry's name as references have it, from what people write: "ghcr.io", "host:5000",
 * "https://index.docker.io/v1/". ERR_USAGE when it is none. The caller owns *ret. */
bool login_parse_host(const char *text, char **ret, struct error *err) MUST_USE;

/* Asks the registry, and the token service it names, for no repository in particular. ERR_AUTH when
 * they refuse. */
bool login_check(const struct login_request *request, struct error *err) MUST_USE;
