/* SPDX-License-Identifier: MIT */
#include "registry/registry_error.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/json_read.h"
#include "base/text.h"
#include "registry/origin.h"

#define MESSAGES_SHOWN 3
#define MESSAGE_MAXIMUM 256
#define DETAIL_MAXIMUM 1024
#define STATUS_TOO_MANY_REQUESTS 429

static const struct json_limits limits = {
    .maximum_bytes = (size_t)64 << 10,
    .maximum_depth = 16,
    .maximum_values = 4000,
};

static const struct meaning {
    long status;
    enum err_kind kind;
    const char *says; /* what the number does not */
    const char *hint;
} meanings[] = {
    /* Docker Hub, ghcr.io and others answer thus for what does not exist. */
    {401, ERR_AUTH, "not found, or no access: ",
     "the image may be private, or its name misspelt; 'wrun login' stores a password"},
    {403, ERR_AUTH, "not found, or no access: ",
     "the image may be private, or its name misspelt; 'wrun login' stores a password"},
    {404, ERR_NOT_FOUND, "", "the registry has lost a part of the image; ask its publisher"},
    {429, ERR_NETWORK, "", "the registry limits how often you may pull; try again later"},
};

static const struct meaning *meaning_of(long status)
{
    static const struct meaning other = {.kind = ERR_NETWORK, .says = ""};
    for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
        if (meanings[i].status == status)
            return &meanings[i];
    return &other;
}

/* "CODE: message" of each error. */
static void read_body(const struct buf *body, struct strlist *ret)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    CLEANUP(error_clear) struct error ignored = {0};
    if (!json_parse(buf_str(body), body->length, &limits, &document, &ignored))
        return;
    const struct json_value *errors = json_member(document.root, "errors");
    if (!errors || errors->type != JSON_LIST)
        return;
    for (const struct json_value *item = errors->first; item; item = item->next) {
        const char *code = json_member_string(item, "code");
        const char *message = json_member_string(item, "message");
        if (!code || ret->count == MESSAGES_SHOWN)
            continue;
        CLEANUP(str_free) char *text = str_format("%s: %s", code, message ? message : "");
        strlist_add_owned(ret, str_printable(text, MESSAGE_MAXIMUM));
    }
}

/* Docker Hub tells its limits, and lets those who log in pull more often
 * (docs.docker.com, "Docker Hub pull usage and limits"). */
static char *describe_limit(const struct http_response *response)
{
    CLEANUP(origin_clear) struct origin origin = {0};
    CLEANUP(error_clear) struct error ignored = {0};
    if (!response->url || !origin_parse(response->url, &origin, &ignored))
        return NULL;
    bool is_hub = str_equal(origin.host, "registry-1.docker.io");
    CLEANUP(str_free) char *left = NULL;
    if (response->rate_limit && response->rate_remaining)
        left =
            str_format(" (limit %s, remaining %s)", response->rate_limit, response->rate_remaining);
    CLEANUP(str_free) char *when = NULL;
    if (response->retry_after_s)
        when = str_format("come back in %" PRIu64 " seconds", response->retry_after_s);
    return str_format("%s limits how often you may pull%s; %s%s",
                      is_hub ? "docker.io" : origin.host, left ? left : "",
                      when ? when : "try again later",
                      is_hub ? ", or log in with 'wrun login', which raises the limit" : "");
}

static bool add_hint(const struct http_response *response, const struct meaning *meaning,
                     struct error *err)
{
    CLEANUP(str_free) char *limit = NULL;
    if (response->status == STATUS_TOO_MANY_REQUESTS)
        limit = describe_limit(response);
    if (limit)
        return error_hint(err, "%s", limit);
    if (response->retry_after_s)
        return error_hint(err, "the registry asks to come back in %" PRIu64 " seconds",
                          response->retry_after_s);
    return meaning->hint ? error_hint(err, "%s", meaning->hint) : false;
}

bool registry_error(const struct http_response *response, const char *subject, const char *hint,
                    struct error *err)
{
    CLEANUP(strlist_clear) struct strlist texts = {0};
    read_body(&response->body, &texts);
    const struct meaning *meaning = meaning_of(response->status);
    CLEANUP(str_free) char *joined = strlist_join(&texts, "; ");
    CLEANUP(str_free) char *detail = str_printable(buf_str(&response->body), DETAIL_MAXIMUM);
    error_code(err, meaning->kind, ERR_DOMAIN_HTTP, (uint32_t)response->status,
               "%s: %sthe registry answers with status %ld%s%s%s", subject, meaning->says,
               response->status, texts.count ? " (" : "", joined, texts.count ? ")" : "");
    error_detail(err, detail);
    return hint ? error_hint(err, "%s", hint) : add_hint(response, meaning, err);
}
