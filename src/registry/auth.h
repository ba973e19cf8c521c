/* SPDX-License-Identifier: MIT */
/* auth: what to answer to one registry (or mirror) that says 401.
 *
 * It finds the credential that belongs to this registry, exchanges it at the token service that the
 * registry names, and keeps the token in memory until it runs out. The rules:
 *   - a credential goes to the registry it belongs to and to the token service that this registry
 *     names, and nowhere else: not to another mirror, not after a redirect;
 *   - the token service must be on https, unless the registry itself is spoken to in plain http;
 *     one on another host gets a password over https only;
 *   - nothing that is secret is part of an event or an error. */
#pragma once

#include "registry/credentials.h"
#include "registry/http.h"

struct auth;

struct auth_options {
    struct http *http;                     /* borrowed, as the next three */
    const struct credentials *credentials; /* NULL = anonymous */
    struct http_peer *peer;                /* or NULL */
    const struct context *context;
    const struct credential *given; /* to be used in place of what 'credentials' has, or NULL */
    const char *url;                /* of anything there: says scheme, host and port */
    const char *host;               /* its name in references, to which its credential belongs */
    const char *repository;         /* NULL = no scope: to check a password */
};

bool auth_open(const struct auth_options *options, struct auth **ret, struct error *err) MUST_USE;
void auth_close(struct auth **auth);

/* The header Authorization of the next request to this registry, or NULL as long as it has not
 * asked for one. Valid until the next call of a function below. */
const char *auth_header(const struct auth *auth);

/* GET /v2/, which asks the registry as such; whatever it answers is success. */
bool auth_ping(const struct auth *auth, struct http_document *ret, struct error *err) MUST_USE;

/* Answers a 401 with these WWW-Authenticate lines; without any, they are asked for at /v2/. Callers
 * do so at most once in a row for a request. ERR_AUTH when there is nothing to answer with, or the
 * token service refuses. */
bool auth_answer(struct auth *auth, const struct strlist *challenges, struct error *err) MUST_USE;

/* The token was refused because of its scope, and the registry names one that has not been asked
 * for: auth_answer() may be called although it has been just now. */
bool auth_needs_scope(const struct auth *auth, const struct strlist *challenges);

/* There is a token and it runs out within seconds. */
bool auth_is_stale(const struct auth *auth);
/* Gets a new token in place of a stale one; does nothing when there is none. */
bool auth_renew(struct auth *auth, struct error *err) MUST_USE;
