/* SPDX-License-Identifier: MIT */
/* http_address: how far away an IP address is.
 *
 * A registry may send its client on: by redirects, by the URL of its token service, by the urls of
 * foreign layers. One on the internet must not be able to send wrun to a service on this very host,
 * nor anybody to the metadata service of the cloud it runs in, which answers whoever asks. The
 * address of the connection is judged, not the name: a name can mean any address. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_scope {
    HTTP_SCOPE_UNKNOWN = 0, /* no connection yet, or one through a proxy */
    HTTP_SCOPE_PUBLIC,
    HTTP_SCOPE_PRIVATE,  /* of a site: RFC 1918, RFC 6598, unique local */
    HTTP_SCOPE_LOOPBACK, /* this host */
    HTTP_SCOPE_LINK,     /* link-local, unspecified, multicast, metadata services of clouds */
};

/* An IPv4 address becomes its mapped form, ::ffff:a.b.c.d. The zone of an IPv6 address ("%eth0") is
 * passed over. False when the text is no address. */
bool http_address_parse(const char *text, uint8_t ret[16]);

/* An address of which nothing is known is public. */
enum http_scope http_address_scope(const uint8_t address[16]);

/* True when the first 'bits' bits are equal. */
bool http_address_matches(const uint8_t a[16], const uint8_t b[16], unsigned bits);

/* Whether something found at 'from' may send its client to 'to'. */
bool http_scope_may_lead(enum http_scope from, enum http_scope to);
