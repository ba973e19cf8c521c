/* SPDX-License-Identifier: MIT */
#include "registry/blob_job.h"

#include <inttypes.h>

#include "base/alloc.h"

#define POLL_MS 100
/* A server that sends everything from its first byte each time, and never to the end. */
#define REWINDS_MAXIMUM 6
#define PROGRESS_MINIMUM ((uint64_t)1 << 20)

static uint64_t done_bytes(const struct blob_job *job)
{
    return job->complete ? job->blob->size : byte_ranges_total(&job->ingest.done);
}

static void emit(const struct blob_job *job, enum event_type type, uint64_t done)
{
    const struct event event = {
        .type = type, .subject = job->blob->digest.text, .done = done, .total = job->blob->size};
    context_emit(job->context, &event);
}

bool blob_job_open(struct blob_feed *feed, const struct client *client,
                   const struct descriptor *blob, bool wait, struct blob_job *ret,
                   struct error *err)
{
    struct blob_ingest ingest = {0};
    if (!blob_ingest_open(blob_feed_store(feed), blob, wait, client->context->cancel, &ingest, err))
        return false;
    *ret = (struct blob_job){
        .blob = blob,
        .context = client->context,
        .feed = feed,
        .source = blob_source_open(client, blob),
        .ingest = ingest,
        .resumed = ingest.done.count > 0,
        .monitor = monitor_open(),
    };
    return true;
}

void blob_job_close(struct blob_job *job)
{
    if (!job->monitor.handle)
        return;
    blob_hash_close(&job->hash);
    if (job->spoilt)
        blob_ingest_discard(&job->ingest);
    else
        blob_ingest_close(&job->ingest);
    blob_source_close(&job->source);
    error_clear(&job->failure);
    monitor_close(&job->monitor);
    *job = (struct blob_job){0};
}

/* ---- what the hash says, on its thread ---- */

static void set_state(struct blob_job *job, enum blob_job_state state)
{
    monitor_enter(&job->monitor);
    job->state = state;
    monitor_notify(&job->monitor);
    monitor_leave(&job->monitor);
}

static void on_hashed(void *user, const struct digest *found)
{
    struct blob_job *job = user;
    if (!digest_equal(found, &job->blob->digest)) {
        job->found = *found;
        set_state(job, BLOB_JOB_WRONG);
    } else if (blob_ingest_publish(&job->ingest, &job->failure)) {
        blob_feed_publish(job->feed, &job->blob->digest);
        emit(job, EVENT_BLOB_DONE, job->blob->size);
        set_state(job, BLOB_JOB_DONE);
    } else {
        set_state(job, BLOB_JOB_BROKEN);
    }
}

static void on_hash_failed(void *user, struct error *reason)
{
    struct blob_job *job = user;
    job->failure = TAKE(*reason);
    set_state(job, BLOB_JOB_BROKEN);
}

static enum blob_job_state state_of(const struct blob_job *job)
{
    monitor_enter(&job->monitor);
    enum blob_job_state state = job->state;
    monitor_leave(&job->monitor);
    return state;
}

bool blob_job_is_done(const struct blob_job *job)
{
    return state_of(job) == BLOB_JOB_DONE;
}

bool blob_job_wait(struct blob_job *job, struct error *err)
{
    bool waiting = true;
    monitor_enter(&job->monitor);
    while (job->state == BLOB_JOB_FETCHING && waiting) {
        waiting = cancel_check(job->context->cancel, err);
        if (waiting)
            monitor_wait(&job->monitor, POLL_MS);
    }
    monitor_leave(&job->monitor);
    return waiting;
}

/* ---- bytes ---- */

/* The last byte is kept from the hash until nothing more comes: content that is longer than
 * promised must not be published. */
static void tell_prefix(struct blob_job *job)
{
    uint64_t prefix = job->complete ? job->blob->size : byte_ranges_prefix(&job->ingest.done);
    blob_feed_advance(job->feed, &job->blob->digest, prefix);
    blob_hash_advance(&job->hash, job->complete || prefix < job->blob->size ? prefix : prefix - 1);
}

static bool start_hash(struct blob_job *job, struct error *err)
{
    const struct blob_hash_task task = {
        .path = job->ingest.part,
        .size = job->blob->size,
        .settle = on_hashed,
        .fail = on_hash_failed,
        .user = job,
    };
    return blob_hash_start(&job->hash, &task, err);
}

