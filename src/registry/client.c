/* SPDX-License-Identifier: MIT */
#include "registry/client.h"

#include <string.h>

#include "base/alloc.h"
#include "base/os.h"
#include "base/text.h"
#include "registry/auth.h"
#include "registry/certificates.h"
#include "registry/media_type.h"
#include "registry/registry_error.h"

#define DEFAULT_DOWNLOADS 4
#define STATUS_OK 200
#define STATUS_UNAUTHORIZED 401
#define STATUS_NOT_FOUND 404
#define TAG_LIST_MAXIMUM ((size_t)4 << 20)

/* A mirror has a credential only if there is one for its own name. */
static bool open_auths(const struct client_options *options, struct client *client,
                       struct error *err)
{
    client->auths = xcalloc(client->endpoints.count, sizeof(struct auth *));
    for (size_t i = 0; i < client->endpoints.count; i++) {
        struct endpoint *endpoint = &client->endpoints.items[i];
        const struct auth_options auth = {
            .http = client->http,
            .credentials = options->credentials,
            .peer = &endpoint->peer,
            .context = options->context,
            .given = options->login,
            .url = endpoint->base,
            .host = endpoint->name,
            .repository = options->login ? NULL : client->repository,
        };
        if (!auth_open(&auth, &client->auths[i], err))
            return false;
    }
    return true;
}

/* --cacert must be right; a variable that another program's user has set need not be. */
static bool read_roots(const struct client_options *options, char **ret, struct error *err)
{
    if (options->ca_file) {
        if (certificates_add(options->ca_file, ret, err))
            return true;
        error_hint(err, "check the file given with --cacert");
        return error_wrap(err, "--cacert");
    }
    CLEANUP(str_free) char *variable = os_getenv("SSL_CERT_FILE");
    CLEANUP(error_clear) struct error ignored = {0};
    if (variable && *variable && !certificates_add(variable, ret, &ignored))
        context_warn(options->context, "SSL_CERT_FILE: %s; the system's certificates are used",
                     ignored.message);
    return true;
}

bool client_open(const struct client_options *options, struct client *ret, struct error *err)
{
    CLEANUP(client_close) struct client client = {.context = options->context};
    CLEANUP(str_free) char *roots = NULL;
    if (!read_roots(options, &roots, err))
        return false;
    struct http_options http = {
        .ca_pem = roots,
        .no_revoke = options->no_revoke,
        .max_transfers = options->max_downloads ? options->max_downloads : DEFAULT_DOWNLOADS,
        .context = options->context,
    };
    if (!http_open(&http, &client.http, err))
        return false;
    const struct endpoint_options endpoints = {
        .reference = options->reference,
        .plain_http = options->plain_http,
        .insecure = options->insecure,
        .hosts_dir = options->hosts_dir,
        .mirrors = options->mirrors,
        .context = options->context,
    };
    if (!endpoint_list_open(&endpoints, &client.endpoints, err))
        return false;
    client.repository = xstrdup(options->reference->path);
    if (!open_auths(options, &client, err))
        return false;
    *ret = TAKE(client);
    return true;
}

void client_close(struct client *client)
{
    for (size_t i = 0; client->auths && i < client->endpoints.count; i++)
        auth_close(&client->auths[i]);
    mem_free(&client->auths);
    http_close(&client->http);
    str_free(&client->repository);
    endpoint_list_close(&client->endpoints);
    *client = (struct client){0};
}

bool client_authenticate(struct client *client, size_t endpoint, const struct strlist *challenges,
                         struct error *err)
{
    return auth_answer(client->auths[endpoint], challenges, err);
}

static struct http_request make_request(const struct client *client, size_t endpoint,
                                        const char *kind, const char *name)
{
    const char *authorization = auth_header(client->auths[endpoint]);
    return (struct http_request){
        .url = endpoint_url(&client->endpoints.items[endpoint], kind, name),
        .authorization = authorization ? xstrdup(authorization) : NULL,
        .peer = &client->endpoints.items[endpoint].peer,
    };
}

struct http_request client_blob_request(const struct client *client, size_t endpoint,
                                        const struct digest *digest)
{
    return make_request(client, endpoint, "blobs", digest->text);
}

struct http_request client_elsewhere_request(const struct client *client, size_t endpoint,
                                             const char *url)
{
    return (struct http_request){
        .url = xstrdup(url),
        .elsewhere = true,
        .peer = &client->endpoints.items[endpoint].peer,
    };
}

/* ---- documents of one endpoint ---- */

bool client_check_access(struct client *client, struct error *err)
{
    /* The registry comes after its mirrors. */
    size_t last = client->endpoints.count - 1;
    struct auth *auth = client->auths[last];
    for (unsigned answered = 0;; answered++) {
        CLEANUP(http_document_clear) struct http_document answer = {0};
        if (!auth_ping(auth, &answer, err))
            return false;
        if (answer.response.status == 200)
            return true;
        if (answer.response.status != STATUS_UNAUTHORIZED || answered == 1)
            return registry_error(&answer.response, "log in",
                                  "check the user name, the password and the registry's address",
                                  err);
        if (!auth_answer(auth, &answer.response.challenges, err))
            return false;
    }
}

