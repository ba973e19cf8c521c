/* SPDX-License-Identifier: MIT */
#include "registry/blob_fetch.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "registry/blob_job.h"
#include "registry/blob_slot.h"

struct job_list {
    struct blob_job *items;
    size_t count;
};

static struct job_list make_job_list(size_t capacity)
{
    return (struct job_list){.items = xcalloc(capacity + 1, sizeof(struct blob_job))};
}

static void job_list_close(struct job_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        blob_job_close(&list->items[i]);
    mem_free(&list->items);
    list->count = 0;
}

static void emit(const struct blob_fetch *fetch, enum event_type type,
                 const struct descriptor *blob)
{
    const struct event event = {.type = type, .subject = blob->digest.text, .total = blob->size};
    context_emit(fetch->client->context, &event);
}

/* ---- running jobs ---- */

static struct blob_crew make_crew(const struct blob_fetch *fetch, const struct job_list *jobs)
{
    size_t count = fetch->connections ? fetch->connections : BLOB_FETCH_CONNECTIONS;
    struct blob_crew crew = {
        .jobs = jobs->items,
        .job_count = jobs->count,
        .slots = xcalloc(count, sizeof(*crew.slots)),
        .slot_count = count,
    };
    return crew;
}

static void crew_close(struct blob_crew *crew)
{
    for (size_t i = 0; i < crew->slot_count; i++)
        blob_slot_close(&crew->slots[i]);
    mem_free(&crew->slots);
}

/* An earlier process may have been killed just before it published. */
static bool begin_complete(const struct blob_crew *crew, struct error *err)
{
    for (size_t i = 0; i < crew->job_count; i++) {
        struct blob_job *job = &crew->jobs[i];
        if (job->complete || blob_job_missing(job) > 0)
            continue;
        if (!blob_job_begin(job, err))
            return false;
        blob_job_check_complete(job);
    }
    return true;
}

/* *ret_any is false when there is nothing to fetch at this moment. */
static bool run_slots(const struct blob_fetch *fetch, struct blob_crew *crew, bool *ret_any,
                      struct error *err)
{
    CLEANUP(mem_free)
    struct http_request **requests = xcalloc(crew->slot_count, sizeof(*requests));
    size_t count = 0;
    for (bool assigned = true; assigned && count < crew->slot_count;) {
        struct blob_slot *slot = &crew->slots[count];
        slot->crew = crew;
        if (!blob_slot_assign(slot, &assigned, err))
            return false;
        if (assigned)
            requests[count++] = &slot->request;
    }
    *ret_any = count > 0;
    return count == 0 || http_run(fetch->client->http, requests, count, err);
}

static bool renew_tokens(const struct blob_fetch *fetch, const struct blob_crew *crew,
                         struct error *err)
{
    /* A service may give tokens that are as good as stale: one for each round will do. */
    size_t renewed = SIZE_MAX;
    for (size_t i = 0; i < crew->job_count; i++) {
        struct blob_job *job = &crew->jobs[i];
        if (job->complete || job->source.endpoint == renewed)
            continue;
        renewed = job->source.endpoint;
        if (!blob_source_renew(&job->source, fetch->client, err))
            return false;
    }
    return true;
}

/* Only between runs, for a token service must not be asked while transfers are under way. One token
 * serves all blobs of an endpoint. */
static bool authenticate(const struct blob_fetch *fetch, const struct blob_crew *crew,
                         bool *ret_any, struct error *err)
{
    *ret_any = false;
    for (size_t i = 0; i < crew->job_count; i++) {
        struct blob_source *source = &crew->jobs[i].source;
        if (!source->unauthorized)
            continue;
        if (!blob_source_authenticate(source, fetch->client, err))
            return false;
        *ret_any = true;
        for (size_t j = i + 1; j < crew->job_count; j++) {
            struct blob_source *other = &crew->jobs[j].source;
            if (other->unauthorized && other->endpoint == source->endpoint)
                blob_source_take_token(other);
        }
    }
    return true;
}

/* Waits for the hash of a blob that is not done; *ret_any is false when there is none. */
static bool wait_for_hash(const struct blob_crew *crew, bool *ret_any, struct error *err)
{
    *ret_any = false;
    for (size_t i = 0; i < crew->job_count && !*ret_any; i++) {
        if (blob_job_is_done(&crew->jobs[i]))
            continue;
        *ret_any = true;
        if (!blob_job_wait(&crew->jobs[i], err))
            return false;
    }
    return true;
}

