/* SPDX-License-Identifier: MIT */
/* client: one repository, wherever it can be had (OCI distribution-spec, the "pull" part). */
#pragma once

#include "registry/auth.h"
#include "registry/endpoint.h"
#include "registry/http.h"
#include "registry/reference.h"

struct client {
    struct http *http;
    const struct context *context;
    char *repository; /* path */
    struct endpoint_list endpoints;
    struct auth **auths; /* one for each endpoint */
};

struct client_options {
    const struct reference *reference;
    bool plain_http; /* loopback registries are spoken to in plain http in any case, unless their
                        port is 443 */
    bool insecure;   /* the registry's certificate is not checked */
    bool no_revoke;  /* nor whether certificates have been revoked */
    const char *ca_file;                   /* or NULL */
    const char *hosts_dir;                 /* see registry/hosts_dir.h; or NULL */
    const struct strlist *mirrors;         /* "HOST=URL"; borrowed, or NULL */
    const struct credentials *credentials; /* borrowed; NULL = anonymous */
    const struct credential
        *login; /* to be checked in place of what is stored, or NULL; borrowed */
    unsigned max_downloads;
    const struct context *context;
};

bool client_open(const struct client_options *options, struct client *ret, struct error *err)
    MUST_USE;
void client_close(struct client *client);

/* Gets the answer to a 401 of an endpoint; at most once in a row for any request. */
bool client_authenticate(struct client *client, size_t endpoint, const struct strlist *challenges,
                         struct error *err) MUST_USE;

/* Asks the registry itself whether it lets in who asks, without any repository. */
bool client_check_access(struct client *client, struct error *err) MUST_USE;

/* The document of a tag or digest, of status 2xx and at most 'maximum' bytes, from the first
 * endpoint that has it. Nothing of it is verified yet. */
bool client_get_manifest(struct client *client, const char *tag_or_digest, size_t maximum,
                         struct http_document *ret, struct error *err) MUST_USE;

/* A request for a blob at an endpoint that has 'pull'; the handler is left to the caller. */
struct http_request client_blob_request(const struct client *client, size_t endpoint,
                                        const struct digest *digest);

/* A request for a URL that an endpoint, or a document from it, has named: without its credentials,
 * and only to where it may lead. */
struct http_request client_elsewhere_request(const struct client *client, size_t endpoint,
                                             const char *url);

/* Tells that an endpoint has failed and the next one is asked (a warning when its content was
 * wrong), and clears *failure. False, with *failure untouched, when it was not the endpoint's. */
bool client_move_on(const struct client *client, size_t endpoint, struct error *failure);
