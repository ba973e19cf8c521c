/* SPDX-License-Identifier: MIT */
#include "registry/auth.h"

#include <curl/curl.h>

#include "base/alloc.h"
#include "base/json_read.h"
#include "base/text.h"
#include "registry/challenge.h"
#include "registry/origin.h"
#include "registry/registry_error.h"

#define REPLY_MAXIMUM ((size_t)64 << 10)

static const struct json_limits limits = {
    .maximum_bytes = REPLY_MAXIMUM,
    .maximum_depth = 16,
    .maximum_values = 1000,
};

static const char private_hint[] = "the image may be private, or its name misspelt";

/* ---- the URL ---- */

static void url_close(CURLU **url)
{
    curl_url_cleanup(*url);
    *url = NULL;
}

static bool add_query(CURLU *url, const char *name, const char *value)
{
    CLEANUP(str_free) char *pair = str_format("%s=%s", name, value);
    return curl_url_set(url, CURLUPART_QUERY, pair, CURLU_APPENDQUERY | CURLU_URLENCODE)
        == CURLUE_OK;
}

/* The realm may have a query of its own, to which ours is added. */
static bool compose_url(const struct challenge *challenge, const char *repository, char **ret)
{
    CLEANUP(url_close) CURLU *url = curl_url();
    CLEANUP(str_free) char *pull = str_format("repository:%s:pull", repository);
    char *text = NULL;
    if (!url)
        out_of_memory();
    bool composed = curl_url_set(url, CURLUPART_URL, challenge->realm, 0) == CURLUE_OK
        && (!challenge->service || add_query(url, "service", challenge->service))
        && add_query(url, "scope", challenge->scope ? challenge->scope : pull)
        && curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK;
    if (!composed)
        return false;
    *ret = xstrdup(text);
    curl_free(text);
    return true;
}

static bool check_realm(const struct challenge *challenge, bool allow_http, struct error *err)
{
    CLEANUP(origin_clear) struct origin realm = {0};
    if (!challenge->realm)
        return error_set(err, ERR_NETWORK, "the registry names no token service");
    if (!origin_parse(challenge->realm, &realm, err))
        return error_wrap(err, "token service");
    if (!allow_http && !origin_is_secure(&realm))
        return error_set(err, ERR_NETWORK, "the token service %s:%s is not on https", realm.host,
                         realm.port);
    return true;
}

/* ---- the reply ---- */

struct reply {
    char *token;
    char *access_token; /* the same under another name; some services send only one */
};

static const struct json_field reply_fields[] = {
    {"token", json_to_string, offsetof(struct reply, token), JSON_OPTIONAL},
    {"access_token", json_to_string, offsetof(struct reply, access_token), JSON_OPTIONAL},
};

static void reply_clear(struct reply *reply)
{
    str_free(&reply->token);
    str_free(&reply->access_token);
}

/* A token becomes part of a header, so it must not be able to end one. */
static bool token_is_valid(const char *token)
{
    if (!*token)
        return false;
    for (const char *c = token; *c; c++)
        if (*c <= ' ' || *c >= 0x7F)
            return false;
    return true;
}

static bool parse_reply(const struct buf *body, char **ret, struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(reply_clear) struct reply reply = {0};
    if (!json_parse(buf_str(body), body->length, &limits, &document, err)
        || !json_read_fields(document.root, reply_fields, ARRAY_SIZE(reply_fields), &reply, err))
        return error_wrap(err, "token reply");
    const char *token = reply.token ? reply.token : reply.access_token;
    if (!token || !token_is_valid(token))
        return error_set(err, ERR_AUTH, "the token service sent no usable token");
    *ret = str_format("Bearer %s", token);
    return true;
}

static bool get_token(struct http *http, const struct challenge *challenge,
                      const struct auth_request *request, char **ret, struct error *err)
{
    CLEANUP(http_request_clear)
    struct http_request get = {.accept = "application/json", .refuse_redirects = true};
    CLEANUP(http_document_clear) struct http_document reply = {0};
    if (!check_realm(challenge, request->allow_http, err))
        return false;
    if (!compose_url(challenge, request->repository, &get.url))
        return error_set(err, ERR_NETWORK, "the token service's URL is malformed");
    if (!http_get(http, &get, REPLY_MAXIMUM, &reply, err))
        return error_wrap(err, "get a token");
    if (reply.response.status == 200)
        return parse_reply(&reply.body, ret, err);
    return registry_error(&reply.response, "get a token", NULL, err);
}

bool auth_answer(struct http *http, const struct auth_request *request, char **ret,
                 struct error *err)
{
    CLEANUP(challenge_clear) struct challenge challenge = {0};
    if (!challenge_parse(request->challenges, &challenge, err))
        return false;
    if (challenge.scheme == CHALLENGE_BEARER)
        return get_token(http, &challenge, request, ret, err);
    error_set(err, ERR_AUTH, "the registry wants a user name and a password");
    return error_hint(err, "%s", private_hint);
}
