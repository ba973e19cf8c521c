/* SPDX-License-Identifier: MIT */
#include "registry/blob_source.h"

#include "base/alloc.h"
#include "base/os.h"
#include "base/text.h"
#include "registry/origin.h"

#define STATUS_UNAUTHORIZED 401
/* The links of Azure's registries live for 20 minutes, those of others for less. */
#define TARGET_LIFE_MS ((uint64_t)10 * 60 * 1000)
#define TARGET_REFUSALS_MAXIMUM 3

static const struct endpoint *endpoint_of(const struct blob_source *source)
{
    return &source->client->endpoints.items[source->endpoint];
}

/* The first endpoint from 'start' on that has content; the last is the registry itself, which has.
 */
static size_t find_endpoint(const struct client *client, size_t start)
{
    return endpoint_list_find(&client->endpoints, start, /* resolve= */ false);
}

struct blob_source blob_source_open(const struct client *client, const struct descriptor *blob)
{
    return (struct blob_source){
        .client = client,
        .blob = blob,
        .endpoint = find_endpoint(client, 0),
    };
}

void blob_source_close(struct blob_source *source)
{
    str_free(&source->target);
    strlist_clear(&source->challenges);
    *source = (struct blob_source){0};
}

struct http_request blob_source_request(const struct blob_source *source)
{
    if (source->foreign)
        return client_elsewhere_request(source->client, source->endpoint, source->foreign);
    if (source->target && os_monotonic_ms() - source->target_ms < TARGET_LIFE_MS)
        return client_elsewhere_request(source->client, source->endpoint, source->target);
    return client_blob_request(source->client, source->endpoint, &source->blob->digest);
}

/* Somebody else answered than who was asked. */
static bool was_redirected(const struct http_request *request, const struct http_response *response)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(origin_clear) struct origin asked = {0};
    CLEANUP(origin_clear) struct origin answered = {0};
    return origin_parse(request->url, &asked, &ignored)
        && origin_parse(response->url, &answered, &ignored) && !origin_equal(&asked, &answered);
}

void blob_source_accept(struct blob_source *source, const struct http_request *request,
                        const struct http_response *response)
{
    source->refusals = 0;
    source->token_used = false;
    if (request->elsewhere || !was_redirected(request, response))
        return;
    str_free(&source->target);
    source->target = xstrdup(response->url);
    source->target_ms = os_monotonic_ms();
}

enum blob_refusal blob_source_refuse(struct blob_source *source, unsigned version,
                                     const struct http_request *request,
                                     struct http_response *response)
{
    if (version != source->version)
        return BLOB_REFUSAL_AGAIN;
    bool by_target = !source->foreign && (request->elsewhere || was_redirected(request, response));
    if (by_target && source->refusals < TARGET_REFUSALS_MAXIMUM) {
        source->refusals++;
        blob_source_forget_target(source);
        return BLOB_REFUSAL_AGAIN;
    }
    if (response->status == STATUS_UNAUTHORIZED && !by_target && !source->foreign
        && !source->token_used) {
        strlist_clear(&source->challenges);
        source->challenges = TAKE(response->challenges);
        source->unauthorized = true;
        return BLOB_REFUSAL_UNAUTHORIZED;
    }
    const char *name = blob_source_name(source);
    if (!blob_source_next(source))
        return BLOB_REFUSAL_FINAL;
    context_step(source->client->context, "%s: %s: status %ld; asking elsewhere", name,
                 source->blob->digest.text, response->status);
    return BLOB_REFUSAL_AGAIN;
}

void blob_source_forget_target(struct blob_source *source)
{
    if (source->target)
        source->version++;
    str_free(&source->target);
}

static bool url_is_allowed(const struct blob_source *source, const char *url)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(origin_clear) struct origin origin = {0};
    return origin_parse(url, &origin, &ignored)
        && (origin_is_secure(&origin) || endpoint_of(source)->plain_http);
}

bool blob_source_is_mirror(const struct blob_source *source)
{
    return find_endpoint(source->client, source->endpoint + 1) < source->client->endpoints.count;
}

const char *blob_source_name(const struct blob_source *source)
{
    return source->foreign ? source->foreign : endpoint_of(source)->name;
}

bool blob_source_next(struct blob_source *source)
{
    if (blob_source_is_mirror(source)) {
        source->endpoint = find_endpoint(source->client, source->endpoint + 1);
        source->token_used = false;
        source->refusals = 0;
        source->version++;
        str_free(&source->target);
        return true;
    }
    const struct strlist *urls = &source->blob->urls;
    while (source->next_url < urls->count) {
        const char *url = urls->items[source->next_url++];
        if (!url_is_allowed(source, url))
            continue;
        source->foreign = url;
        source->version++;
        return true;
    }
    return false;
}

bool blob_source_authenticate(struct blob_source *source, struct client *client, struct error *err)
{
    if (client_authenticate(client, source->endpoint, &source->challenges, err)) {
        blob_source_take_token(source);
        return true;
    }
    /* A mirror that does not let us in is passed over. */
    if (!blob_source_is_mirror(source) || !client_move_on(client, source->endpoint, err))
        return false;
    strlist_clear(&source->challenges);
    source->unauthorized = false;
    return blob_source_next(source);
}

bool blob_source_is_stale(const struct blob_source *source)
{
    return !source->foreign && auth_is_stale(source->client->auths[source->endpoint]);
}

bool blob_source_renew(struct blob_source *source, struct client *client, struct error *err)
{
    return !blob_source_is_stale(source) || auth_renew(client->auths[source->endpoint], err);
}

void blob_source_take_token(struct blob_source *source)
{
    strlist_clear(&source->challenges);
    source->unauthorized = false;
    source->token_used = true;
    source->version++;
}
