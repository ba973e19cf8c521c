/* SPDX-License-Identifier: MIT */
#include "registry/blob_fetch.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "registry/blob_ingest.h"
#include "registry/origin.h"
#include "registry/registry_error.h"

#define STATUS_OK 200
#define STATUS_UNAUTHORIZED 401

struct job {
    const struct client *client;
    struct blob_feed *feed;
    const struct descriptor *blob;
    struct http_request request;
    struct blob_ingest ingest;
    size_t endpoint;
    size_t next_url;           /* of the descriptor's urls */
    bool elsewhere;            /* the request goes to one of them */
    bool announced;            /* the observer knows of it */
    bool was_wrong;            /* wrong content came once */
    bool authenticated;        /* a 401 was answered once */
    bool pending;              /* not in the store yet */
    struct strlist challenges; /* of a 401 */
};

struct job_list {
    struct job *items;
    size_t count;
};

static void job_close(struct job *job)
{
    http_request_clear(&job->request);
    blob_ingest_close(&job->ingest);
    strlist_clear(&job->challenges);
}

static void job_list_close(struct job_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        job_close(&list->items[i]);
    mem_free(&list->items);
    list->count = 0;
}

static void emit(const struct client *client, enum event_type type, const struct descriptor *blob,
                 uint64_t done)
{
    const struct event event = {
        .type = type, .subject = blob->digest.text, .done = done, .total = blob->size};
    context_emit(client->context, &event);
}

/* ---- the answer to a request ---- */

static bool on_begin(void *user, const struct http_response *response, enum http_take *ret_take,
                     struct error *err)
{
    (void)response;
    (void)ret_take;
    struct job *job = user;
    if (!job->announced)
        emit(job->client, EVENT_BLOB_STARTED, job->blob, 0);
    job->announced = true;
    if (job->ingest.written)
        blob_feed_restart(job->feed, &job->blob->digest);
    return blob_ingest_restart(&job->ingest, err);
}

static bool on_data(void *user, const void *bytes, size_t length, struct error *err)
{
    struct job *job = user;
    if (!blob_ingest_write(&job->ingest, bytes, length, err))
        return false;
    blob_feed_advance(job->feed, &job->blob->digest, job->ingest.written);
    emit(job->client, EVENT_BLOB_PROGRESS, job->blob, job->ingest.written);
    return true;
}

static bool finish(struct job *job, enum http_next *ret_next, struct error *err)
{
    if (blob_ingest_finish(&job->ingest, err)) {
        job->pending = false;
        blob_feed_publish(job->feed, &job->blob->digest);
        emit(job->client, EVENT_BLOB_DONE, job->blob, job->blob->size);
        return true;
    }
    if (err->kind != ERR_INTEGRITY)
        return false;
    if (job->was_wrong)
        return error_hint(err,
                          "the registry, or a proxy before it, keeps sending wrong content; "
                          "tell who runs it");
    context_step(job->client->context, "%s; asking once more", err->message);
    error_clear(err);
    job->was_wrong = true;
    *ret_next = HTTP_AGAIN;
    return true;
}

static bool url_is_allowed(const struct job *job, const char *url)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(origin_clear) struct origin origin = {0};
    return origin_parse(url, &origin, &ignored)
        && (origin_is_secure(&origin) || job->client->endpoints.items[job->endpoint].plain_http);
}

static const struct http_handler handler;

/* Turns the request to the next of the descriptor's urls, without the registry's token. */
static bool try_elsewhere(struct job *job)
{
    const struct strlist *urls = &job->blob->urls;
    while (job->next_url < urls->count) {
        const char *url = urls->items[job->next_url++];
        if (!url_is_allowed(job, url))
            continue;
        http_request_clear(&job->request);
        job->request = client_elsewhere_request(job->client, job->endpoint, url);
        job->request.handler = &handler;
        job->request.user = job;
        job->elsewhere = true;
        return true;
    }
    return false;
}

static bool on_end(void *user, struct http_response *response, enum http_next *ret_next,
                   struct error *err)
{
    struct job *job = user;
    if (response->status == STATUS_OK)
        return finish(job, ret_next, err);
    if (response->status == STATUS_UNAUTHORIZED && !job->elsewhere && !job->authenticated) {
        /* The token is fetched when nothing else is under way. */
        job->challenges = TAKE(response->challenges);
        return true;
    }
    if (try_elsewhere(job)) {
        *ret_next = HTTP_AGAIN;
        return true;
    }
    return registry_error(response, job->blob->digest.text, NULL, err);
}

static const struct http_handler handler = {.begin = on_begin, .data = on_data, .end = on_end};

/* ---- running jobs ---- */

static void prepare(const struct client *client, struct job *job)
{
    http_request_clear(&job->request);
    job->request = client_blob_request(client, job->endpoint, &job->blob->digest);
    job->request.handler = &handler;
    job->request.user = job;
}

