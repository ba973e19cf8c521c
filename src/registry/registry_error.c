/* SPDX-License-Identifier: MIT */
#include "registry/registry_error.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/json_read.h"
#include "base/text.h"
#include "registry/printable.h"

#define MESSAGES_SHOWN 3
#define MESSAGE_MAXIMUM 256
#define DETAIL_MAXIMUM 1024

static const struct json_limits limits = {
    .maximum_bytes = (size_t)64 << 10,
    .maximum_depth = 16,
    .maximum_values = 4000,
};

/* The first row that fits decides; a code of NULL fits any. */
static const struct {
    long status;
    const char *code;
    enum err_kind kind;
    const char *hint;
} meanings[] = {
    {404, "MANIFEST_UNKNOWN", ERR_NOT_FOUND, "check the tag and the repository name"},
    {404, "NAME_UNKNOWN", ERR_NOT_FOUND, "check the repository name"},
    {404, "BLOB_UNKNOWN", ERR_NOT_FOUND, "the registry has lost this part; ask the publisher"},
    {404, NULL, ERR_NOT_FOUND, "check the registry, the repository name and the tag"},
    {401, NULL, ERR_AUTH, "the image may be private, or its name misspelt"},
    {403, NULL, ERR_AUTH, "the image may be private, or its name misspelt"},
    {429, NULL, ERR_NETWORK, "the registry limits how often you may pull; try again later"},
};

/* "CODE: message" of each error, and the first code. */
static void read_body(const struct buf *body, struct strlist *ret_texts, char **ret_code)
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
        if (!code || ret_texts->count == MESSAGES_SHOWN)
            continue;
        if (!*ret_code)
            *ret_code = xstrdup(code);
        CLEANUP(str_free) char *text = str_format("%s: %s", code, message ? message : "");
        strlist_add_owned(ret_texts, printable(text, MESSAGE_MAXIMUM));
    }
}

bool registry_error(const struct http_response *response, const char *subject, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist texts = {0};
    CLEANUP(str_free) char *code = NULL;
    read_body(&response->body, &texts, &code);

    enum err_kind kind = ERR_NETWORK;
    const char *hint = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(meanings) && !hint; i++)
        if (meanings[i].status == response->status
            && (!meanings[i].code || str_equal(meanings[i].code, code))) {
            kind = meanings[i].kind;
            hint = meanings[i].hint;
        }

    CLEANUP(str_free) char *joined = strlist_join(&texts, "; ");
    CLEANUP(str_free) char *detail = printable(buf_str(&response->body), DETAIL_MAXIMUM);
    error_code(err, kind, ERR_DOMAIN_HTTP, (uint32_t)response->status,
               "%s: the registry answers with status %ld%s%s%s", subject, response->status,
               texts.count ? " (" : "", joined, texts.count ? ")" : "");
    error_detail(err, detail);
    if (response->retry_after_s)
        error_hint(err, "the registry asks to wait %" PRIu64 " seconds", response->retry_after_s);
    return hint ? error_hint(err, "%s", hint) : false;
}
