/* SPDX-License-Identifier: MIT */
#include "registry/endpoint.h"

#include <string.h>

#include "base/alloc.h"
#include "base/scan.h"
#include "base/text.h"
#include "registry/certificates.h"
#include "registry/hosts_dir.h"
#include "registry/origin.h"

/* Docker Hub's name in references is not the host that serves them. */
static const char *host_of(const char *domain)
{
    return str_equal(domain, "docker.io") ? "registry-1.docker.io" : domain;
}

static void endpoint_clear(struct endpoint *endpoint)
{
    str_free(&endpoint->name);
    str_free(&endpoint->base);
    str_free(&endpoint->query);
    http_peer_clear(&endpoint->peer);
}

/* ---- one endpoint ---- */

static char *registry_url(const struct endpoint_options *options)
{
    const char *domain = options->reference->domain;
    bool plain = options->plain_http
        || (reference_domain_is_loopback(domain) && !str_ends_with(domain, ":443"));
    return str_format("%s://%s/v2", plain ? "http" : "https", host_of(domain));
}

/* True when the URL leads to the registry itself, whatever the protocol. */
static bool is_registry(const struct endpoint_options *options, const struct origin *origin)
{
    CLEANUP(origin_clear) struct origin own = {0};
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(str_free)
    char *url = str_format("%s://%s", origin->scheme, host_of(options->reference->domain));
    return origin_parse(url, &own, &ignored) && origin_equal(&own, origin);
}

static bool read_tls(const struct hosts_entry *entry, struct http_tls *tls, struct error *err)
{
    for (size_t i = 0; i < entry->ca_files.count; i++)
        if (!certificates_add(entry->ca_files.items[i], &tls->ca_pem, err))
            return error_wrap(err, "ca");
    tls->client_file = entry->client_file ? xstrdup(entry->client_file) : NULL;
    tls->key_file = entry->key_file ? xstrdup(entry->key_file) : NULL;
    tls->skip_verify = entry->skip_verify;
    return true;
}

static bool read_peer(const struct hosts_entry *entry, const struct origin *origin,
                      struct http_peer *peer, struct error *err)
{
    peer->host = xstrdup(origin->host);
    peer->proxy = entry->proxy ? xstrdup(entry->proxy) : NULL;
    peer->connect_timeout_ms = entry->dial_timeout_ms;
    strlist_add_all(&peer->headers, &entry->headers);
    return read_tls(entry, &peer->tls, err);
}

static bool make_endpoint(const struct endpoint_options *options, const struct hosts_entry *entry,
                          struct endpoint *ret, struct error *err)
{
    const char *domain = options->reference->domain;
    CLEANUP(endpoint_clear)
    struct endpoint endpoint = {.pull = entry->pull, .resolve = entry->resolve};
    CLEANUP(origin_clear) struct origin origin = {0};
    CLEANUP(str_free) char *own = registry_url(options);
    const char *root =
        entry->url && !str_equal(entry->url, "https://docker.io/v2") ? entry->url : own;
    if (!origin_parse(root, &origin, err) || !read_peer(entry, &origin, &endpoint.peer, err))
        return false;
    endpoint.plain_http = !origin_is_secure(&origin);
    endpoint.base = str_format("%s/%s", root, options->reference->path);
    endpoint.mirror = !is_registry(options, &origin);
    if (endpoint.mirror) {
        const char *usual = endpoint.plain_http ? "80" : "443";
        bool is_usual = str_equal(origin.port, usual);
        endpoint.name =
            str_format("%s%s%s", origin.host, is_usual ? "" : ":", is_usual ? "" : origin.port);
        endpoint.query = str_format("ns=%s", domain);
    } else {
        endpoint.name = xstrdup(domain);
        endpoint.peer.tls.skip_verify = endpoint.peer.tls.skip_verify || options->insecure;
    }
    if (endpoint.peer.tls.skip_verify && !endpoint.plain_http)
        context_warn(options->context, "the certificate of %s is not checked", endpoint.name);
    *ret = TAKE(endpoint);
    return true;
}

