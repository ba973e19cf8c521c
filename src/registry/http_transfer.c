/* SPDX-License-Identifier: MIT */
#include "registry/http_transfer.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/os.h"
#include "base/text.h"
#include "registry/reference.h"

#define REDIRECTS_MAXIMUM 10
#define CONNECT_TIMEOUT_S 30
#define STALL_BYTES_PER_S 1024
#define STALL_S 30
#define RECEIVE_BUFFER (512 * 1024)
#define ERROR_BODY_MAXIMUM ((size_t)64 << 10)
#define FIRST_PAUSE_MS 500
#define RETRY_AFTER_MAXIMUM_S 120
#define STATUS_REPEATS 6
#define STATUS_PARTIAL_CONTENT 206
#define PROGRESS_MINIMUM ((uint64_t)1 << 20)
#define SHOWN_MAXIMUM 300
#define NETWORK_HINT "check the network between this host and the registry"

/* How often a failure is tried again, and what the user can do about it. Codes that are not here
 * are final. A refused connection gets fewer attempts, so that a wrong port is told within seconds.
 */
static const struct failure {
    CURLcode code;
    unsigned repeats;
    const char *hint;
} failures[] = {
    {CURLE_COULDNT_RESOLVE_PROXY, 3, "check the proxy named in HTTPS_PROXY"},
    {CURLE_COULDNT_RESOLVE_HOST, 3, "check the name of the registry and the DNS of this host"},
    {CURLE_COULDNT_CONNECT, 3, "check that the registry is running, and its host and port"},
    {CURLE_SSL_CONNECT_ERROR, 3, "if the registry speaks plain http, add --plain-http"},
    {CURLE_PEER_FAILED_VERIFICATION, 0,
     "install the registry's CA certificate on this host, or name its file with --cacert"},
    {CURLE_SSL_CACERT_BADFILE, 0, "check the file given with --cacert"},
    {CURLE_OPERATION_TIMEDOUT, 5, NETWORK_HINT},
    {CURLE_PARTIAL_FILE, 5, NETWORK_HINT},
    {CURLE_GOT_NOTHING, 5, NETWORK_HINT},
    {CURLE_SEND_ERROR, 5, NETWORK_HINT},
    {CURLE_RECV_ERROR, 5, NETWORK_HINT},
    {CURLE_HTTP2, 5, NETWORK_HINT},
    {CURLE_HTTP2_STREAM, 5, NETWORK_HINT},
};

static const long repeated_statuses[] = {408, 425, 429, 499, 500, 502, 503, 504, 522};
static const long redirect_statuses[] = {301, 302, 303, 307, 308};

static bool is_listed(long status, const long *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == status)
            return true;
    return false;
}

static bool is_success(long status)
{
    return status >= 200 && status < 300;
}

static const char *current_url(const struct transfer *transfer)
{
    return transfer->url ? transfer->url : transfer->request->url;
}

/* ---- callbacks of libcurl ---- */

