/* SPDX-License-Identifier: MIT */
#include "registry/auth.h"

#include <string.h>

#include "base/alloc.h"
#include "base/os.h"
#include "base/secret.h"
#include "base/text.h"
#include "registry/challenge.h"
#include "registry/origin.h"
#include "registry/reference.h"
#include "registry/registry_error.h"
#include "registry/token.h"

#define RENEWED_BEFORE_MS 10000
#define STATUS_UNAUTHORIZED 401
#define PING_MAXIMUM ((size_t)64 << 10)

struct auth {
    struct http *http;
    const struct credentials *credentials;
    struct http_peer *peer;
    const struct context *context;
    char *host;
    char *scope; /* of pulls from the repository, or NULL */
    struct origin origin;
    bool looked_up;
    bool warned; /* about a password in plain http */
    struct credential credential;
    struct challenge asked; /* what the token answers; its scope is the one asked for */
    struct token token;     /* or the answer to Basic, which does not expire */
};

bool auth_open(const struct auth_options *options, struct auth **ret, struct error *err)
{
    CLEANUP(auth_close) struct auth *auth = xcalloc(1, sizeof(*auth));
    auth->http = options->http;
    auth->credentials = options->credentials;
    auth->peer = options->peer;
    auth->context = options->context;
    auth->host = xstrdup(options->host);
    if (options->repository)
        auth->scope = str_format("repository:%s:pull", options->repository);
    if (options->given) {
        auth->credential = credential_copy(options->given);
        auth->looked_up = true;
    }
    if (!origin_parse(options->url, &auth->origin, err))
        return false;
    *ret = TAKE(auth);
    return true;
}

void auth_close(struct auth **auth)
{
    if (!*auth)
        return;
    str_free(&(*auth)->host);
    str_free(&(*auth)->scope);
    origin_clear(&(*auth)->origin);
    credential_clear(&(*auth)->credential);
    challenge_clear(&(*auth)->asked);
    token_clear(&(*auth)->token);
    mem_free(auth);
}

const char *auth_header(const struct auth *auth)
{
    return auth->token.authorization;
}

/* ---- the credential ---- */

static bool is_loopback(const struct origin *origin)
{
    return reference_domain_is_loopback(origin->host);
}

/* Helpers are only run for registries that ask. */
static bool look_up(struct auth *auth, struct error *err)
{
    if (auth->looked_up || !auth->credentials)
        return true;
    CLEANUP(str_free) char *repository = NULL;
    if (auth->scope)
        repository = xstrndup(auth->scope + strlen("repository:"),
                              strlen(auth->scope) - strlen("repository:") - strlen(":pull"));
    if (!credentials_find(auth->credentials, auth->host, repository, &auth->credential, err))
        return false;
    auth->looked_up = true;
    return true;
}

static void warn_once(struct auth *auth)
{
    bool exposed = credential_is_set(&auth->credential) && !origin_is_secure(&auth->origin)
        && !is_loopback(&auth->origin);
    if (exposed && !auth->warned)
        context_warn(auth->context, "the password for %s crosses the network unencrypted",
                     auth->host);
    auth->warned = auth->warned || exposed;
}

static bool report_no_credential(const struct auth *auth, struct error *err)
{
    error_set(err, ERR_AUTH, "%s wants a user name and a password", auth->host);
    return error_hint(err,
                      "the image may be private, or its name misspelt; 'wrun login %s' stores a "
                      "password",
                      auth->host);
}

/* ---- the token service ---- */

static bool check_realm(const struct auth *auth, const struct origin *realm, struct error *err)
{
    if (origin_is_secure(realm) || !origin_is_secure(&auth->origin))
        return true;
    return error_set(err, ERR_NETWORK, "the token service %s:%s is not on https", realm->host,
                     realm->port);
}

static bool is_same_host(const struct auth *auth, const struct origin *realm)
{
    return str_equal(realm->host, auth->origin.host)
        || (is_loopback(realm) && is_loopback(&auth->origin));
}

/* May the token service have the credential? */
static bool is_trusted(const struct auth *auth, const struct origin *realm)
{
    if (origin_is_secure(realm) || is_same_host(auth, realm))
        return true;
    if (credential_is_set(&auth->credential))
        context_warn(auth->context,
                     "the token service %s:%s is on another host than %s and in plain http: it is "
                     "asked without the password",
                     realm->host, realm->port, auth->host);
    return false;
}

