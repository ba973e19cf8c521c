/* SPDX-License-Identifier: MIT */
#include "registry/http_transfer.h"

#include "base/alloc.h"
#include "base/os.h"
#include "base/secret.h"
#include "registry/http_head.h"
#include "registry/http_redirect.h"
#include "registry/http_retry.h"
#include "registry/http_setup.h"

#define ERROR_BODY_MAXIMUM ((size_t)64 << 10)

static bool is_success(long status)
{
    return status >= 200 && status < 300;
}

const char *transfer_url(const struct transfer *transfer)
{
    return transfer->url ? transfer->url : transfer->request->url;
}

bool transfer_is_led(const struct transfer *transfer)
{
    return transfer->url || transfer->request->elsewhere;
}

/* ---- content ---- */

static void read_head(struct transfer *transfer)
{
    if (!transfer->response.url)
        http_head_read(transfer->easy, transfer_url(transfer), &transfer->response);
}

static bool begin_once(struct transfer *transfer)
{
    const struct http_request *request = transfer->request;
    enum http_take take = HTTP_TAKE;
    if (transfer->begun)
        return true;
    transfer->begun = true;
    if (!http_head_check_encoding(transfer->easy, &transfer->refusal)
        || !request->handler->begin(request->user, &transfer->response, &take, &transfer->error))
        return false;
    transfer->dropped = take == HTTP_DROP;
    return true;
}

static bool take_data(struct transfer *transfer, const char *data, size_t length)
{
    const struct http_request *request = transfer->request;
    read_head(transfer);
    if (is_success(transfer->response.status)) {
        if (!begin_once(transfer) || transfer->dropped)
            return false;
        transfer->progress += length;
        return request->handler->data(request->user, data, length, &transfer->error);
    }
    struct buf *body = &transfer->response.body;
    size_t room = body->maximum - body->length;
    return buf_append(body, data, length < room ? length : room, &transfer->error);
}

static size_t on_data(char *data, size_t size, size_t count, void *user)
{
    size_t length = size * count;
    /* Any other number than 'length' makes libcurl end the transfer. */
    return take_data(user, data, length) ? length : length + 1;
}

/* ---- start ---- */

/* A redirect goes on with the same attempt. */
static bool prepare(struct transfer *transfer, struct error *err)
{
    struct http_request *request = transfer->request;
    if (transfer->url)
        return true;
    if (request->handler->prepare && !request->handler->prepare(request->user, request, err))
        return false;
    transfer->led_by =
        request->elsewhere && request->peer ? request->peer->scope : HTTP_SCOPE_UNKNOWN;
    return true;
}

static bool start_libcurl(struct transfer *transfer, const struct origin *hop, struct error *err)
{
    CURL *easy = curl_easy_init();
    if (!easy)
        out_of_memory();
    transfer->easy = easy;
    if (!http_setup(transfer, hop, err))
        return false;
    bool started = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK
        && curl_multi_add_handle(transfer->http->multi, easy) == CURLM_OK;
    return started || error_set(err, ERR_BUG, "libcurl refuses a request");
}

static bool give_up(struct transfer *transfer, struct error *failure, struct error *err);

bool transfer_start(struct transfer *transfer, struct error *err)
{
    CLEANUP(origin_clear) struct origin hop = {0};
    CLEANUP(error_clear) struct error refusal = {0};
    if (!prepare(transfer, err) || !origin_parse(transfer_url(transfer), &hop, err))
        return false;
    if (transfer_is_led(transfer) && !http_redirect_check_host(transfer->led_by, &hop, &refusal))
        return give_up(transfer, &refusal, err);
    http_response_clear(&transfer->response);
    buf_init(&transfer->response.body, ERROR_BODY_MAXIMUM);
    transfer->begun = false;
    transfer->dropped = false;
    transfer->state = TRANSFER_RUNNING;
    return start_libcurl(transfer, &hop, err);
}

