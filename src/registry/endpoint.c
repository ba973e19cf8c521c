/* SPDX-License-Identifier: MIT */
#include "registry/endpoint.h"

#include "base/alloc.h"
#include "base/text.h"
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

static bool make_registry(const struct endpoint_options *options, struct endpoint *ret,
                          struct error *err)
{
    const char *domain = options->reference->domain;
    CLEANUP(endpoint_clear) struct endpoint endpoint = {.pull = true, .resolve = true};
    CLEANUP(origin_clear) struct origin origin = {0};
    endpoint.plain_http = options->plain_http
        || (reference_domain_is_loopback(domain) && !str_ends_with(domain, ":443"));
    endpoint.name = xstrdup(domain);
    endpoint.base = str_format("%s://%s/v2/%s", endpoint.plain_http ? "http" : "https",
                               host_of(domain), options->reference->path);
    if (!origin_parse(endpoint.base, &origin, err))
        return false;
    endpoint.peer.host = TAKE(origin.host);
    *ret = TAKE(endpoint);
    return true;
}

bool endpoint_list_open(const struct endpoint_options *options, struct endpoint_list *ret,
                        struct error *err)
{
    CLEANUP(endpoint_list_close)
    struct endpoint_list list = {.items = xcalloc(1, sizeof(*list.items)), .count = 1};
    if (!make_registry(options, &list.items[0], err))
        return false;
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

char *endpoint_url(const struct endpoint *endpoint, const char *kind, const char *name)
{
    return str_format("%s/%s/%s%s%s", endpoint->base, kind, name, endpoint->query ? "?" : "",
                      endpoint->query ? endpoint->query : "");
}
