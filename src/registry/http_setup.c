/* SPDX-License-Identifier: MIT */
#include "registry/http_setup.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "base/text.h"
#include "registry/http_redirect.h"

#define CONNECT_TIMEOUT_MS 30000
#define STALL_BYTES_PER_S 1024
#define STALL_S 30
#define RECEIVE_BUFFER (512 * 1024)

/* ---- headers ---- */

static void add_line(struct transfer *transfer, const char *line)
{
    struct curl_slist *list = curl_slist_append(transfer->headers, line);
    if (!list)
        out_of_memory();
    transfer->headers = list;
}

static void add_header(struct transfer *transfer, const char *name, const char *value)
{
    CLEANUP(secret_free) char *line = str_format("%s: %s", name, value);
    add_line(transfer, line);
}

/* What is meant for the request's own origin stays with it. */
static bool add_headers(struct transfer *transfer, const struct origin *hop, struct error *err)
{
    const struct http_request *request = transfer->request;
    CLEANUP(origin_clear) struct origin own = {0};
    if (request->accept)
        add_header(transfer, "Accept", request->accept);
    if (!origin_parse(request->url, &own, err))
        return false;
    if (!origin_equal(&own, hop))
        return true;
    if (request->authorization)
        add_header(transfer, "Authorization", request->authorization);
    for (size_t i = 0; request->peer && !request->elsewhere && i < request->peer->headers.count;
         i++)
        add_line(transfer, request->peer->headers.items[i]);
    return true;
}

/* ---- the address of the peer ---- */

/* Called by libcurl when the connection stands and nothing has been sent. */
static int on_connected(void *user, char *peer, char *own, int peer_port, int own_port)
{
    struct transfer *transfer = user;
    uint8_t address[16];
    (void)own;
    (void)peer_port;
    (void)own_port;
    if (transfer->proxied || !http_address_parse(peer, address))
        return CURL_PREREQFUNC_OK;
    if (transfer_is_led(transfer)) {
        CLEANUP(origin_clear) struct origin hop = {0};
        bool allowed = origin_parse(transfer_url(transfer), &hop, &transfer->refusal)
            && http_redirect_check_address(transfer->led_by, address, &hop, &transfer->refusal);
        return allowed ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
    }
    transfer->led_by = http_address_scope(address);
    if (transfer->request->peer)
        transfer->request->peer->scope = transfer->led_by;
    return CURL_PREREQFUNC_OK;
}

/* ---- options ---- */

static bool set_fixed(CURL *easy, const struct transfer *transfer, const struct origin *hop,
                      const struct http_peer *peer)
{
    unsigned timeout = peer->connect_timeout_ms ? peer->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    return curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, hop->scheme) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK
        /* One connection for each range of a large blob, each with a window of its own. */
        && curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)timeout) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES_PER_S) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_S) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_USERAGENT, transfer->http->user_agent) == CURLE_OK;
}

static bool set_proxy(CURL *easy, const char *proxy)
{
    return curl_easy_setopt(easy, CURLOPT_PROXY, proxy ? proxy : "") == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_PROXYAUTH, (long)CURLAUTH_ANY) == CURLE_OK;
}

static bool is_pkcs12(const char *name)
{
    return str_ends_with_nocase(name, ".pfx") || str_ends_with_nocase(name, ".p12");
}

static bool set_client_certificate(CURL *easy, const struct http_tls *tls)
{
    const char *type = is_pkcs12(tls->client_file) ? "P12" : "PEM";
    return curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->client_file) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, type) == CURLE_OK
        && (!tls->key_file || curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->key_file) == CURLE_OK);
}

static bool set_roots(CURL *easy, char *pem)
{
    /* Both owners of such a text outlive the transfer. */
    struct curl_blob blob = {.data = pem, .len = strlen(pem), .flags = CURL_BLOB_NOCOPY};
    return curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK;
}

static bool set_tls(CURL *easy, const struct http *http, const struct http_tls *tls)
{
    /* An unreachable revocation server must not stop a host behind a proxy (Schannel only). */
    long options = http->no_revoke ? CURLSSLOPT_NO_REVOKE : CURLSSLOPT_REVOKE_BEST_EFFORT;
    char *roots = tls->ca_pem ? tls->ca_pem : http->ca_pem;
    return curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_SSL_OPTIONS, options) == CURLE_OK
        && (!roots || set_roots(easy, roots))
        && (!tls->client_file || set_client_certificate(easy, tls))
        && (!tls->skip_verify
            || (curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK
                && curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK));
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
    const char *form = transfer->request->form;
    transfer->curl_text[0] = '\0';
    return set_range(easy, &transfer->request->range)
        && (!form || curl_easy_setopt(easy, CURLOPT_POSTFIELDS, form) == CURLE_OK)
        && curl_easy_setopt(easy, CURLOPT_URL, transfer_url(transfer)) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer) == CURLE_OK
        && curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_text) == CURLE_OK;
}

bool http_setup(struct transfer *transfer, const struct origin *hop, struct error *err)
{
    static const struct http_peer stranger = {0};
    const struct http_peer *asked = transfer->request->peer;
    const struct http_peer *peer = asked && str_equal(asked->host, hop->host) ? asked : &stranger;
    const char *proxy =
        peer->proxy ? peer->proxy : http_proxies_choose(&transfer->http->proxies, hop);
    transfer->proxied = proxy != NULL;
    if (!add_headers(transfer, hop, err))
        return false;
    if (set_fixed(transfer->easy, transfer, hop, peer) && set_proxy(transfer->easy, proxy)
        && (!origin_is_secure(hop) || set_tls(transfer->easy, transfer->http, &peer->tls))
        && set_request(transfer->easy, transfer))
        return true;
    return error_set(err, ERR_BUG, "libcurl refuses the options of a request");
}