static long status_of(CURL *easy)
{
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

static bool check_encoding(CURL *easy, struct error *err)
{
    struct curl_header *header = NULL;
    if (curl_easy_header(easy, "Content-Encoding", 0, CURLH_HEADER, -1, &header) != CURLHE_OK
        || str_equal_nocase(header->value, "identity"))
        return true;
    CLEANUP(str_free) char *shown = str_printable(header->value, SHOWN_MAXIMUM);
    return error_set(err, ERR_NETWORK,
                     "the answer has the Content-Encoding '%s', which was not asked for", shown);
}

static void read_range(CURL *easy, struct http_response *response)
{
    struct curl_header *header = NULL;
    if (response->status == STATUS_PARTIAL_CONTENT
        && curl_easy_header(easy, "Content-Range", 0, CURLH_HEADER, -1, &header) == CURLHE_OK)
        response->content_range = content_range_parse(header->value);
    curl_off_t length = -1;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    response->length_known = length >= 0;
    response->length = length >= 0 ? (uint64_t)length : 0;
}

static void read_head(struct transfer *transfer)
{
    struct http_response *response = &transfer->response;
    if (response->url)
        return;
    response->status = status_of(transfer->easy);
    response->url = xstrdup(current_url(transfer));
    read_range(transfer->easy, response);
}

static bool begin_once(struct transfer *transfer, struct error *err)
{
    if (transfer->begun)
        return true;
    transfer->begun = true;
    const struct http_request *request = transfer->request;
    enum http_take take = HTTP_TAKE;
    read_head(transfer);
    if (!check_encoding(transfer->easy, err)
        || !request->handler->begin(request->user, &transfer->response, &take, err))
        return false;
    transfer->dropped = take == HTTP_DROP;
    return true;
}

static bool take_data(struct transfer *transfer, const char *data, size_t length, struct error *err)
{
    const struct http_request *request = transfer->request;
    if (is_success(status_of(transfer->easy))) {
        if (!begin_once(transfer, err))
            return false;
        transfer->progress += length;
        return transfer->dropped || request->handler->data(request->user, data, length, err);
    }
    struct buf *body = &transfer->response.body;
    size_t room = body->maximum - body->length;
    return buf_append(body, data, length < room ? length : room, err);
}

static size_t on_data(char *data, size_t size, size_t count, void *user)
{
    struct transfer *transfer = user;
    size_t length = size * count;
    bool taken = take_data(transfer, data, length, &transfer->error) && !transfer->dropped;
    /* Any other number than 'length' makes libcurl end the transfer. */
    return taken ? length : length + 1;
}

/* ---- start ---- */

static void add_header(struct transfer *transfer, const char *name, const char *value)
{
    CLEANUP(str_free) char *line = str_format("%s: %s", name, value);
    struct curl_slist *list = curl_slist_append(transfer->headers, line);
    if (!list)
        out_of_memory();
    transfer->headers = list;
}

static bool add_headers(struct transfer *transfer, const struct origin *hop, struct error *err)
{
    const struct http_request *request = transfer->request;
    if (request->accept)
        add_header(transfer, "Accept", request->accept);
    if (!request->authorization)
        return true;
    CLEANUP(origin_clear) struct origin own = {0};
    if (!origin_parse(request->url, &own, err))
        return false;
    if (origin_equal(&own, hop))
        add_header(transfer, "Authorization", request->authorization);
    return true;
}

static bool set_transport(CURL *easy, const struct http *http, const struct origin *hop)
{
    bool set = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, hop->scheme) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK
        /* An unreachable revocation server must not stop a host behind a proxy (Schannel only). */
        && curl_easy_setopt(easy, CURLOPT_SSL_OPTIONS, (long)CURLSSLOPT_REVOKE_BEST_EFFORT)
            == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_PER_S) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_S) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER) == CURLE_OK;
    if (set && http->ca_file)
        set = curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file) == CURLE_OK;
    /* No proxy reaches a registry on this very host, whatever the environment says. */
    if (set && reference_domain_is_loopback(hop->host))
        set = curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
    return set;
}

static bool set_range(CURL *easy, const struct http_range *range)
{
    if (range->length == 0)
        return true;
    CLEANUP(str_free)
    char *text = str_format("%" PRIu64 "-%" PRIu64, range->first, range->first + range->length - 1);
    return curl_easy_setopt(easy, CURLOPT_RANGE, text) == CURLE_OK;
}

static bool set_request(CURL *easy, struct transfer *transfer)
{
    transfer->curl_text[0] = '\0';
    const char *form = transfer->request->form;
    if (form && curl_easy_setopt(easy, CURLOPT_POSTFIELDS, form) != CURLE_OK)
        return false;
    return set_range(easy, &transfer->request->range)
        && curl_easy_setopt(easy, CURLOPT_URL, current_url(transfer)) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_USERAGENT, transfer->http->user_agent) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_data) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_text) == CURLE_OK;
}

/* A redirect goes on with the same attempt. */
static bool prepare(struct transfer *transfer, struct error *err)
{
    struct http_request *request = transfer->request;
    return transfer->url || !request->handler->prepare
        || request->handler->prepare(request->user, request, err);
}

