/* SPDX-License-Identifier: MIT */
/* token: a bearer token from a token service (distribution's docs/spec/auth/token.md: GET, with
 * Basic when there is a password; docs/spec/auth/oauth.md: POST, for identity tokens only, because
 * several services answer a POST with a password wrongly). */
#pragma once

#include "registry/credential.h"
#include "registry/http.h"

struct token_request {
    struct http_peer *peer; /* settings of the registry, which count for its own host; or NULL */
    const char *realm;      /* URL of the service */
    const char *service;    /* or NULL */
    const char *scope; /* one or several, separated by spaces; NULL = none, to check a password */
    const struct credential *credential; /* may be empty: anonymous */
    bool elsewhere; /* the service is not on the registry's host: its address is checked */
};

struct token {
    char *authorization; /* "Bearer ..."; NULL = none */
    uint64_t expires_ms; /* on the clock of os_monotonic_ms() */
};

/* ERR_AUTH when the service refuses the credential or answers without a token. No error repeats a
 * secret, even if the service does. */
bool token_get(struct http *http, const struct token_request *request, struct token *ret,
               struct error *err) MUST_USE;
/* The reply of a service that was asked at 'asked_ms'. A token without a life time, or one of less
 * than a minute, lives for a minute. */
bool token_parse(const char *text, size_t length, uint64_t asked_ms, struct token *ret,
                 struct error *err) MUST_USE;
/* True for text that can be a part of the header Authorization and cannot end it. */
bool token_is_valid(const char *text);
void token_clear(struct token *token);
