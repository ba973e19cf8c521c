/* SPDX-License-Identifier: MIT */
#include "registry/token.h"

#include <string.h>

#include "base/alloc.h"
#include "base/json_read.h"
#include "base/os.h"
#include "base/scan.h"
#include "base/secret.h"
#include "base/text.h"
#include "registry/curl_url.h"
#include "registry/registry_error.h"

#define REPLY_MAXIMUM ((size_t)1 << 20)
#define LIFE_MINIMUM_S UINT64_C(60)
#define LIFE_MAXIMUM_S UINT64_C(86400)
#define CLIENT_ID "wrun"

static const struct json_limits limits = {
    .maximum_bytes = REPLY_MAXIMUM,
    .maximum_depth = 16,
    .maximum_values = 1000,
};

/* ---- the question ---- */

static bool add_query(CURLU *url, const char *name, const char *value)
{
    CLEANUP(str_free) char *pair = str_format("%s=%s", name, value);
    return !value
        || curl_url_set(url, CURLUPART_QUERY, pair, CURLU_APPENDQUERY | CURLU_URLENCODE)
        == CURLUE_OK;
}

/* In a query each scope is a parameter of its own. */
static bool add_scopes(CURLU *url, const char *scopes)
{
    struct scan rest = scan_text(scopes ? scopes : "");
    bool added = true;
    while (added && !scan_at_end(&rest)) {
        struct scan scope = scan_until(&rest, ' ');
        CLEANUP(str_free) char *text = scan_rest(&scope);
        added = !*text || add_query(url, "scope", text);
        scan_char(&rest, ' ');
    }
    return added;
}

/* The realm may have a query of its own, to which ours is added. */
static bool compose_url(const struct token_request *request, char **ret)
{
    CLEANUP(curl_url_close) CURLU *url = curl_url();
    char *text = NULL;
    if (!url)
        out_of_memory();
    bool composed = curl_url_set(url, CURLUPART_URL, request->realm, 0) == CURLUE_OK
        && add_query(url, "service", request->service) && add_scopes(url, request->scope)
        && add_query(url, "account", request->credential->user)
        && curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK;
    if (!composed)
        return false;
    *ret = xstrdup(text);
    curl_free(text);
    return true;
}

static void add_form(struct buf *form, const char *name, const char *value)
{
    if (!value)
        return;
    char *encoded = curl_easy_escape(NULL, value, 0);
    if (!encoded)
        out_of_memory();
    buf_addf(form, "%s%s=%s", form->length ? "&" : "", name, encoded);
    secret_wipe(encoded, strlen(encoded));
    curl_free(encoded);
}

/* In a form the scopes are one parameter. */
static void compose_form(const struct token_request *request, struct buf *ret)
{
    add_form(ret, "grant_type", "refresh_token");
    add_form(ret, "service", request->service);
    add_form(ret, "client_id", CLIENT_ID);
    add_form(ret, "scope", request->scope);
    add_form(ret, "refresh_token", request->credential->identity_token);
}

/* ---- the reply ---- */

struct reply {
    char *token;
    char *access_token; /* the same under another name; some services send only one */
    uint64_t expires_in;
};

/* Whatever is not a number of seconds is as good as absent. */
static bool to_seconds(const struct json_value *value, void *target, struct error *err)
{
    (void)err;
    uint64_t seconds = 0;
    if (value->type == JSON_NUMBER && parse_uint64(value->text, &seconds))
        *(uint64_t *)target = seconds;
    return true;
}

static const struct json_field reply_fields[] = {
    {"token", json_to_string, offsetof(struct reply, token), JSON_OPTIONAL},
    {"access_token", json_to_string, offsetof(struct reply, access_token), JSON_OPTIONAL},
    {"expires_in", to_seconds, offsetof(struct reply, expires_in), JSON_OPTIONAL},
};

static void reply_clear(struct reply *reply)
{
    secret_free(&reply->token);
    secret_free(&reply->access_token);
}

bool token_is_valid(const char *text)
{
    if (!*text)
        return false;
    for (const char *c = text; *c; c++)
        if (*c <= ' ' || *c >= 0x7F)
            return false;
    return true;
}

bool token_parse(const char *text, size_t length, uint64_t asked_ms, struct token *ret,
                 struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(reply_clear) struct reply reply = {0};
    if (!json_parse(text, length, &limits, &document, err)
        || !json_read_fields(document.root, reply_fields, ARRAY_SIZE(reply_fields), &reply, err))
        return error_wrap(err, "token reply");
    const char *token = reply.token && *reply.token ? reply.token : reply.access_token;
    if (!token || !token_is_valid(token))
        return error_set(err, ERR_AUTH, "the token service sent no usable token");
    uint64_t life_s = reply.expires_in < LIFE_MINIMUM_S ? LIFE_MINIMUM_S
        : reply.expires_in > LIFE_MAXIMUM_S             ? LIFE_MAXIMUM_S
                                                        : reply.expires_in;
    *ret = (struct token){
        .authorization = str_format("Bearer %s", token),
        .expires_ms = asked_ms + life_s * 1000,
    };
    return true;
}

void token_clear(struct token *token)
{
    secret_free(&token->authorization);
    *token = (struct token){0};
}

/* ---- refusals ---- */

static bool repeats(const struct buf *body, const char *secret)
{
    return secret && *secret && strstr(buf_str(body), secret);
}

/* What a service says is shown to people, and some repeat what they were sent. */
static void censor(const struct token_request *request, const char *basic, struct buf *body)
{
    const struct credential *credential = request->credential;
    if (repeats(body, credential->password) || repeats(body, credential->identity_token)
        || repeats(body, basic ? basic + strlen("Basic ") : NULL))
        buf_reset(body);
}

static bool refuse(struct http_document *reply, const struct token_request *request,
                   const char *basic, struct error *err)
{
    censor(request, basic, &reply->response.body);
    const char *hint = credential_is_set(request->credential)
        ? "the user name, password or token may be wrong or expired; log in again"
        : NULL;
    return registry_error(&reply->response, "get a token", hint, err);
}

bool token_get(struct http *http, const struct token_request *request, struct token *ret,
               struct error *err)
{
    CLEANUP(http_request_clear)
    struct http_request ask = {.accept = "application/json",
                               .refuse_redirects = true,
                               .elsewhere = request->elsewhere,
                               .peer = request->peer};
    CLEANUP(secret_buf_clear) struct buf form;
    CLEANUP(http_document_clear) struct http_document reply = {0};
    buf_init(&form, BUF_UNBOUNDED);
    if (request->credential->identity_token) {
        ask.url = xstrdup(request->realm);
        compose_form(request, &form);
        ask.form = buf_str(&form);
    } else if (compose_url(request, &ask.url)) {
        ask.authorization = credential_basic(request->credential);
    } else {
        return error_set(err, ERR_NETWORK, "the token service's URL is malformed");
    }
    uint64_t asked_ms = os_monotonic_ms();
    if (!http_get(http, &ask, REPLY_MAXIMUM, &reply, err))
        return error_wrap(err, "get a token");
    if (reply.response.status != 200)
        return refuse(&reply, request, ask.authorization, err);
    bool parsed = token_parse(buf_str(&reply.body), reply.body.length, asked_ms, ret, err);
    secret_buf_clear(&reply.body);
    return parsed;
}
