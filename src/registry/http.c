/* SPDX-License-Identifier: MIT */
#include "registry/http.h"

#include "base/alloc.h"
#include "base/os.h"
#include "base/secret.h"
#include "registry/http_transfer.h"

/* How long a wait may be blind to a request for cancellation. */
#define POLL_MS 100
#define HOST_CONNECTIONS 8
#define TOTAL_CONNECTIONS 16

#ifdef _WIN32
#define SYSTEM_NAME "windows"
#else
#define SYSTEM_NAME "linux"
#endif
#ifdef __aarch64__
#define MACHINE_NAME "arm64"
#else
#define MACHINE_NAME "amd64"
#endif

/* A registry is not to be overrun, unless that is what was asked for. */
static void limit_connections(CURLM *multi, unsigned max_transfers)
{
    long host = max_transfers > HOST_CONNECTIONS ? (long)max_transfers : HOST_CONNECTIONS;
    long total = host > TOTAL_CONNECTIONS ? host : TOTAL_CONNECTIONS;
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, host);
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, total);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, total);
}

bool http_open(const struct http_options *options, struct http **ret, struct error *err)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(err, ERR_OS, "libcurl cannot be initialised");
    CLEANUP(http_close) struct http *http = xcalloc(1, sizeof(*http));
    http->multi = curl_multi_init();
    if (!http->multi)
        out_of_memory();
    limit_connections(http->multi, options->max_transfers);
    http->user_agent = str_format("wrun/%s (%s; %s)", WRUN_VERSION_TEXT, SYSTEM_NAME, MACHINE_NAME);
    http->ca_pem = options->ca_pem ? xstrdup(options->ca_pem) : NULL;
    http->no_revoke = options->no_revoke;
    http->proxies = http_proxies_read();
    http->max_transfers = options->max_transfers;
    http->context = options->context;
    *ret = TAKE(http);
    return true;
}

void http_close(struct http **http)
{
    if (!*http)
        return;
    curl_multi_cleanup((*http)->multi);
    str_free(&(*http)->user_agent);
    str_free(&(*http)->ca_pem);
    http_proxies_clear(&(*http)->proxies);
    warnings_clear(&(*http)->warnings);
    mem_free(http);
    curl_global_cleanup();
}

void http_response_clear(struct http_response *response)
{
    str_free(&response->url);
    str_free(&response->content_type);
    strlist_clear(&response->challenges);
    str_free(&response->rate_limit);
    str_free(&response->rate_remaining);
    buf_clear(&response->body);
    *response = (struct http_response){0};
}

void http_tls_clear(struct http_tls *tls)
{
    str_free(&tls->ca_pem);
    str_free(&tls->client_file);
    str_free(&tls->key_file);
    *tls = (struct http_tls){0};
}

void http_peer_clear(struct http_peer *peer)
{
    str_free(&peer->host);
    http_tls_clear(&peer->tls);
    strlist_clear(&peer->headers);
    str_free(&peer->proxy);
    *peer = (struct http_peer){0};
}

void http_request_clear(struct http_request *request)
{
    str_free(&request->url);
    secret_free(&request->authorization);
    *request = (struct http_request){0};
}

/* ---- many requests ---- */

struct run {
    struct http *http;
    struct transfer *transfers;
    size_t count;
};

static void run_close(struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        transfer_close(&run->transfers[i]);
    mem_free(&run->transfers);
}

static size_t count_in_state(const struct run *run, enum transfer_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++)
        count += run->transfers[i].state == state;
    return count;
}

static bool start_due(struct run *run, struct error *err)
{
    uint64_t now = os_monotonic_ms();
    size_t running = count_in_state(run, TRANSFER_RUNNING);
    for (size_t i = 0; i < run->count && running < run->http->max_transfers; i++) {
        struct transfer *transfer = &run->transfers[i];
        if (transfer->state != TRANSFER_WAITING || transfer->not_before > now)
            continue;
        if (!transfer_start(transfer, err))
            return false;
        running += transfer->state == TRANSFER_RUNNING;
    }
    return true;
}

