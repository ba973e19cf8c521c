/* SPDX-License-Identifier: MIT */
/* http_transfer: one request on its way through redirects and repetitions; the inside of http. */
#pragma once

#include <curl/curl.h>

#include "registry/http.h"
#include "registry/http_proxy.h"
#include "registry/origin.h"
#include "registry/warning.h"

struct http {
    CURLM *multi;
    char *user_agent;
    char *ca_pem; /* NULL = the system's roots */
    bool no_revoke;
    struct http_proxies proxies;
    unsigned max_transfers;
    bool answered;            /* somebody has, since this was opened */
    struct warnings warnings; /* that registries gave so far */
    const struct context *context;
};

enum transfer_state { TRANSFER_WAITING, TRANSFER_RUNNING, TRANSFER_FINISHED };

struct transfer {
    struct http *http;
    struct http_request *request;
    enum transfer_state state;
    uint64_t not_before; /* os_monotonic_ms() at which a waiting transfer may start */
    char *url;           /* of this hop; NULL = the request's own */
    unsigned redirects;
    unsigned failures;
    uint64_t progress;      /* bytes of 2xx answers since the last failure */
    enum http_scope led_by; /* where the one is who sends us on */
    bool begun;             /* the handler has been told of a 2xx answer */
    bool dropped;           /* and does not want it */
    bool proxied;
    CURL *easy; /* while running */
    struct curl_slist *headers;
    char curl_text[CURL_ERROR_SIZE];
    struct http_response response;
    struct error error;   /* what the handler refused: ends everything */
    struct error refusal; /* what the rules of transport refuse: ends this request */
};

/* Of the hop under way. */
const char *transfer_url(const struct transfer *transfer);

/* True when somebody else has named the URL: what it may lead to is limited. */
bool transfer_is_led(const struct transfer *transfer);

bool transfer_start(struct transfer *transfer, struct error *err) MUST_USE;

/* What follows when libcurl is done with it: finished, or waiting to go on. */
bool transfer_settle(struct transfer *transfer, CURLcode result, struct error *err) MUST_USE;

/* Leaves the multi handle and frees everything. */
void transfer_close(struct transfer *transfer);