bool transfer_start(struct transfer *transfer, struct error *err)
{
    if (!prepare(transfer, err))
        return false;
    CLEANUP(origin_clear) struct origin hop = {0};
    if (!origin_parse(current_url(transfer), &hop, err) || !add_headers(transfer, &hop, err))
        return false;
    transfer->easy = curl_easy_init();
    if (!transfer->easy)
        out_of_memory();
    http_response_clear(&transfer->response);
    buf_init(&transfer->response.body, ERROR_BODY_MAXIMUM);
    transfer->begun = false;
    transfer->dropped = false;
    transfer->state = TRANSFER_RUNNING;
    if (!set_transport(transfer->easy, transfer->http, &hop)
        || !set_request(transfer->easy, transfer)
        || curl_multi_add_handle(transfer->http->multi, transfer->easy) != CURLM_OK)
        return error_set(err, ERR_BUG, "libcurl refuses the options of a request");
    return true;
}

static void stop(struct transfer *transfer)
{
    if (transfer->easy) {
        curl_multi_remove_handle(transfer->http->multi, transfer->easy);
        curl_easy_cleanup(transfer->easy);
        transfer->easy = NULL;
    }
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
}

void transfer_close(struct transfer *transfer)
{
    stop(transfer);
    str_free(&transfer->url);
    http_response_clear(&transfer->response);
    error_clear(&transfer->error);
}

/* ---- what follows ---- */

/* 0.5, 1, 2, 4 ... seconds, a fifth more or less so that many clients do not come back together. */
static uint64_t pause_ms(unsigned failed)
{
    uint64_t pause = (uint64_t)FIRST_PAUSE_MS << (failed - 1);
    uint8_t dice = 0;
    CLEANUP(error_clear) struct error ignored = {0};
    if (!os_random(&dice, sizeof(dice), &ignored))
        return pause;
    return pause * 8 / 10 + pause * 4 / 10 * dice / UINT8_MAX;
}

static unsigned repeats_allowed(const struct transfer *transfer, unsigned repeats)
{
    const struct http_peer *peer = transfer->request->peer;
    return peer && peer->spare ? 0 : repeats;
}

static void end_request(struct transfer *transfer, enum http_next next)
{
    str_free(&transfer->url);
    transfer->redirects = 0;
    transfer->not_before = 0;
    transfer->state = next == HTTP_AGAIN ? TRANSFER_WAITING : TRANSFER_FINISHED;
}

/* A failure after progress is the first one again. */
static void count_failure(struct transfer *transfer)
{
    if (transfer->progress >= PROGRESS_MINIMUM)
        transfer->failures = 0;
    transfer->progress = 0;
    transfer->failures++;
}

/* Starts again from the request's own URL: where it redirected to may have been the trouble. Nor is
 * that told to anybody, for the URL of a redirect can carry a signature. */
static void repeat(struct transfer *transfer, uint64_t pause, const char *reason)
{
    context_retry(transfer->http->context, transfer->request->url, pause, reason);
    str_free(&transfer->url);
    transfer->redirects = 0;
    transfer->not_before = os_monotonic_ms() + pause;
    transfer->state = TRANSFER_WAITING;
}

static bool report_failure(const struct transfer *transfer, CURLcode code, const char *hint,
                           struct error *err)
{
    CLEANUP(origin_clear) struct origin hop = {0};
    if (!origin_parse(current_url(transfer), &hop, err))
        return false;
    const char *text = transfer->curl_text[0] ? transfer->curl_text : curl_easy_strerror(code);
    error_code(err, ERR_NETWORK, ERR_DOMAIN_CURL, (uint32_t)code, "%s:%s: %s", hop.host, hop.port,
               text);
    return hint ? error_hint(err, "%s", hint) : false;
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
    end_request(transfer, next);
    return true;
}

static bool settle_failure(struct transfer *transfer, CURLcode code, struct error *err)
{
    static const struct failure final = {0};
    const struct failure *failure = &final;
    for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
        if (failures[i].code == code)
            failure = &failures[i];
    CLEANUP(error_clear) struct error final_error = {0};
    count_failure(transfer);
    if (transfer->failures > repeats_allowed(transfer, failure->repeats)) {
        report_failure(transfer, code, failure->hint, &final_error);
        return give_up(transfer, &final_error, err);
    }
    repeat(transfer, pause_ms(transfer->failures), curl_easy_strerror(code));
    return true;
}