/* *ret_any: something changed, so there may be more to start or nothing left to wait for. */
static bool settle_done(struct run *run, bool *ret_any, struct error *err)
{
    int left;
    *ret_any = false;
    for (CURLMsg *message = curl_multi_info_read(run->http->multi, &left); message;
         message = curl_multi_info_read(run->http->multi, &left)) {
        struct transfer *transfer = NULL;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        if (!transfer_settle(transfer, message->data.result, err))
            return false;
        *ret_any = true;
    }
    return true;
}

static bool check_multi(CURLMcode code, struct error *err)
{
    if (code == CURLM_OK)
        return true;
    return error_code(err, ERR_NETWORK, ERR_DOMAIN_CURL, (uint32_t)code, "libcurl: %s",
                      curl_multi_strerror(code));
}

/* Where the wake-up of a cancellation is a file descriptor, libcurl can watch it. */
static bool wait_for_news(const struct http *http, struct error *err)
{
#ifndef _WIN32
    const struct cancel *cancel = http->context->cancel;
    struct curl_waitfd wakeup = {.events = CURL_WAIT_POLLIN};
    unsigned count = 0;
    if (cancel && cancel->wakeup) {
        wakeup.fd = (curl_socket_t)cancel->wakeup;
        count = 1;
    }
    return check_multi(curl_multi_poll(http->multi, &wakeup, count, POLL_MS, NULL), err);
#else
    return check_multi(curl_multi_poll(http->multi, NULL, 0, POLL_MS, NULL), err);
#endif
}

static bool advance(struct run *run, struct error *err)
{
    CURLM *multi = run->http->multi;
    int running;
    bool any = false;
    bool advanced = cancel_check(run->http->context->cancel, err) && start_due(run, err)
        && check_multi(curl_multi_perform(multi, &running), err) && settle_done(run, &any, err);
    if (!advanced || any)
        return advanced;
    return wait_for_news(run->http, err);
}

bool http_run(struct http *http, struct http_request *const *requests, size_t count,
              struct error *err)
{
    CLEANUP(run_close)
    struct run run = {
        .http = http, .transfers = xcalloc(count, sizeof(*run.transfers)), .count = count};
    for (size_t i = 0; i < count; i++) {
        run.transfers[i].http = http;
        run.transfers[i].request = requests[i];
    }
    while (count_in_state(&run, TRANSFER_FINISHED) < count)
        if (!advance(&run, err))
            return false;
    return true;
}

/* ---- one document ---- */

static bool document_begin(void *user, const struct http_response *response,
                           enum http_take *ret_take, struct error *err)
{
    (void)response;
    (void)ret_take;
    (void)err;
    struct http_document *document = user;
    buf_reset(&document->body);
    return true;
}

static bool document_data(void *user, const void *bytes, size_t length, struct error *err)
{
    struct http_document *document = user;
    return buf_append(&document->body, bytes, length, err)
        || error_wrap(err, "the registry's answer");
}

static bool document_end(void *user, struct http_response *response, enum http_next *ret_next,
                         struct error *err)
{
    (void)err;
    struct http_document *document = user;
    document->response = TAKE(*response);
    *ret_next = HTTP_FINISHED;
    return true;
}

static const struct http_handler document_handler = {
    .begin = document_begin,
    .data = document_data,
    .end = document_end,
};

void http_document_clear(struct http_document *document)
{
    http_response_clear(&document->response);
    buf_clear(&document->body);
}

bool http_get(struct http *http, struct http_request *request, size_t maximum,
              struct http_document *ret, struct error *err)
{
    CLEANUP(http_document_clear) struct http_document document = {0};
    buf_init(&document.body, maximum);
    request->handler = &document_handler;
    request->user = &document;
    if (!http_run(http, &request, 1, err))
        return false;
    *ret = TAKE(document);
    return true;
}
