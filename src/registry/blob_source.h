/* SPDX-License-Identifier: MIT */
/* blob_source: whom a blob is asked for.
 *
 * The endpoints of the client that have 'pull', in their order; after them the urls of the
 * descriptor. Where an endpoint redirects to is remembered for ten minutes, for the other parts of
 * the blob, and asked without credentials; when it refuses, the endpoint is asked again. */
#pragma once

#include "registry/client.h"
#include "registry/descriptor.h"

struct blob_source {
    const struct client *client;
    const struct descriptor *blob;
    size_t endpoint;
    size_t next_url;     /* of the descriptor's urls */
    const char *foreign; /* the one in use; borrowed from the descriptor; NULL = the endpoint */
    char *target;        /* where the endpoint redirected to */
    uint64_t target_ms;  /* since when it is known (os_monotonic_ms) */
    unsigned refusals;   /* of targets, since the last answer */
    unsigned version;    /* changes with the above */
    bool token_used;     /* the endpoint was asked with a new token and has not answered yet */
    bool unauthorized;   /* nothing can be asked before there is a new token */
    struct strlist challenges;
};

enum blob_refusal {
    BLOB_REFUSAL_AGAIN,        /* ask once more: somebody else, or at another place */
    BLOB_REFUSAL_UNAUTHORIZED, /* the source is unauthorized */
    BLOB_REFUSAL_FINAL,
};

struct blob_source blob_source_open(const struct client *client, const struct descriptor *blob);
void blob_source_close(struct blob_source *source);

/* Without range, handler and user. The caller notes the version. */
struct http_request blob_source_request(const struct blob_source *source);

/* A 2xx answer to a request of this source. */
void blob_source_accept(struct blob_source *source, const struct http_request *request,
                        const struct http_response *response);
/* Another answer, to a request that was made when the source had 'version'. The challenges of a 401
 * are taken out of it. */
enum blob_refusal blob_source_refuse(struct blob_source *source, unsigned version,
                                     const struct http_request *request,
                                     struct http_response *response);

/* The endpoint is asked anew where the blob is. */
void blob_source_forget_target(struct blob_source *source);
/* On to the next endpoint or url; false when there is none, and nothing has changed. */
bool blob_source_next(struct blob_source *source);
/* Whether there is a next endpoint. */
bool blob_source_is_mirror(const struct blob_source *source);
/* The name of who is asked, for messages. */
const char *blob_source_name(const struct blob_source *source);
/* Gets a new token, after which the source is not unauthorized any more. */
bool blob_source_authenticate(struct blob_source *source, struct client *client, struct error *err)
    MUST_USE;
/* Its token runs out within seconds: better get another one before anything more is asked for. */
bool blob_source_is_stale(const struct blob_source *source);
/* Gets it; does nothing when the token is good, or none is needed. */
bool blob_source_renew(struct blob_source *source, struct client *client, struct error *err)
    MUST_USE;
/* A token that another source of the same endpoint got serves this one, too. */
void blob_source_take_token(struct blob_source *source);