static bool check_redirect(const struct transfer *transfer, const char *target, struct error *err)
{
    CLEANUP(origin_clear) struct origin from = {0};
    CLEANUP(origin_clear) struct origin to = {0};
    if (!origin_parse(current_url(transfer), &from, err))
        return false;
    if (transfer->request->refuse_redirects)
        return error_set(err, ERR_NETWORK, "%s:%s: redirects where it must answer itself",
                         from.host, from.port);
    if (transfer->redirects >= REDIRECTS_MAXIMUM)
        return error_set(err, ERR_NETWORK, "%s:%s: more than %d redirects", from.host, from.port,
                         REDIRECTS_MAXIMUM);
    if (!origin_parse(target, &to, err))
        return error_wrap(err, "%s:%s: redirect", from.host, from.port);
    if (origin_is_secure(&from) && !origin_is_secure(&to))
        return error_set(err, ERR_NETWORK, "%s:%s: redirects from https to http (%s:%s)", from.host,
                         from.port, to.host, to.port);
    return true;
}

static bool settle_redirect(struct transfer *transfer, const char *target, struct error *err)
{
    if (!check_redirect(transfer, target, err))
        return false;
    char *next = xstrdup(target);
    str_free(&transfer->url);
    transfer->url = next;
    transfer->redirects++;
    transfer->not_before = 0;
    transfer->state = TRANSFER_WAITING;
    return true;
}

static void read_response(struct transfer *transfer)
{
    struct http_response *response = &transfer->response;
    read_head(transfer);

    const char *type = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_CONTENT_TYPE, &type);
    response->content_type = type ? xstrdup(type) : NULL;

    struct curl_header *header = NULL;
    for (size_t i = 0;
         curl_easy_header(transfer->easy, "WWW-Authenticate", i, CURLH_HEADER, -1, &header)
         == CURLHE_OK;
         i++)
        strlist_add(&response->challenges, header->value);

    curl_off_t seconds = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &seconds);
    response->retry_after_s = seconds > 0 ? (uint64_t)seconds : 0;
}

/* True when the status was a passing one and the request waits for its next attempt. */
static bool repeat_status(struct transfer *transfer)
{
    const struct http_response *response = &transfer->response;
    if (!is_listed(response->status, repeated_statuses, ARRAY_SIZE(repeated_statuses))
        || response->retry_after_s > RETRY_AFTER_MAXIMUM_S)
        return false;
    count_failure(transfer);
    if (transfer->failures > repeats_allowed(transfer, STATUS_REPEATS))
        return false;
    CLEANUP(str_free) char *reason = str_format("status %ld", response->status);
    uint64_t pause =
        response->retry_after_s ? response->retry_after_s * 1000 : pause_ms(transfer->failures);
    repeat(transfer, pause, reason);
    return true;
}

static bool settle_answer(struct transfer *transfer, struct error *err)
{
    const struct http_request *request = transfer->request;
    if (repeat_status(transfer))
        return true;
    /* An empty body never came through on_data(). */
    if (is_success(transfer->response.status) && !begin_once(transfer, err))
        return false;
    if (is_success(transfer->response.status))
        transfer->failures = 0;
    enum http_next next = HTTP_FINISHED;
    if (!request->handler->end(request->user, &transfer->response, &next, err))
        return false;
    end_request(transfer, next);
    return true;
}

/* docker-registry 2.8.2 announces more bytes with a 416 than it sends: what fails after a head that
 * promises no content has been answered all the same. */
static bool has_final_status(const struct transfer *transfer)
{
    return transfer->response.status >= 300;
}

bool transfer_settle(struct transfer *transfer, CURLcode result, struct error *err)
{
    if (error_is_set(&transfer->error)) {
        *err = TAKE(transfer->error);
        return false;
    }
    const char *target = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &target);
    read_response(transfer);
    bool redirected = target
        && is_listed(transfer->response.status, redirect_statuses, ARRAY_SIZE(redirect_statuses));

    bool answered = result == CURLE_OK || transfer->dropped || has_final_status(transfer);
    bool settled = !answered ? settle_failure(transfer, result, err)
        : redirected         ? settle_redirect(transfer, target, err)
                             : settle_answer(transfer, err);
    stop(transfer);
    return settled;
}
