/* SPDX-License-Identifier: MIT */
/* auth: what to answer to a registry that says 401.
 *
 * Today that is an anonymous bearer token, which public images on Docker Hub and ghcr.io need
 * (distribution's docs/spec/auth/token.md); nothing is stored. */
#pragma once

#include "registry/http.h"

struct auth_request {
    const struct strlist *challenges; /* of the 401 response */
    const char *repository;           /* path, for the scope when the challenge has none */
    bool allow_http;                  /* the registry itself is spoken to in plain http */
};

/* A value for the header Authorization, owned by the caller. ERR_AUTH when the registry wants
 * credentials or the token service refuses. */
bool auth_answer(struct http *http, const struct auth_request *request, char **ret,
                 struct error *err) MUST_USE;