static bool add_endpoint(const struct endpoint_options *options, const struct hosts_entry *entry,
                         struct endpoint_list *list, struct error *err)
{
    struct endpoint endpoint = {0};
    if (!make_endpoint(options, entry, &endpoint, err))
        return false;
    list->items = xrealloc_array(list->items, list->count + 1, sizeof(*list->items));
    list->items[list->count++] = endpoint;
    return true;
}

/* ---- mirrors of the command line ---- */

static bool parse_mirror(const char *text, char **ret_host, struct hosts_entry *ret_entry,
                         struct error *err)
{
    struct scan s = scan_text(text);
    struct scan host = scan_until(&s, '=');
    CLEANUP(str_free) char *name = scan_rest(&host);
    CLEANUP(str_free) char *url = NULL;
    if (!*name || !scan_char(&s, '=')) {
        error_set(err, ERR_USAGE, "--mirror: '%s' is not HOST=URL", text);
        return error_hint(err, "write --mirror docker.io=https://mirror.example:5000");
    }
    url = scan_rest(&s);
    if (!hosts_entry_parse(url, ret_entry, err))
        return error_wrap(err, "--mirror");
    *ret_host = TAKE(name);
    return true;
}

bool endpoint_check_mirror(const char *text, struct error *err)
{
    CLEANUP(str_free) char *host = NULL;
    CLEANUP(hosts_entry_clear) struct hosts_entry entry = {0};
    return parse_mirror(text, &host, &entry, err);
}

static bool add_mirror(const struct endpoint_options *options, const char *text,
                       struct endpoint_list *list, struct error *err)
{
    CLEANUP(str_free) char *host = NULL;
    CLEANUP(hosts_entry_clear) struct hosts_entry entry = {0};
    if (!parse_mirror(text, &host, &entry, err))
        return false;
    return !str_equal_nocase(host, options->reference->domain)
        || add_endpoint(options, &entry, list, err);
}

/* ---- the list ---- */

static bool add_all(const struct endpoint_options *options, const struct hosts_file *file,
                    struct endpoint_list *list, struct error *err)
{
    for (size_t i = 0; options->mirrors && i < options->mirrors->count; i++)
        if (!add_mirror(options, options->mirrors->items[i], list, err))
            return false;
    for (size_t i = 0; i < file->count; i++)
        if (!add_endpoint(options, &file->mirrors[i], list, err))
            return false;
    return add_endpoint(options, &file->server, list, err);
}

/* Nobody is waited for whom another can replace. */
static void mark_spare(struct endpoint_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct endpoint *endpoint = &list->items[i];
        endpoint->peer.spare = endpoint_list_find(list, i + 1, endpoint->resolve) < list->count;
    }
}

bool endpoint_list_open(const struct endpoint_options *options, struct endpoint_list *ret,
                        struct error *err)
{
    CLEANUP(hosts_file_clear) struct hosts_file file = {0};
    CLEANUP(endpoint_list_close) struct endpoint_list list = {0};
    if (!hosts_dir_read(options->hosts_dir, options->reference->domain, &file, err)
        || !add_all(options, &file, &list, err))
        return false;
    if (endpoint_list_find(&list, 0, /* resolve= */ false) == list.count)
        return error_set(err, ERR_USAGE, "hosts.toml lets nobody be asked for the content of %s",
                         options->reference->domain);
    mark_spare(&list);
    *ret = TAKE(list);
    return true;
}

void endpoint_list_close(struct endpoint_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        endpoint_clear(&list->items[i]);
    mem_free(&list->items);
    list->count = 0;
}

size_t endpoint_list_find(const struct endpoint_list *list, size_t start, bool resolve)
{
    size_t i = start;
    while (i < list->count && !(resolve ? list->items[i].resolve : list->items[i].pull))
        i++;
    return i;
}

char *endpoint_url(const struct endpoint *endpoint, const char *kind, const char *name)
{
    return str_format("%s/%s/%s%s%s", endpoint->base, kind, name, endpoint->query ? "?" : "",
                      endpoint->query ? endpoint->query : "");
}
