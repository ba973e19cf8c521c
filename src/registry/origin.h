/* SPDX-License-Identifier: MIT */
/* origin: scheme, host and port of a URL (RFC 6454): where a request goes, and whom a credential
 * belongs to. */
#pragma once

#include "base/error.h"

struct origin {
    char *scheme; /* "http" or "https" */
    char *host;   /* lower case; an IPv6 address in brackets */
    char *port;   /* always given, in decimal */
};

/* ERR_NETWORK when the text is no absolute http or https URL, or when it carries a user name or a
 * password, which would bypass the rules for credentials. */
bool origin_parse(const char *url, struct origin *ret, struct error *err) MUST_USE;
bool origin_equal(const struct origin *a, const struct origin *b);
bool origin_is_secure(const struct origin *origin);
void origin_clear(struct origin *origin);