static bool run_jobs(const struct blob_fetch *fetch, const struct job_list *jobs, struct error *err)
{
    CLEANUP(crew_close) struct blob_crew crew = make_crew(fetch, jobs);
    for (;;) {
        bool ran = false;
        bool authenticated = false;
        bool waited = false;
        if (!begin_complete(&crew, err) || !renew_tokens(fetch, &crew, err)
            || !run_slots(fetch, &crew, &ran, err)
            || !authenticate(fetch, &crew, &authenticated, err))
            return false;
        if (ran || authenticated)
            continue;
        if (!wait_for_hash(&crew, &waited, err))
            return false;
        if (!waited)
            return true;
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

static void report_present(const struct blob_fetch *fetch, const struct descriptor *blob)
{
    emit(fetch, EVENT_BLOB_PRESENT, blob);
    blob_feed_publish(fetch->feed, &blob->digest);
}

/* Makes a job of the blob, unless it has come into the store meanwhile. With wait false it fails
 * with ERR_BUSY when another process has it in hand. */
static bool add_job(const struct blob_fetch *fetch, const struct descriptor *blob, bool wait,
                    struct job_list *jobs, struct error *err)
{
    CLEANUP(blob_job_close) struct blob_job job = {0};
    if (!blob_job_open(fetch->feed, fetch->client, blob, wait, &job, err))
        return false;
    if (blob_store_has(blob_feed_store(fetch->feed), &blob->digest, blob->size)) {
        report_present(fetch, blob);
        job.spoilt = true;
        return true;
    }
    jobs->items[jobs->count++] = TAKE(job);
    return true;
}

static bool check_space(const struct blob_fetch *fetch, const struct job_list *jobs,
                        struct error *err)
{
    const char *root = blob_feed_store(fetch->feed)->root;
    uint64_t needed = 0;
    for (size_t i = 0; i < jobs->count; i++)
        needed += blob_job_missing(&jobs->items[i]);
    uint64_t room = 0;
    if (needed == 0)
        return true;
    if (!fs_free_space(root, &room, err))
        return false;
    if (needed <= room)
        return true;
    return error_set(err, ERR_NO_SPACE,
                     "%" PRIu64 " bytes are to be fetched but the volume of '%s' has %" PRIu64
                     " bytes left",
                     needed, root, room);
}

/* Called while no lock is held. */
static bool fetch_busy(const struct blob_fetch *fetch, const struct descriptor *blob,
                       struct error *err)
{
    CLEANUP(job_list_close) struct job_list jobs = make_job_list(1);
    emit(fetch, EVENT_BLOB_WAITING, blob);
    return add_job(fetch, blob, /* wait= */ true, &jobs, err) && check_space(fetch, &jobs, err)
        && run_jobs(fetch, &jobs, err);
}

/* Jobs for what is missing; *busy gets what another process has in hand. */
static bool plan(const struct blob_fetch *fetch, const struct descriptor_list *blobs,
                 struct job_list *jobs, struct descriptor_list *busy, struct error *err)
{
    for (size_t i = 0; i < blobs->count; i++) {
        const struct descriptor *blob = &blobs->items[i];
        if (is_listed_before(blobs, i))
            continue;
        if (blob_store_has(blob_feed_store(fetch->feed), &blob->digest, blob->size)) {
            report_present(fetch, blob);
            continue;
        }
        if (add_job(fetch, blob, /* wait= */ false, jobs, err))
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

bool blob_fetch(const struct blob_fetch *fetch, const struct descriptor_list *blobs,
                struct error *err)
{
    CLEANUP(job_list_close) struct job_list jobs = make_job_list(blobs->count);
    CLEANUP(borrowed_clear)
    struct descriptor_list busy = {.items = xcalloc(blobs->count + 1, sizeof(*busy.items))};
    if (!plan(fetch, blobs, &jobs, &busy, err) || !check_space(fetch, &jobs, err)
        || !run_jobs(fetch, &jobs, err))
        return false;
    job_list_close(&jobs);
    for (size_t i = 0; i < busy.count; i++)
        if (!fetch_busy(fetch, &busy.items[i], err))
            return false;
    return true;
}
