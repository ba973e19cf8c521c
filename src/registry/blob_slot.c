/* SPDX-License-Identifier: MIT */
#include "registry/blob_slot.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "registry/blob_answer.h"
#include "registry/blob_chunks.h"
#include "registry/registry_error.h"

#define STATUS_UNSATISFIABLE 416
/* So many short answers in a row, and parts are given up. Less than this is no progress: a server
 * that sends a byte for each request would never end. */
#define BARREN_MAXIMUM 6
#define PROGRESS ((uint64_t)1 << 20)
/* As long as other blobs are waiting, no blob is fetched further than this ahead of what can be
 * hashed and read. */
#define AHEAD (16 * BLOB_CHUNK_SIZE)

static const struct http_handler handler;

/* ---- what to fetch ---- */

static bool is_open(const struct blob_job *job)
{
    return !job->complete && !job->source.unauthorized && !(job->unranged && job->slots > 0);
}

static bool is_current(const struct blob_slot *slot)
{
    return slot->generation == slot->job->generation;
}

static bool find_chunk(const struct blob_crew *crew, const struct blob_job *job, uint64_t ahead,
                       struct byte_range *ret)
{
    CLEANUP(mem_free) struct byte_range *under_way = xcalloc(crew->slot_count, sizeof(*under_way));
    size_t count = 0;
    for (size_t i = 0; i < crew->slot_count; i++) {
        const struct blob_slot *slot = &crew->slots[i];
        if (slot->job == job && is_current(slot))
            under_way[count++] = (struct byte_range){slot->at, slot->range.end};
    }
    bool whole = job->unranged || job->blob->size <= BLOB_WHOLE_MAXIMUM;
    const struct blob_chunks chunks = {
        .done = &job->ingest.done,
        .under_way = under_way,
        .under_way_count = count,
        .size = job->blob->size,
        .piece = whole ? job->blob->size : BLOB_CHUNK_SIZE,
        .ahead = ahead,
    };
    return blob_chunks_next(&chunks, ret);
}

static bool find_work(const struct blob_crew *crew, uint64_t ahead, struct blob_job **ret,
                      struct byte_range *ret_range)
{
    for (size_t i = 0; i < crew->job_count; i++) {
        struct blob_job *job = &crew->jobs[i];
        if (is_open(job) && find_chunk(crew, job, ahead, ret_range)) {
            *ret = job;
            return true;
        }
    }
    return false;
}

static void release(struct blob_slot *slot)
{
    if (slot->job)
        slot->job->slots--;
    slot->job = NULL;
}

static void take(struct blob_slot *slot, struct blob_job *job, struct byte_range range)
{
    job->slots++;
    slot->job = job;
    slot->generation = job->generation;
    slot->range = range;
    slot->at = range.first;
    slot->known = range.first;
    slot->stream = false;
    slot->attempts = 0;
    slot->barren = 0;
}

bool blob_slot_assign(struct blob_slot *slot, bool *ret_assigned, struct error *err)
{
    struct blob_crew *crew = slot->crew;
    struct blob_job *job = NULL;
    struct byte_range range;
    for (size_t i = 0; i < crew->job_count; i++)
        if (!blob_job_settle(&crew->jobs[i], err))
            return false;
    *ret_assigned =
        find_work(crew, AHEAD, &job, &range) || find_work(crew, /* ahead= */ 0, &job, &range);
    if (!*ret_assigned)
        return true;
    take(slot, job, range);
    slot->request.handler = &handler;
    slot->request.user = slot;
    return blob_job_begin(job, err);
}

void blob_slot_close(struct blob_slot *slot)
{
    release(slot);
    http_request_clear(&slot->request);
}

/* Goes on with other work, if there is some. Before a token runs out the slots come to rest, so
 * that it can be renewed. */
static bool go_on(struct blob_slot *slot, enum http_next *ret_next, struct error *err)
{
    bool assigned = false;
    bool rests = blob_source_is_stale(&slot->job->source);
    release(slot);
    if (rests)
        return true;
    if (!blob_slot_assign(slot, &assigned, err))
        return false;
    *ret_next = assigned ? HTTP_AGAIN : HTTP_FINISHED;
    return true;
}

/* ---- the request ---- */

