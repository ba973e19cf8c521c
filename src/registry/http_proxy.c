/* SPDX-License-Identifier: MIT */
#include "registry/http_proxy.h"

#include <string.h>

#include "base/alloc.h"
#include "base/os.h"
#include "base/proxy.h"
#include "base/scan.h"
#include "base/text.h"
#include "registry/http_address.h"
#include "registry/reference.h"

#define MAPPED_BITS 96
#define ADDRESS_BITS 128

/* ---- reading ---- */

/* The first variable that is set; one that is empty says "none" and ends the search. */
static char *read_first(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *value = os_getenv(names[i]);
        if (value)
            return value;
    }
    return NULL;
}

static char *none_if_empty(char *value)
{
    if (value && !*value)
        str_free(&value);
    return value;
}

static bool is_separator(char c)
{
    return c == ',' || c == ';' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The items of a list, in lower case. */
static void split(const char *text, struct strlist *ret)
{
    const char *at = text;
    while (*at) {
        const char *start = at;
        while (*at && !is_separator(*at))
            at++;
        if (at != start) {
            char *item = xstrndup(start, (size_t)(at - start));
            for (char *c = item; *c; c++)
                *c = char_to_lower(*c);
            strlist_add_owned(ret, item);
        }
        if (*at)
            at++;
    }
}

static bool read_environment(struct http_proxies *ret)
{
    static const char *const http_names[] = {"http_proxy", "all_proxy", "ALL_PROXY"};
    static const char *const https_names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                              "ALL_PROXY"};
    static const char *const bypass_names[] = {"no_proxy", "NO_PROXY"};
    CLEANUP(str_free) char *http = read_first(http_names, ARRAY_SIZE(http_names));
    CLEANUP(str_free) char *https = read_first(https_names, ARRAY_SIZE(https_names));
    if (!http && !https)
        return false;
    CLEANUP(str_free) char *bypass = read_first(bypass_names, ARRAY_SIZE(bypass_names));
    *ret = (struct http_proxies){.notation = HTTP_BYPASS_ENVIRONMENT};
    ret->http = none_if_empty(TAKE(http));
    ret->https = none_if_empty(TAKE(https));
    split(bypass ? bypass : "", &ret->bypass);
    return true;
}

struct http_proxies http_proxies_parse_windows(const char *servers, const char *bypass)
{
    struct http_proxies proxies = {.notation = HTTP_BYPASS_WINDOWS};
    CLEANUP(strlist_clear) struct strlist items = {0};
    split(servers ? servers : "", &items);
    for (size_t i = 0; i < items.count; i++) {
        struct scan s = scan_text(items.items[i]);
        if (scan_literal(&s, "https=")) {
            str_free(&proxies.https);
            proxies.https = none_if_empty(scan_rest(&s));
        } else if (scan_literal(&s, "http=")) {
            str_free(&proxies.http);
            proxies.http = none_if_empty(scan_rest(&s));
        } else if (!strchr(items.items[i], '=')) {
            /* Without a protocol: for all that have none of their own. */
            if (!proxies.http)
                proxies.http = xstrdup(items.items[i]);
            if (!proxies.https)
                proxies.https = xstrdup(items.items[i]);
        }
    }
    split(bypass ? bypass : "", &proxies.bypass);
    return proxies;
}

struct http_proxies http_proxies_read(void)
{
    struct http_proxies proxies = {0};
    if (read_environment(&proxies))
        return proxies;
    CLEANUP(proxy_settings_clear) struct proxy_settings settings = proxy_system_settings();
    return http_proxies_parse_windows(settings.servers, settings.bypass);
}

void http_proxies_clear(struct http_proxies *proxies)
{
    str_free(&proxies->http);
    str_free(&proxies->https);
    strlist_clear(&proxies->bypass);
    *proxies = (struct http_proxies){0};
}

/* ---- choosing ---- */

/* '*' stands for any number of characters. */
static bool matches_pattern(const char *pattern, const char *text)
{
    const char *star = NULL;
    const char *resume = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* "10.0.0.0/8", "fc00::/7", or an address alone. */
static bool matches_network(const char *item, const uint8_t address[16])
{
    uint8_t network[16];
    struct scan s = scan_text(item);
    struct scan head = scan_until(&s, '/');
    CLEANUP(str_free) char *text = scan_rest(&head);
    uint64_t bits = ADDRESS_BITS;
    if (!http_address_parse(text, network))
        return false;
    if (scan_char(&s, '/')) {
        if (!scan_uint64(&s, &bits) || bits > ADDRESS_BITS || !scan_at_end(&s))
            return false;
        bits += strchr(text, ':') ? 0 : MAPPED_BITS;
    }
    return bits <= ADDRESS_BITS && http_address_matches(network, address, (unsigned)bits);
}

/* "corp", ".corp" and "corp." mean corp and everything below it. */
static bool matches_domain(const char *item, const char *host)
{
    while (*item == '.')
        item++;
    CLEANUP(str_free) char *domain = xstrdup(item);
    size_t length = strlen(domain);
    if (length && domain[length - 1] == '.')
        domain[--length] = '\0';
    if (length == 0 || !str_ends_with(host, domain))
        return false;
    size_t before = strlen(host) - length;
    return before == 0 || host[before - 1] == '.';
}

static bool matches_item(const struct http_proxies *proxies, const char *item, const char *host)
{
    if (proxies->notation == HTTP_BYPASS_ENVIRONMENT)
        return str_equal(item, "*") || matches_domain(item, host);
    if (str_equal(item, "<local>"))
        return !strpbrk(host, ".:");
    return matches_pattern(item, host);
}

static bool is_bypassed(const struct http_proxies *proxies, const struct origin *target)
{
    CLEANUP(str_free) char *host = xstrdup(target->host);
    size_t length = strlen(host);
    if (host[0] == '[' && host[length - 1] == ']') {
        memmove(host, host + 1, length - 2);
        host[length - 2] = '\0';
    } else if (length && host[length - 1] == '.') {
        host[length - 1] = '\0';
    }
    uint8_t address[16];
    bool is_address = http_address_parse(host, address);
    for (size_t i = 0; i < proxies->bypass.count; i++) {
        const char *item = proxies->bypass.items[i];
        if (matches_item(proxies, item, host) || (is_address && matches_network(item, address)))
            return true;
    }
    return false;
}

const char *http_proxies_choose(const struct http_proxies *proxies, const struct origin *target)
{
    const char *proxy = origin_is_secure(target) ? proxies->https : proxies->http;
    if (!proxy || reference_domain_is_loopback(target->host) || is_bypassed(proxies, target))
        return NULL;
    return proxy;
}