static void stop(struct transfer *transfer)
{
    if (transfer->easy) {
        curl_multi_remove_handle(transfer->http->multi, transfer->easy);
        curl_easy_cleanup(transfer->easy);
        transfer->easy = NULL;
    }
    /* One of them may be Authorization. */
    for (struct curl_slist *header = transfer->headers; header; header = header->next)
        secret_wipe(header->data, strlen(header->data));
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
}

void transfer_close(struct transfer *transfer)
{
    stop(transfer);
    str_free(&transfer->url);
    http_response_clear(&transfer->response);
    error_clear(&transfer->error);
    error_clear(&transfer->refusal);
}

/* ---- what follows ---- */

static void end_request(struct transfer *transfer, enum http_next next)
{
    str_free(&transfer->url);
    transfer->redirects = 0;
    transfer->not_before = 0;
    transfer->state = next == HTTP_AGAIN ? TRANSFER_WAITING : TRANSFER_FINISHED;
}

/* The handler's word on a request that has failed for good. */
static bool give_up(struct transfer *transfer, struct error *failure, struct error *err)
{
    const struct http_request *request = transfer->request;
    enum http_next next = HTTP_FINISHED;
    if (!request->handler->failed) {
        *err = TAKE(*failure);
        return false;
    }
    if (!request->handler->failed(request->user, failure, &next, err))
        return false;
    transfer->failures = 0;
    transfer->progress = 0;
    end_request(transfer, next);
    return true;
}

/* Counts a failure; the first after progress is the first of all. True when there may be one more
 * attempt. Where somebody else can answer, only what was under way is worth one. */
static bool may_repeat(struct transfer *transfer, unsigned repeats)
{
    const struct http_peer *peer = transfer->request->peer;
    bool progressed = transfer->progress >= HTTP_RETRY_PROGRESS;
    if (progressed)
        transfer->failures = 0;
    transfer->progress = 0;
    transfer->failures++;
    if (peer && peer->spare)
        return progressed && repeats > 0;
    return transfer->failures <= repeats;
}

/* Starts again from the request's own URL: where it redirected to may have been the trouble. Nor is
 * that told to anybody, for the URL of a redirect can carry a signature. */
static void repeat(struct transfer *transfer, uint64_t pause, const char *reason)
{
    const struct http_request *request = transfer->request;
    context_retry(transfer->http->context,
                  request->elsewhere ? "content from elsewhere" : request->url, pause, reason);
    str_free(&transfer->url);
    transfer->redirects = 0;
    transfer->not_before = os_monotonic_ms() + pause;
    transfer->state = TRANSFER_WAITING;
}

static bool report_failure(const struct transfer *transfer, CURLcode code, const char *text,
                           const char *hint, struct error *err)
{
    CLEANUP(origin_clear) struct origin hop = {0};
    if (!origin_parse(transfer_url(transfer), &hop, err))
        return false;
    error_code(err, ERR_NETWORK, ERR_DOMAIN_CURL, (uint32_t)code, "%s:%s: %s%s", hop.host, hop.port,
               transfer->proxied ? "through a proxy: " : "", text);
    return hint ? error_hint(err, "%s", hint) : false;
}

static bool settle_failure(struct transfer *transfer, CURLcode code, struct error *err)
{
    long connect_status = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
    const char *text = transfer->curl_text[0] ? transfer->curl_text : curl_easy_strerror(code);
    const struct http_retry *retry = http_retry_of_failure(code, text, connect_status);
    if (may_repeat(transfer, transfer->http->answered ? retry->repeats : retry->repeats_first)) {
        repeat(transfer, http_retry_pause_ms(transfer->failures), curl_easy_strerror(code));
        return true;
    }
    CLEANUP(error_clear) struct error failure = {0};
    report_failure(transfer, code, text, retry->hint, &failure);
    return give_up(transfer, &failure, err);
}