bool blob_job_begin(struct blob_job *job, struct error *err)
{
    if (job->begun)
        return true;
    if (!blob_ingest_begin(&job->ingest, err) || !start_hash(job, err))
        return false;
    job->begun = true;
    emit(job, EVENT_BLOB_STARTED, done_bytes(job));
    tell_prefix(job);
    return true;
}

uint64_t blob_job_missing(const struct blob_job *job)
{
    return job->blob->size - done_bytes(job);
}

/* A full volume is not filled further by what cannot be completed on it. */
static bool report_write(struct blob_job *job, struct error *err)
{
    CLEANUP(error_clear) struct error ignored = {0};
    uint64_t room = 0;
    if (err->kind != ERR_NO_SPACE)
        return false;
    job->spoilt = true;
    if (!fs_free_space(blob_feed_store(job->feed)->root, &room, &ignored))
        return false;
    return error_wrap(err,
                      "%" PRIu64 " of %" PRIu64 " bytes are to be fetched still and the volume has "
                      "%" PRIu64 " bytes left",
                      blob_job_missing(job), job->blob->size, room);
}

bool blob_job_write(struct blob_job *job, uint64_t offset, const void *data, size_t length,
                    struct error *err)
{
    if (!blob_ingest_write(&job->ingest, offset, data, length, err))
        return report_write(job, err);
    tell_prefix(job);
    emit(job, EVENT_BLOB_PROGRESS, done_bytes(job));
    return true;
}

void blob_job_check_complete(struct blob_job *job)
{
    if (job->complete || blob_job_missing(job) > 0)
        return;
    job->complete = true;
    job->generation++;
    tell_prefix(job);
}

/* ---- again ---- */

bool blob_job_rewind(struct blob_job *job, struct error *err)
{
    uint64_t prefix = byte_ranges_prefix(&job->ingest.done);
    if (prefix >= job->rewound_to + PROGRESS_MINIMUM)
        job->rewinds = 0;
    job->rewound_to = prefix;
    job->rewinds++;
    if (job->rewinds <= REWINDS_MAXIMUM)
        return true;
    error_set(err, ERR_NETWORK, "%s: %s sends no parts, and the whole never to its end",
              job->blob->digest.text, blob_source_name(&job->source));
    return error_hint(err, "check the proxies between this host and the registry");
}

static bool begin_again(struct blob_job *job, struct error *err)
{
    blob_feed_restart(job->feed, &job->blob->digest);
    blob_hash_close(&job->hash);
    job->generation++;
    job->complete = false;
    job->rewinds = 0;
    job->rewound_to = 0;
    job->state = BLOB_JOB_FETCHING;
    if (!blob_ingest_restart(&job->ingest, err) || !start_hash(job, err))
        return false;
    emit(job, EVENT_BLOB_PROGRESS, 0);
    return true;
}

bool blob_job_start_over(struct blob_job *job, const char *why, struct error *err)
{
    if (job->resumed) {
        /* Perhaps a power cut took what the map speaks of. */
        context_step(job->context, "%s: %s; what was left of an earlier pull is dropped",
                     job->blob->digest.text, why);
        job->resumed = false;
        return begin_again(job, err);
    }
    if (blob_source_is_mirror(&job->source)) {
        context_warn(job->context, "%s: %s: %s; asking the next", blob_source_name(&job->source),
                     job->blob->digest.text, why);
        job->unranged = false;
        return blob_source_next(&job->source) && begin_again(job, err);
    }
    if (job->was_wrong) {
        job->spoilt = true;
        error_set(err, ERR_INTEGRITY, "%s", why);
        return error_hint(err,
                          "the registry, or a proxy before it, keeps sending wrong content; "
                          "tell who runs it");
    }
    context_step(job->context, "%s: %s; asking once more", job->blob->digest.text, why);
    job->was_wrong = true;
    job->unranged = true;
    blob_source_forget_target(&job->source);
    return begin_again(job, err);
}

bool blob_job_settle(struct blob_job *job, struct error *err)
{
    CLEANUP(str_free) char *why = NULL;
    switch (state_of(job)) {
    case BLOB_JOB_FETCHING:
        return true;
    case BLOB_JOB_DONE:
        blob_hash_close(&job->hash);
        return true;
    case BLOB_JOB_WRONG:
        why = str_format("wrong content: expected %s, got %s", job->blob->digest.text,
                         job->found.text);
        return blob_job_start_over(job, why, err);
    case BLOB_JOB_BROKEN:
        break;
    }
    *err = TAKE(job->failure);
    return false;
}
