/* SPDX-License-Identifier: MIT */
#include "registry/http_redirect.h"

#include <string.h>

#include "base/alloc.h"

#define REDIRECTS_MAXIMUM 10

bool http_redirect_is(long status)
{
    static const long statuses[] = {301, 302, 303, 307, 308};
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
        if (statuses[i] == status)
            return true;
    return false;
}

bool http_redirect_check(const char *from, const char *target, unsigned redirects,
                         struct error *err)
{
    CLEANUP(origin_clear) struct origin source = {0};
    CLEANUP(origin_clear) struct origin to = {0};
    if (!origin_parse(from, &source, err))
        return false;
    if (redirects >= REDIRECTS_MAXIMUM)
        return error_set(err, ERR_NETWORK, "%s:%s: more than %d redirects", source.host,
                         source.port, REDIRECTS_MAXIMUM);
    if (!origin_parse(target, &to, err))
        return error_wrap(err, "%s:%s: redirect", source.host, source.port);
    if (origin_is_secure(&source) && !origin_is_secure(&to))
        return error_set(err, ERR_NETWORK, "%s:%s: redirects from https to http (%s:%s)",
                         source.host, source.port, to.host, to.port);
    return true;
}

bool http_redirect_check_address(enum http_scope from, const uint8_t address[16],
                                 const struct origin *target, struct error *err)
{
    enum http_scope to = http_address_scope(address);
    if (http_scope_may_lead(from, to))
        return true;
    error_set(err, ERR_NETWORK, "the registry sends wrun to %s:%s, which is %s", target->host,
              target->port, to == HTTP_SCOPE_LOOPBACK ? "this very host" : "no place for images");
    return error_hint(err,
                      "tell who runs the registry; it may be an attempt to reach services "
                      "that only this host can reach");
}

bool http_redirect_check_host(enum http_scope from, const struct origin *target, struct error *err)
{
    uint8_t address[16];
    CLEANUP(str_free) char *host = xstrdup(target->host);
    size_t length = strlen(host);
    if (length > 2 && host[0] == '[') {
        memmove(host, host + 1, length - 2);
        host[length - 2] = '\0';
    }
    return !http_address_parse(host, address)
        || http_redirect_check_address(from, address, target, err);
}
