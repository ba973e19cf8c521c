/* SPDX-License-Identifier: MIT */
#include "registry/registry_error.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/json_read.h"
#include "base/text.h"

#define MESSAGES_SHOWN 3
#define MESSAGE_MAXIMUM 256
#define DETAIL_MAXIMUM 1024

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
    {401, ERR_AUTH, "not found, or no access: ", "the image may be private, or its name misspelt"},
    {403, ERR_AUTH, "not found, or no access: ", "the image may be private, or its name misspelt"},
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

/* When to come back, and what the registry tells of its limits (Docker Hub: "100;w=21600"). */
static bool hint_wait(const struct http_response *response, struct error *err)
{
    CLEANUP(str_free) char *wait = NULL;
    CLEANUP(str_free) char *limits_text = NULL;
    if (response->retry_after_s)
        wait = str_format("the registry asks to wait %" PRIu64 " seconds", response->retry_after_s);
    if (response->rate_limit || response->rate_remaining)
        limits_text =
            str_format("its limit is %s, of which %s is left",
                       response->rate_limit ? response->rate_limit : "not told",
                       response->rate_remaining ? response->rate_remaining : "an unknown part");
    return error_hint(err, "%s%s%s", wait ? wait : "wait before trying again",
                      limits_text ? "; " : "", limits_text ? limits_text : "");
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
    if (hint)
        return error_hint(err, "%s", hint);
    if (response->retry_after_s || response->rate_remaining)
        return hint_wait(response, err);
    return meaning->hint ? error_hint(err, "%s", meaning->hint) : false;
}
