/* SPDX-License-Identifier: MIT */
#include "runner/message_json.h"

#include <string.h>

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf.h"

#define TEXT_MAXIMUM ((size_t)1 << 20) /* bytes */

static const char *const kind_names[] = {
    [ERR_NONE] = "none",
    [ERR_USAGE] = "usage",
    [ERR_NOT_FOUND] = "not-found",
    [ERR_DENIED] = "denied",
    [ERR_AUTH] = "auth",
    [ERR_NETWORK] = "network",
    [ERR_INTEGRITY] = "integrity",
    [ERR_UNSUPPORTED] = "unsupported",
    [ERR_MISMATCH] = "mismatch",
    [ERR_BUSY] = "busy",
    [ERR_NO_SPACE] = "no-space",
    [ERR_CANCELLED] = "cancelled",
    [ERR_OS] = "os",
    [ERR_BUG] = "bug",
};

void message_json_text(struct json_writer *w, const char *key, const char *text)
{
    if (!text || utf8_is_valid(text, strlen(text))) {
        json_opt_string(w, key, text);
        return;
    }
    CLEANUP(str_free) char *shown = str_printable(text, TEXT_MAXIMUM);
    json_opt_string(w, key, shown);
}

void message_json_error(struct json_writer *w, const struct error *err)
{
    json_string(w, "kind", kind_names[err->kind]);
    message_json_text(w, "message", err->message);
    json_opt_uint(w, "code", err->code);
    message_json_text(w, "hint", err->hint);
    message_json_text(w, "detail", err->detail);
}
