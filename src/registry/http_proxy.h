/* SPDX-License-Identifier: MIT */
/* http_proxy: which proxy a request goes through.
 *
 * The environment is read as libcurl reads it: https_proxy or HTTPS_PROXY, http_proxy (in lower
 * case only, for a CGI program's HTTP_PROXY is a header of its client), all_proxy or ALL_PROXY, and
 * no_proxy or NO_PROXY. When it names no proxy, the settings of the system count. wrun chooses by
 * itself and tells libcurl the result, because through a proxy the address of the peer means
 * nothing (registry/http_address.h). */
#pragma once

#include "base/strlist.h"
#include "registry/origin.h"

enum http_bypass {
    HTTP_BYPASS_ENVIRONMENT, /* "corp" means corp and everything below it */
    HTTP_BYPASS_WINDOWS,     /* "corp" means corp, "*.corp" what is below it, "<local>" one label */
};

struct http_proxies {
    char *http; /* "[scheme://][user:password@]host[:port]" for http URLs; NULL = none */
    char *https;
    struct strlist bypass; /* lower case */
    enum http_bypass notation;
};

struct http_proxies http_proxies_read(void);

/* From the lists that Windows keeps (base/proxy.h). */
struct http_proxies http_proxies_parse_windows(const char *servers, const char *bypass);

void http_proxies_clear(struct http_proxies *proxies);

/* The proxy for this target, or NULL. No proxy reaches a registry on this very host, whatever the
 * settings say. */
const char *http_proxies_choose(const struct http_proxies *proxies, const struct origin *target);
