/* SPDX-License-Identifier: MIT */
/* http: requests to registries, several at a time, on libcurl's multi interface.
 *
 * One thread drives everything; http_run() returns when all requests given to it have ended. What
 * is decided here, and nowhere else:
 *   - redirects are followed by wrun itself: at most 10, never from https to http, and never to an
 *     address that the one who redirects must not send us to (registry/http_address.h);
 *   - Authorization goes to the origin of the request's own URL and to no other;
 *   - failed connections, broken and stalled transfers (under 1 KiB/s for 30 s) and the statuses
 *     that may pass are tried again after growing pauses or as Retry-After says
 *     (registry/http_retry.h); certificate errors never;
 *   - a Content-Encoding is refused, because the bytes would not be those of the digest;
 *   - proxies are those of the environment or of the system (registry/http_proxy.h);
 *   - a request for cancellation is seen within 100 ms.
 * Other statuses are answers, not errors: the handler sees them. */
#pragma once

#include "base/buf.h"
#include "base/event.h"
#include "base/strlist.h"
#include "registry/content_range.h"
#include "registry/http_address.h"

struct http; /* connections and settings */

struct http_options {
    const char *ca_pem;     /* certificates in place of the system's roots, or NULL */
    bool no_revoke;         /* revocation servers are not asked (Windows only) */
    unsigned max_transfers; /* at a time; at least 1 */
    const struct context *context;
};

bool http_open(const struct http_options *options, struct http **ret, struct error *err) MUST_USE;
void http_close(struct http **http);

struct http_response {
    long status;
    char *url;                               /* that answered, after redirects */
    char *content_type;                      /* NULL when absent */
    struct strlist challenges;               /* WWW-Authenticate, one item per line */
    uint64_t retry_after_s;                  /* 0 when absent */
    char *rate_limit;                        /* RateLimit-Limit, printable; NULL when absent */
    char *rate_remaining;                    /* RateLimit-Remaining, likewise */
    struct http_content_range content_range; /* of a 206 */
    bool length_known;
    uint64_t length; /* Content-Length */
    struct buf body; /* of an answer other than 2xx, its first 64 KiB */
};

void http_response_clear(struct http_response *response);

/* How one host is to be spoken to. What is zero is as for any other host. */
struct http_tls {
    char *ca_pem;      /* certificates that replace the system's roots */
    char *client_file; /* PEM, or PKCS #12 when the name ends in .pfx or .p12 */
    char *key_file;    /* PEM; NULL = in client_file */
    bool skip_verify;
};

void http_tls_clear(struct http_tls *tls);

/* A registry or a mirror. The settings are used for its host and for no other, wherever a redirect
 * leads. */
struct http_peer {
    char *host; /* lower case, without port; an IPv6 address in brackets */
    struct http_tls tls;
    struct strlist headers;      /* "Name: value", of every request to its origin */
    unsigned connect_timeout_ms; /* 0 = 30000 */
    char *proxy;                 /* in place of what the settings say; NULL = what they say */
    bool spare;                  /* somebody else can answer instead: failures are final */
    enum http_scope scope;       /* where it is; found out by the first connection */
};

void http_peer_clear(struct http_peer *peer);

struct http_request;

enum http_take { HTTP_TAKE, HTTP_DROP };
enum http_next { HTTP_FINISHED, HTTP_AGAIN };

/* What becomes of an answer. A false return ends http_run() with that error. */
struct http_handler {
    /* Before each attempt, repetitions included: may move the request's range or url, so that a
     * broken transfer goes on where it stopped. NULL = the request stays as it is. */
    bool (*prepare)(void *user, struct http_request *request, struct error *err);
    /* A 2xx answer begins; comes again when a transfer is repeated. Status, url, content_range and
     * length are known. With *ret_take = HTTP_DROP the rest of the answer is not read: end() is
     * called next. */
    bool (*begin)(void *user, const struct http_response *response, enum http_take *ret_take,
                  struct error *err);
    bool (*data)(void *user, const void *bytes, size_t length, struct error *err);
    /* The answer is complete, whatever its status; the handler may take members out of it. With
     * *ret_next = HTTP_AGAIN the request, whose url it may have changed, is made once more. */
    bool (*end)(void *user, struct http_response *response, enum http_next *ret_next,
                struct error *err);
    /* There was no answer, and there will be none: 'failure' says why. The handler may take it and
     * go on as after end(); returning false with *failure moved to *err ends http_run(). NULL =
     * the latter. */
    bool (*failed)(void *user, struct error *failure, enum http_next *ret_next, struct error *err);
};

/* Always closed, for some registries refuse "bytes=N-". */
struct http_range {
    uint64_t first;
    uint64_t length; /* 0 = the whole, no Range header */
};

struct http_request {
    char *url;
    const char *accept;  /* NULL = anything */
    char *authorization; /* header value or NULL */
    const char *form;    /* an encoded form, which makes it a POST; NULL = GET */
    bool refuse_redirects;
    /* The url came from outside (a redirect of an earlier request, a descriptor's urls): where it
     * leads is checked as for a redirect. */
    bool elsewhere;
    struct http_range range;
    struct http_peer *peer; /* borrowed; NULL = nobody in particular */
    const struct http_handler *handler;
    void *user;
};

void http_request_clear(struct http_request *request);

/* Makes all requests, at most max_transfers at a time, in their order. Stops at the first error;
 * its message names the host and port. */
bool http_run(struct http *http, struct http_request *const *requests, size_t count,
              struct error *err) MUST_USE;

/* An answer held in memory. */
struct http_document {
    struct http_response response;
    struct buf body; /* of a 2xx answer */
};

void http_document_clear(struct http_document *document);

/* One request for a document of at most 'maximum' bytes (more is ERR_INTEGRITY). The request's
 * handler and user are set here. */
bool http_get(struct http *http, struct http_request *request, size_t maximum,
              struct http_document *ret, struct error *err) MUST_USE;