static bool is_streamed(const struct blob_slot *slot)
{
    const struct blob_crew *crew = slot->crew;
    for (size_t i = 0; i < crew->slot_count; i++)
        if (&crew->slots[i] != slot && crew->slots[i].job == slot->job && crew->slots[i].stream)
            return true;
    return false;
}

/* From the first byte of the blob, whatever was assigned. */
static bool turn_to_stream(struct blob_slot *slot, struct error *err)
{
    struct blob_job *job = slot->job;
    slot->stream = true;
    slot->range = (struct byte_range){0, job->blob->size};
    slot->at = 0;
    slot->known = byte_ranges_prefix(&job->ingest.done);
    return slot->known == 0 || blob_job_rewind(job, err);
}

static bool on_prepare(void *user, struct http_request *request, struct error *err)
{
    struct blob_slot *slot = user;
    struct blob_job *job = slot->job;
    /* Where the last attempt led may have been the trouble. */
    if (slot->attempts++ > 0)
        blob_source_forget_target(&job->source);
    /* Every byte came, but not the end of the answer. Its last byte is asked for again: a range
     * cannot be empty. */
    if (slot->at == slot->range.end && slot->at > slot->range.first) {
        slot->known = slot->at;
        slot->at--;
    }
    if (job->unranged && is_current(slot) && !is_streamed(slot) && !turn_to_stream(slot, err))
        return false;
    http_request_clear(request);
    *request = blob_source_request(&job->source);
    request->handler = &handler;
    request->user = slot;
    slot->version = job->source.version;
    bool whole = slot->at == 0 && slot->range.end == job->blob->size;
    if (!whole)
        request->range = (struct http_range){slot->at, slot->range.end - slot->at};
    return true;
}

/* ---- the answer ---- */

/* To who asked for a part it means that parts cannot be had: from now on one slot takes the blob
 * from its first byte. */
static bool begin_whole(struct blob_slot *slot, enum http_take *ret_take, struct error *err)
{
    if (slot->request.range.length == 0)
        return true;
    slot->job->unranged = true;
    if (!is_streamed(slot))
        return turn_to_stream(slot, err);
    *ret_take = HTTP_DROP;
    return true;
}

static bool begin_useless(struct blob_slot *slot, enum http_take *ret_take, struct error *err)
{
    struct blob_job *job = slot->job;
    if (slot->stream)
        return error_set(err, ERR_NETWORK, "%s: %s sends other bytes than it was asked for",
                         job->blob->digest.text, blob_source_name(&job->source));
    job->unranged = true;
    *ret_take = HTTP_DROP;
    return true;
}

static bool begin_wrong_size(struct blob_slot *slot, const struct http_response *response,
                             enum http_take *ret_take, struct error *err)
{
    const struct descriptor *blob = slot->job->blob;
    CLEANUP(str_free)
    char *why = str_format("%s has %" PRIu64 " bytes where %" PRIu64 " were promised",
                           blob->digest.text, response->length, blob->size);
    *ret_take = HTTP_DROP;
    return blob_job_start_over(slot->job, why, err);
}

static bool take_answer(struct blob_slot *slot, const struct http_response *response,
                        enum http_take *ret_take, struct error *err)
{
    blob_source_accept(&slot->job->source, &slot->request, response);
    slot->attempts = 0;
    slot->begun_at = slot->at;
    if (!is_current(slot)) {
        *ret_take = HTTP_DROP;
        return true;
    }
    switch (blob_answer_judge(response, &slot->request.range, slot->job->blob->size)) {
    case BLOB_ANSWER_PART:
        return true;
    case BLOB_ANSWER_WHOLE:
        return begin_whole(slot, ret_take, err);
    case BLOB_ANSWER_USELESS:
        return begin_useless(slot, ret_take, err);
    case BLOB_ANSWER_WRONG_SIZE:
        return begin_wrong_size(slot, response, ret_take, err);
    }
    error_bug("an answer is of no kind");
}

static bool on_begin(void *user, const struct http_response *response, enum http_take *ret_take,
                     struct error *err)
{
    struct blob_slot *slot = user;
    bool taken = take_answer(slot, response, ret_take, err);
    slot->dropped = *ret_take == HTTP_DROP;
    return taken;
}

