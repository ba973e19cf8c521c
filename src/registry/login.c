/* SPDX-License-Identifier: MIT */
#include "registry/login.h"

#include "base/alloc.h"
#include "base/text.h"
#include "registry/client.h"
#include "registry/credential_key.h"

/* The grammar of references decides what is a registry; any repository will do for that. */
static bool make_reference(const char *host, struct reference *ret, struct error *err)
{
    CLEANUP(reference_clear) struct reference reference = {0};
    CLEANUP(str_free) char *text = str_format("%s/any", host);
    if (!reference_parse(text, &reference, err))
        return error_wrap(err, "registry '%s'", host);
    if (!str_equal(reference.domain, host))
        return error_set(err, ERR_USAGE, "'%s' is not the name of a registry", host);
    *ret = TAKE(reference);
    return true;
}

bool login_parse_host(const char *text, char **ret, struct error *err)
{
    CLEANUP(credential_key_clear) struct credential_key key = {0};
    CLEANUP(reference_clear) struct reference reference = {0};
    if (!credential_key_parse(text, &key) || *key.path) {
        error_set(err, ERR_USAGE, "'%s' is not the name of a registry", text);
        return error_hint(err, "write host[:port], as in ghcr.io; a password is for all of it");
    }
    if (!make_reference(key.host, &reference, err))
        return false;
    *ret = TAKE(key.host);
    return true;
}

bool login_check(const struct login_request *request, struct error *err)
{
    CLEANUP(reference_clear) struct reference reference = {0};
    CLEANUP(client_close) struct client client = {0};
    if (!make_reference(request->host, &reference, err))
        return false;
    const struct client_options options = {
        .reference = &reference,
        .plain_http = request->plain_http,
        .ca_file = request->ca_file,
        .login = request->credential,
        .context = request->context,
    };
    return client_open(&options, &client, err) && client_check_access(&client, err);
}
