/* SPDX-License-Identifier: MIT */
/* endpoint: where the content of a repository can be asked for: mirrors in the order of their
 * preference, then the registry that the reference names. */
#pragma once

#include "registry/http.h"
#include "registry/reference.h"

struct endpoint {
    char *name;  /* host[:port], for messages */
    char *base;  /* "https://host:port/v2/path" */
    char *query; /* "ns=docker.io", which tells a mirror whose content is meant; NULL = none */
    bool mirror; /* gets no credentials of the registry's */
    bool plain_http;
    bool pull;    /* may be asked for content by digest */
    bool resolve; /* may be asked what a tag stands for */
    struct http_peer peer;
};

struct endpoint_list {
    struct endpoint *items; /* at least one may be asked for content */
    size_t count;
};

struct endpoint_options {
    const struct reference *reference;
    bool plain_http; /* for the registry; a loopback registry is spoken to in plain http in any
                        case, unless its port is 443 */
    bool insecure;   /* the registry's certificate is not checked */
    const char *hosts_dir;         /* see registry/hosts_dir.h; NULL = as the system has it */
    const struct strlist *mirrors; /* "HOST=URL", asked before all others and for content only; may
                                      be NULL */
    const struct context *context; /* hears of what is not checked */
};

/* ERR_USAGE when a mirror or a file is malformed. */
bool endpoint_list_open(const struct endpoint_options *options, struct endpoint_list *ret,
                        struct error *err) MUST_USE;
void endpoint_list_close(struct endpoint_list *list);

/* The first endpoint from 'start' on that may be asked for content, or for what a tag stands for;
 * list->count when there is none. */
size_t endpoint_list_find(const struct endpoint_list *list, size_t start, bool resolve);

/* ERR_USAGE unless the text is "HOST=URL". */
bool endpoint_check_mirror(const char *text, struct error *err) MUST_USE;

/* The URL of base/kind/name with the endpoint's query; owned by the caller. */
char *endpoint_url(const struct endpoint *endpoint, const char *kind, const char *name);
