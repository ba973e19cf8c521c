/* SPDX-License-Identifier: MIT */
#include "registry/http_retry.h"

#include <string.h>

#include "base/error.h"
#include "base/os.h"

#define REPEATS 6
/* So that a wrong name or port is told within seconds. */
#define REPEATS_FIRST 3
#define FIRST_PAUSE_MS 500

#define NETWORK_HINT "check the network between this host and the registry"
#define CERTIFICATE_HINT                                                                           \
    "install the registry's CA certificate on this host, or name its file with --cacert"
#define PLAIN_HTTP_HINT "if the registry speaks plain http, add --plain-http"
#define REVOCATION_HINT "if no revocation server can be reached from this host, add --no-revoke"

/* The first row that fits; what fits none is final. Schannel reports most of what is wrong with a
 * certificate as CURLE_SSL_CONNECT_ERROR, so its text decides. */
static const struct failure {
    CURLcode code;
    const char *text; /* part of libcurl's account; NULL = any */
    struct http_retry retry;
} failures[] = {
    {CURLE_COULDNT_RESOLVE_PROXY, NULL, {REPEATS_FIRST, REPEATS, "check the name of the proxy"}},
    {CURLE_PROXY, NULL, {REPEATS_FIRST, REPEATS, "check that the proxy works"}},
    {CURLE_COULDNT_RESOLVE_HOST,
     NULL,
     {REPEATS_FIRST, REPEATS, "check the name of the registry and the DNS of this host"}},
    {CURLE_COULDNT_CONNECT,
     NULL,
     {REPEATS_FIRST, REPEATS, "check that the registry is running, and its host and port"}},
    {CURLE_SSL_CONNECT_ERROR, "wrong version number", {0, 0, PLAIN_HTTP_HINT}},
    {CURLE_SSL_CONNECT_ERROR, "packet length too long", {0, 0, PLAIN_HTTP_HINT}},
    {CURLE_SSL_CONNECT_ERROR, "SEC_E_INVALID_TOKEN", {0, 0, PLAIN_HTTP_HINT}},
    {CURLE_SSL_CONNECT_ERROR, "SEC_E_UNTRUSTED_ROOT", {0, 0, CERTIFICATE_HINT}},
    {CURLE_SSL_CONNECT_ERROR, "CERT_E_", {0, 0, CERTIFICATE_HINT}},
    {CURLE_SSL_CONNECT_ERROR, "SEC_E_CERT", {0, 0, CERTIFICATE_HINT}},
    {CURLE_SSL_CONNECT_ERROR, "SEC_E_WRONG_PRINCIPAL", {0, 0, CERTIFICATE_HINT}},
    {CURLE_SSL_CONNECT_ERROR, "CRYPT_E_REVO", {0, 0, REVOCATION_HINT}},
    {CURLE_SSL_CONNECT_ERROR, "CRYPT_E_NO_REVO", {0, 0, REVOCATION_HINT}},
    {CURLE_SSL_CONNECT_ERROR, NULL, {REPEATS_FIRST, REPEATS, PLAIN_HTTP_HINT}},
    {CURLE_PEER_FAILED_VERIFICATION, NULL, {0, 0, CERTIFICATE_HINT}},
    {CURLE_SSL_CACERT_BADFILE, NULL, {0, 0, "check the certificates given with --cacert"}},
    {CURLE_SSL_CERTPROBLEM,
     NULL,
     {0, 0,
      "check the client certificate; on Windows it must be a PKCS #12 file, named .pfx or .p12"}},
    {CURLE_OPERATION_TIMEDOUT, NULL, {REPEATS_FIRST, REPEATS, NETWORK_HINT}},
    {CURLE_PARTIAL_FILE, NULL, {REPEATS, REPEATS, NETWORK_HINT}},
    {CURLE_GOT_NOTHING, NULL, {REPEATS, REPEATS, NETWORK_HINT}},
    {CURLE_SEND_ERROR, NULL, {REPEATS, REPEATS, NETWORK_HINT}},
    {CURLE_RECV_ERROR, NULL, {REPEATS, REPEATS, NETWORK_HINT}},
    {CURLE_HTTP2, NULL, {REPEATS, REPEATS, NETWORK_HINT}},
    {CURLE_HTTP2_STREAM, NULL, {REPEATS, REPEATS, NETWORK_HINT}},
};

/* A proxy's refusal to make a connection; other statuses of it may pass. */
static const struct {
    long status;
    struct http_retry retry;
} refusals[] = {
    {403, {0, 0, "the proxy does not let this host talk to the registry; ask who runs it"}},
    {405, {0, 0, "the proxy does not forward https; ask who runs it"}},
    {407, {0, 0, "give the user name and the password for the proxy in HTTPS_PROXY"}},
};

static const long repeated_statuses[] = {408, 425, 429, 499, 500, 502, 503, 504, 522};

const struct http_retry *http_retry_of_failure(CURLcode code, const char *text, long connect_status)
{
    static const struct http_retry final = {0};
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
        if (refusals[i].status == connect_status)
            return &refusals[i].retry;
    for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
        if (failures[i].code == code && (!failures[i].text || strstr(text, failures[i].text)))
            return &failures[i].retry;
    return &final;
}

unsigned http_retry_of_status(long status)
{
    for (size_t i = 0; i < ARRAY_SIZE(repeated_statuses); i++)
        if (repeated_statuses[i] == status)
            return REPEATS;
    return 0;
}

uint64_t http_retry_pause_ms(unsigned repetition)
{
    unsigned doublings = repetition > REPEATS ? REPEATS - 1 : repetition - 1;
    uint64_t pause = (uint64_t)FIRST_PAUSE_MS << doublings;
    uint8_t dice = UINT8_MAX / 2;
    CLEANUP(error_clear) struct error ignored = {0};
    (void)!os_random(&dice, sizeof(dice), &ignored);
    return pause * 8 / 10 + pause * 4 / 10 * dice / UINT8_MAX;
}