/* Registries answer alike for a wrong tag and a wrong repository; the list of tags tells them
 * apart. */
static bool report_missing(struct client *client, size_t endpoint,
                           const struct http_response *response, const char *name,
                           struct error *err)
{
    CLEANUP(http_document_clear) struct http_document tags = {0};
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(http_request_clear)
    struct http_request request = make_request(client, endpoint, "tags", "list");
    bool answered = http_get(client->http, &request, TAG_LIST_MAXIMUM, &tags, &ignored);
    CLEANUP(str_free) char *subject = NULL;
    const char *hint = NULL;
    if (answered && tags.response.status == STATUS_NOT_FOUND) {
        subject = str_format("there is no repository '%s'", client->repository);
        hint = "check the name of the repository";
    } else {
        subject = str_format("the repository has no '%s'", name);
        hint = "check the tag or digest";
    }
    return registry_error(response, subject, hint, err);
}

/* A 401 is answered once, and once more when the registry then names a wider scope. */
static bool get_with_auth(struct client *client, size_t endpoint, const char *name, size_t maximum,
                          struct http_document *ret, struct error *err)
{
    struct auth *auth = client->auths[endpoint];
    if (auth_is_stale(auth) && !auth_renew(auth, err))
        return false;
    for (unsigned answered = 0;; answered++) {
        CLEANUP(http_request_clear)
        struct http_request request = make_request(client, endpoint, "manifests", name);
        request.accept = media_type_accept_manifest;
        if (!http_get(client->http, &request, maximum, ret, err))
            return false;
        const struct strlist *challenges = &ret->response.challenges;
        if (ret->response.status != STATUS_UNAUTHORIZED || answered == 2
            || (answered == 1 && !auth_needs_scope(auth, challenges)))
            return true;
        if (!auth_answer(auth, challenges, err))
            return false;
        http_document_clear(ret);
    }
}

/* Somebody else may have the right content, so it is looked at where there is somebody else. */
static bool check_content(const struct http_document *document, const char *name, struct error *err)
{
    CLEANUP(error_clear) struct error ignored = {0};
    struct digest wanted;
    if (!digest_parse(name, &wanted, &ignored))
        return true;
    struct digest found = digest_of(document->body.data, document->body.length);
    return digest_equal(&wanted, &found)
        || error_set(err, ERR_INTEGRITY, "wrong content: expected %s, got %s", wanted.text,
                     found.text);
}

static bool get_manifest_at(struct client *client, size_t endpoint, const char *name,
                            size_t maximum, struct http_document *ret, struct error *err)
{
    bool spare = client->endpoints.items[endpoint].peer.spare;
    CLEANUP(http_document_clear) struct http_document document = {0};
    if (!get_with_auth(client, endpoint, name, maximum, &document, err))
        return false;
    if (document.response.status == STATUS_NOT_FOUND && !spare)
        return report_missing(client, endpoint, &document.response, name, err);
    if (document.response.status != STATUS_OK)
        return registry_error(&document.response, "manifest", NULL, err);
    if (spare && !check_content(&document, name, err))
        return false;
    *ret = TAKE(document);
    return true;
}

/* ---- one endpoint after the other ---- */

static bool is_endpoints_fault(enum err_kind kind)
{
    return kind == ERR_NETWORK || kind == ERR_AUTH || kind == ERR_NOT_FOUND
        || kind == ERR_INTEGRITY;
}

bool client_move_on(const struct client *client, size_t endpoint, struct error *failure)
{
    if (!is_endpoints_fault(failure->kind))
        return false;
    const char *name = client->endpoints.items[endpoint].name;
    if (failure->kind == ERR_INTEGRITY)
        context_warn(client->context, "%s: %s; asking elsewhere", name, failure->message);
    else
        context_step(client->context, "%s: %s; asking elsewhere", name, failure->message);
    error_clear(failure);
    return true;
}

bool client_get_manifest(struct client *client, const char *tag_or_digest, size_t maximum,
                         struct http_document *ret, struct error *err)
{
    const struct endpoint_list *list = &client->endpoints;
    bool resolve = !strchr(tag_or_digest, ':');
    size_t at = endpoint_list_find(list, 0, resolve);
    if (at == list->count)
        return error_set(err, ERR_USAGE,
                         "hosts.toml names nobody who may be asked for '%s': none has '%s'",
                         tag_or_digest, resolve ? "resolve" : "pull");
    while (!get_manifest_at(client, at, tag_or_digest, maximum, ret, err)) {
        size_t next = endpoint_list_find(list, at + 1, resolve);
        if (next == list->count || !client_move_on(client, at, err))
            return false;
        at = next;
    }
    return true;
}