static bool get_token(struct auth *auth, const struct challenge *challenge, struct error *err)
{
    static const struct credential anonymous = {0};
    CLEANUP(origin_clear) struct origin realm = {0};
    CLEANUP(token_clear) struct token token = {0};
    if (!challenge->realm)
        return error_set(err, ERR_NETWORK, "the registry names no token service");
    if (!origin_parse(challenge->realm, &realm, err))
        return error_wrap(err, "token service");
    if (!check_realm(auth, &realm, err))
        return false;
    bool elsewhere = !is_same_host(auth, &realm);
    if (elsewhere)
        context_step(auth->context, "%s: its token service is %s:%s", auth->host, realm.host,
                     realm.port);
    const struct token_request request = {
        .peer = auth->peer,
        .realm = challenge->realm,
        .service = challenge->service,
        .scope = challenge->scope,
        .credential = is_trusted(auth, &realm) ? &auth->credential : &anonymous,
        .elsewhere = elsewhere,
    };
    if (!token_get(auth->http, &request, &token, err))
        return error_wrap(err, "%s", auth->host);
    token_clear(&auth->token);
    auth->token = TAKE(token);
    return true;
}

/* ---- answers ---- */

static bool answer_bearer(struct auth *auth, struct challenge *challenge, struct error *err)
{
    const char *ready = auth->credential.registry_token;
    if (ready && !token_is_valid(ready))
        return error_set(err, ERR_AUTH, "the registry token for %s is malformed", auth->host);
    if (ready) {
        token_clear(&auth->token);
        auth->token.authorization = str_format("Bearer %s", ready);
        return true;
    }
    if (!challenge->scope && auth->scope)
        challenge->scope = xstrdup(auth->scope);
    if (!get_token(auth, challenge, err))
        return false;
    challenge_clear(&auth->asked);
    auth->asked = TAKE(*challenge);
    return true;
}

static bool answer_basic(struct auth *auth, struct error *err)
{
    char *basic = credential_basic(&auth->credential);
    if (!basic)
        return report_no_credential(auth, err);
    token_clear(&auth->token);
    auth->token.authorization = basic;
    return true;
}

bool auth_ping(const struct auth *auth, struct http_document *ret, struct error *err)
{
    const char *authorization = auth_header(auth);
    CLEANUP(http_request_clear)
    struct http_request ping = {
        .url =
            str_format("%s://%s:%s/v2/", auth->origin.scheme, auth->origin.host, auth->origin.port),
        .authorization = authorization ? xstrdup(authorization) : NULL,
        .refuse_redirects = true,
        .peer = auth->peer,
    };
    return http_get(auth->http, &ping, PING_MAXIMUM, ret, err);
}

/* Some registries say 401 without a challenge; the one for the whole registry then counts. Its
 * scope does not: it cannot know the repository. */
static bool ask_for_challenge(const struct auth *auth, struct challenge *ret, struct error *err)
{
    CLEANUP(http_document_clear) struct http_document answer = {0};
    if (!auth_ping(auth, &answer, err))
        return false;
    if (answer.response.status == STATUS_UNAUTHORIZED
        && !challenge_parse(&answer.response.challenges, ret, err))
        return false;
    str_free(&ret->scope);
    return true;
}

static bool find_challenge(const struct auth *auth, const struct strlist *lines,
                           struct challenge *ret, struct error *err)
{
    if (lines->count > 0)
        return challenge_parse(lines, ret, err);
    return ask_for_challenge(auth, ret, err);
}

bool auth_answer(struct auth *auth, const struct strlist *challenges, struct error *err)
{
    CLEANUP(challenge_clear) struct challenge challenge = {0};
    if (!find_challenge(auth, challenges, &challenge, err) || !look_up(auth, err))
        return false;
    warn_once(auth);
    switch (challenge.scheme) {
    case CHALLENGE_BEARER:
        return answer_bearer(auth, &challenge, err);
    case CHALLENGE_BASIC:
        return answer_basic(auth, err);
    case CHALLENGE_NONE:
        break;
    }
    return error_set(err, ERR_AUTH, "%s does not say how to authenticate", auth->host);
}

bool auth_needs_scope(const struct auth *auth, const struct strlist *challenges)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(challenge_clear) struct challenge challenge = {0};
    return auth->asked.realm && challenge_parse(challenges, &challenge, &ignored)
        && str_equal(challenge.error, "insufficient_scope") && challenge.scope
        && !str_equal(challenge.scope, auth->asked.scope);
}

bool auth_is_stale(const struct auth *auth)
{
    return auth->token.expires_ms
        && os_monotonic_ms() + RENEWED_BEFORE_MS >= auth->token.expires_ms;
}

bool auth_renew(struct auth *auth, struct error *err)
{
    return !auth->token.expires_ms || get_token(auth, &auth->asked, err);
}