/* The whole must not be longer than promised; of a part nobody needs more than was asked for. */
static bool check_room(struct blob_slot *slot, size_t *length, struct error *err)
{
    struct blob_job *job = slot->job;
    uint64_t room = slot->range.end - slot->at;
    if (*length <= room)
        return true;
    if (slot->request.range.length && !slot->stream) {
        job->unranged = true;
        *length = (size_t)room;
        return true;
    }
    job->spoilt = true;
    return error_set(err, ERR_INTEGRITY, "%s is longer than the %" PRIu64 " bytes promised",
                     job->blob->digest.text, job->blob->size);
}

static bool on_data(void *user, const void *bytes, size_t length, struct error *err)
{
    struct blob_slot *slot = user;
    struct blob_job *job = slot->job;
    if (slot->dropped || !is_current(slot))
        return true;
    if (!check_room(slot, &length, err))
        return false;
    size_t known = 0;
    if (slot->at < slot->known)
        known = slot->known - slot->at < length ? (size_t)(slot->known - slot->at) : length;
    uint64_t offset = slot->at + known;
    slot->at += length;
    return known == length
        || blob_job_write(job, offset, (const char *)bytes + known, length - known, err);
}

/* ---- its end ---- */

static bool end_short(struct blob_slot *slot, enum http_next *ret_next, struct error *err)
{
    struct blob_job *job = slot->job;
    bool was_whole = slot->request.range.length == 0;
    if (was_whole || slot->stream) {
        CLEANUP(str_free)
        char *why = str_format("%s has %" PRIu64 " bytes where %" PRIu64 " were promised",
                               job->blob->digest.text, slot->at, job->blob->size);
        return blob_job_start_over(job, why, err) && go_on(slot, ret_next, err);
    }
    slot->barren = slot->at - slot->begun_at >= PROGRESS ? 0 : slot->barren + 1;
    if (slot->barren > BARREN_MAXIMUM) {
        job->unranged = true;
        return go_on(slot, ret_next, err);
    }
    *ret_next = HTTP_AGAIN;
    return true;
}

static bool end_taken(struct blob_slot *slot, enum http_next *ret_next, struct error *err)
{
    if (slot->dropped || !is_current(slot))
        return go_on(slot, ret_next, err);
    if (slot->at < slot->range.end)
        return end_short(slot, ret_next, err);
    blob_job_check_complete(slot->job);
    return go_on(slot, ret_next, err);
}

static bool end_refused(struct blob_slot *slot, struct http_response *response,
                        enum http_next *ret_next, struct error *err)
{
    struct blob_job *job = slot->job;
    if (response->status == STATUS_UNSATISFIABLE && slot->request.range.length) {
        job->unranged = true;
        return go_on(slot, ret_next, err);
    }
    slot->attempts = 0;
    switch (blob_source_refuse(&job->source, slot->version, &slot->request, response)) {
    case BLOB_REFUSAL_AGAIN:
        *ret_next = HTTP_AGAIN;
        return true;
    case BLOB_REFUSAL_UNAUTHORIZED:
        return go_on(slot, ret_next, err);
    case BLOB_REFUSAL_FINAL:
        break;
    }
    return registry_error(response, job->blob->digest.text, NULL, err);
}

static bool on_end(void *user, struct http_response *response, enum http_next *ret_next,
                   struct error *err)
{
    struct blob_slot *slot = user;
    bool is_success = response->status >= 200 && response->status < 300;
    return is_success ? end_taken(slot, ret_next, err) : end_refused(slot, response, ret_next, err);
}

/* A mirror that cannot be reached is passed over. */
static bool on_failed(void *user, struct error *failure, enum http_next *ret_next,
                      struct error *err)
{
    struct blob_slot *slot = user;
    struct blob_source *source = &slot->job->source;
    if (slot->version == source->version && !blob_source_next(source)) {
        *err = TAKE(*failure);
        return false;
    }
    context_step(slot->job->context, "%s; asking elsewhere", failure->message);
    slot->attempts = 0;
    *ret_next = HTTP_AGAIN;
    return true;
}

static const struct http_handler handler = {
    .prepare = on_prepare,
    .begin = on_begin,
    .data = on_data,
    .end = on_end,
    .failed = on_failed,
};