/* Whatever is pending after a run was answered with 401. One token serves them all. */
static bool authenticate(struct client *client, struct job_list *jobs, struct error *err)
{
    bool done = false;
    for (size_t i = 0; i < jobs->count; i++) {
        struct job *job = &jobs->items[i];
        if (!job->pending)
            continue;
        if (!done && !client_authenticate(client, job->endpoint, &job->challenges, err))
            return false;
        done = true;
        job->authenticated = true;
        strlist_clear(&job->challenges);
    }
    return true;
}

static bool run_jobs(struct client *client, struct job_list *jobs, struct error *err)
{
    CLEANUP(mem_free)
    struct http_request **requests = xcalloc(jobs->count + 1, sizeof(*requests));
    for (;;) {
        size_t count = 0;
        for (size_t i = 0; i < jobs->count; i++) {
            if (!jobs->items[i].pending)
                continue;
            prepare(client, &jobs->items[i]);
            requests[count++] = &jobs->items[i].request;
        }
        if (count == 0)
            return true;
        if (!http_run(client->http, requests, count, err) || !authenticate(client, jobs, err))
            return false;
    }
}

/* ---- what is missing ---- */

static bool is_listed_before(const struct descriptor_list *list, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (digest_equal(&list->items[i].digest, &list->items[at].digest)
            && list->items[i].size == list->items[at].size)
            return true;
    return false;
}

static struct job_list make_job_list(size_t capacity)
{
    return (struct job_list){.items = xcalloc(capacity + 1, sizeof(struct job))};
}

static void report_present(const struct client *client, struct blob_feed *feed,
                           const struct descriptor *blob)
{
    emit(client, EVENT_BLOB_PRESENT, blob, 0);
    blob_feed_publish(feed, &blob->digest);
}

/* Makes a job of the blob, unless it has come into the store meanwhile. With wait false it fails
 * with ERR_BUSY when another process has it in hand. */
static bool add_job(const struct client *client, struct blob_feed *feed,
                    const struct descriptor *blob, bool wait, struct job_list *jobs,
                    struct error *err)
{
    CLEANUP(job_close)
    struct job job = {.client = client, .feed = feed, .blob = blob, .pending = true};
    const struct blob_store *store = blob_feed_store(feed);
    if (!blob_ingest_open(store, blob, wait, client->context->cancel, &job.ingest, err))
        return false;
    if (blob_store_has(store, &blob->digest, blob->size)) {
        report_present(client, feed, blob);
        return true;
    }
    jobs->items[jobs->count++] = TAKE(job);
    return true;
}

static bool check_space(const struct blob_store *store, const struct job_list *jobs,
                        struct error *err)
{
    uint64_t needed = 0;
    for (size_t i = 0; i < jobs->count; i++)
        needed += jobs->items[i].blob->size;
    uint64_t room = 0;
    if (needed == 0)
        return true;
    if (!fs_free_space(store->root, &room, err))
        return false;
    if (needed <= room)
        return true;
    return error_set(err, ERR_NO_SPACE,
                     "%" PRIu64 " bytes are to be fetched but the volume of '%s' has %" PRIu64
                     " bytes left",
                     needed, store->root, room);
}

/* Called while no lock is held. */
static bool fetch_busy(struct client *client, struct blob_feed *feed, const struct descriptor *blob,
                       struct error *err)
{
    CLEANUP(job_list_close) struct job_list jobs = make_job_list(1);
    context_step(client->context, "%s: another wrun is fetching it; waiting", blob->digest.text);
    return add_job(client, feed, blob, /* wait= */ true, &jobs, err)
        && run_jobs(client, &jobs, err);
}

/* Jobs for what is missing; *busy gets what another process has in hand. */
static bool plan(const struct client *client, struct blob_feed *feed,
                 const struct descriptor_list *blobs, struct job_list *jobs,
                 struct descriptor_list *busy, struct error *err)
{
    for (size_t i = 0; i < blobs->count; i++) {
        const struct descriptor *blob = &blobs->items[i];
        if (is_listed_before(blobs, i))
            continue;
        if (blob_store_has(blob_feed_store(feed), &blob->digest, blob->size)) {
            report_present(client, feed, blob);
            continue;
        }
        if (add_job(client, feed, blob, /* wait= */ false, jobs, err))
            continue;
        if (err->kind != ERR_BUSY)
            return false;
        error_clear(err);
        busy->items[busy->count++] = *blob;
    }
    return true;
}

/* The copies borrow from the caller's list. */
static void borrowed_clear(struct descriptor_list *list)
{
    mem_free(&list->items);
}

bool blob_fetch(struct client *client, struct blob_feed *feed, const struct descriptor_list *blobs,
                struct error *err)
{
    CLEANUP(job_list_close) struct job_list jobs = make_job_list(blobs->count);
    CLEANUP(borrowed_clear)
    struct descriptor_list busy = {.items = xcalloc(blobs->count + 1, sizeof(*busy.items))};
    if (!plan(client, feed, blobs, &jobs, &busy, err)
        || !check_space(blob_feed_store(feed), &jobs, err) || !run_jobs(client, &jobs, err))
        return false;
    job_list_close(&jobs);
    for (size_t i = 0; i < busy.count; i++)
        if (!fetch_busy(client, feed, &busy.items[i], err))
            return false;
    return true;
}
