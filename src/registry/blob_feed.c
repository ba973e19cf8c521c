/* SPDX-License-Identifier: MIT */
#include "registry/blob_feed.h"

#include "base/alloc.h"
#include "base/monitor.h"

/* How long a wait may be blind to a request for cancellation. */
#define POLL_MS 100

struct entry {
    struct digest digest;
    struct blob_progress progress;
};

struct blob_feed {
    const struct blob_store *store;
    const struct cancel *cancel;
    struct monitor monitor;
    struct entry *entries;
    size_t count;
    size_t capacity;
    bool finished;
    struct error stopped; /* empty = not stopped */
};

struct blob_feed *blob_feed_open(const struct blob_store *store, const struct cancel *cancel)
{
    struct blob_feed *feed = xcalloc(1, sizeof(*feed));
    feed->store = store;
    feed->cancel = cancel;
    feed->monitor = monitor_open();
    return feed;
}

void blob_feed_close(struct blob_feed **feed)
{
    if (!*feed)
        return;
    monitor_close(&(*feed)->monitor);
    mem_free(&(*feed)->entries);
    error_clear(&(*feed)->stopped);
    mem_free(feed);
}

const struct blob_store *blob_feed_store(const struct blob_feed *feed)
{
    return feed->store;
}

/* ---- entries; the monitor is held ---- */

static const struct entry *find(const struct blob_feed *feed, const struct digest *digest)
{
    for (size_t i = 0; i < feed->count; i++)
        if (digest_equal(&feed->entries[i].digest, digest))
            return &feed->entries[i];
    return NULL;
}

static struct blob_progress progress_of(const struct blob_feed *feed, const struct digest *digest)
{
    const struct entry *entry = find(feed, digest);
    return entry ? entry->progress : (struct blob_progress){0};
}

static struct blob_progress *find_or_add(struct blob_feed *feed, const struct digest *digest)
{
    for (size_t i = 0; i < feed->count; i++)
        if (digest_equal(&feed->entries[i].digest, digest))
            return &feed->entries[i].progress;
    if (feed->count == feed->capacity) {
        feed->capacity = feed->capacity ? 2 * feed->capacity : 16;
        feed->entries = xrealloc_array(feed->entries, feed->capacity, sizeof(*feed->entries));
    }
    struct entry *entry = &feed->entries[feed->count++];
    *entry = (struct entry){.digest = *digest};
    return &entry->progress;
}

/* ---- for those who fetch ---- */

void blob_feed_advance(struct blob_feed *feed, const struct digest *digest, uint64_t prefix)
{
    monitor_enter(&feed->monitor);
    find_or_add(feed, digest)->prefix = prefix;
    monitor_notify(&feed->monitor);
    monitor_leave(&feed->monitor);
}

void blob_feed_restart(struct blob_feed *feed, const struct digest *digest)
{
    monitor_enter(&feed->monitor);
    struct blob_progress *progress = find_or_add(feed, digest);
    progress->prefix = 0;
    progress->restarts++;
    monitor_notify(&feed->monitor);
    monitor_leave(&feed->monitor);
}

void blob_feed_publish(struct blob_feed *feed, const struct digest *digest)
{
    monitor_enter(&feed->monitor);
    find_or_add(feed, digest)->published = true;
    monitor_notify(&feed->monitor);
    monitor_leave(&feed->monitor);
}

void blob_feed_finish(struct blob_feed *feed)
{
    monitor_enter(&feed->monitor);
    feed->finished = true;
    monitor_notify(&feed->monitor);
    monitor_leave(&feed->monitor);
}

void blob_feed_stop(struct blob_feed *feed, const struct error *reason)
{
    monitor_enter(&feed->monitor);
    if (!error_is_set(&feed->stopped))
        error_copy(&feed->stopped, reason);
    monitor_notify(&feed->monitor);
    monitor_leave(&feed->monitor);
}

/* ---- for readers ---- */

struct blob_progress blob_feed_progress(const struct blob_feed *feed, const struct digest *digest)
{
    monitor_enter(&feed->monitor);
    struct blob_progress progress = progress_of(feed, digest);
    monitor_leave(&feed->monitor);
    return progress;
}

static bool check_running(const struct blob_feed *feed, const struct digest *digest,
                          struct error *err)
{
    if (error_is_set(&feed->stopped))
        return error_copy(err, &feed->stopped);
    if (feed->finished)
        return error_set(err, ERR_NOT_FOUND, "%s is not among what was fetched", digest->text);
    return cancel_check(feed->cancel, err);
}

static bool wait_inside(const struct blob_feed *feed, const struct digest *digest, uint64_t offset,
                        unsigned restarts, struct blob_progress *ret, struct error *err)
{
    for (;;) {
        struct blob_progress progress = progress_of(feed, digest);
        bool stopped = error_is_set(&feed->stopped);
        bool is_news =
            progress.published || progress.prefix > offset || progress.restarts > restarts;
        if (is_news && !stopped) {
            *ret = progress;
            return true;
        }
        if (!check_running(feed, digest, err))
            return false;
        monitor_wait(&feed->monitor, POLL_MS);
    }
}

bool blob_feed_wait(const struct blob_feed *feed, const struct digest *digest, uint64_t offset,
                    unsigned restarts, struct blob_progress *ret, struct error *err)
{
    monitor_enter(&feed->monitor);
    bool waited = wait_inside(feed, digest, offset, restarts, ret, err);
    monitor_leave(&feed->monitor);
    return waited;
}