static bool settle_redirect(struct transfer *transfer, const char *target, struct error *err)
{
    CLEANUP(error_clear) struct error refusal = {0};
    CLEANUP(origin_clear) struct origin from = {0};
    if (transfer->request->refuse_redirects) {
        if (origin_parse(transfer_url(transfer), &from, &refusal))
            error_set(&refusal, ERR_NETWORK, "%s:%s: redirects where it must answer itself",
                      from.host, from.port);
        return give_up(transfer, &refusal, err);
    }
    if (!http_redirect_check(transfer_url(transfer), target, transfer->redirects, &refusal))
        return give_up(transfer, &refusal, err);
    char *next = xstrdup(target);
    str_free(&transfer->url);
    transfer->url = next;
    transfer->redirects++;
    transfer->not_before = 0;
    transfer->state = TRANSFER_WAITING;
    return true;
}

/* True when the status was a passing one and the request waits for its next attempt. */
static bool repeat_status(struct transfer *transfer)
{
    const struct http_response *response = &transfer->response;
    unsigned repeats = http_retry_of_status(response->status);
    if (repeats == 0 || response->retry_after_s > HTTP_RETRY_AFTER_MAXIMUM_S
        || !may_repeat(transfer, repeats))
        return false;
    CLEANUP(str_free) char *reason = str_format("status %ld", response->status);
    uint64_t pause = response->retry_after_s ? response->retry_after_s * 1000
                                             : http_retry_pause_ms(transfer->failures);
    repeat(transfer, pause, reason);
    return true;
}

static bool settle_answer(struct transfer *transfer, struct error *err)
{
    const struct http_request *request = transfer->request;
    if (repeat_status(transfer))
        return true;
    if (is_success(transfer->response.status)) {
        transfer->failures = 0;
        transfer->progress = 0;
    }
    enum http_next next = HTTP_FINISHED;
    if (!request->handler->end(request->user, &transfer->response, &next, err))
        return false;
    end_request(transfer, next);
    return true;
}

/* docker-registry 2.8.2 announces more bytes with a 416 than it sends: what breaks off after a head
 * that promises no content has been answered all the same. */
static bool is_answered(const struct transfer *transfer, CURLcode result)
{
    return result == CURLE_OK || transfer->dropped || transfer->response.status >= 300;
}

static void tell_warnings(const struct transfer *transfer)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(origin_clear) struct origin hop = {0};
    if (!origin_parse(transfer_url(transfer), &hop, &ignored))
        return;
    struct curl_header *header = NULL;
    for (size_t i = 0;
         curl_easy_header(transfer->easy, "Warning", i, CURLH_HEADER, -1, &header) == CURLHE_OK;
         i++)
        warnings_tell(&transfer->http->warnings, transfer->http->context, hop.host, header->value);
}

static bool settle(struct transfer *transfer, CURLcode result, struct error *err)
{
    const char *target = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &target);
    read_head(transfer);
    /* An empty content never came through on_data(). */
    if (result == CURLE_OK && is_success(transfer->response.status))
        (void)begin_once(transfer);
    if (error_is_set(&transfer->error)) {
        *err = TAKE(transfer->error);
        return false;
    }
    if (error_is_set(&transfer->refusal)) {
        CLEANUP(error_clear) struct error refusal = TAKE(transfer->refusal);
        return give_up(transfer, &refusal, err);
    }
    if (!is_answered(transfer, result))
        return settle_failure(transfer, result, err);
    transfer->http->answered = true;
    tell_warnings(transfer);
    if (target && http_redirect_is(transfer->response.status))
        return settle_redirect(transfer, target, err);
    http_head_complete(transfer->easy, &transfer->response);
    return settle_answer(transfer, err);
}

bool transfer_settle(struct transfer *transfer, CURLcode result, struct error *err)
{
    bool settled = settle(transfer, result, err);
    stop(transfer);
    return settled;
}
