/* SPDX-License-Identifier: MIT */
#include "runner/progress.h"

#include "base/alloc.h"
#include "base/text.h"

static const struct meaning {
    enum event_type type;
    enum progress_kind kind;
    enum progress_state state;
} meanings[] = {
    {EVENT_BLOB_PLANNED, PROGRESS_FETCH, PROGRESS_PLANNED},
    {EVENT_BLOB_WAITING, PROGRESS_FETCH, PROGRESS_WAITING},
    {EVENT_BLOB_STARTED, PROGRESS_FETCH, PROGRESS_ACTIVE},
    {EVENT_BLOB_PROGRESS, PROGRESS_FETCH, PROGRESS_ACTIVE},
    {EVENT_BLOB_DONE, PROGRESS_FETCH, PROGRESS_DONE},
    {EVENT_BLOB_PRESENT, PROGRESS_FETCH, PROGRESS_PRESENT},
    {EVENT_LAYER_STARTED, PROGRESS_UNPACK, PROGRESS_ACTIVE},
    {EVENT_LAYER_PROGRESS, PROGRESS_UNPACK, PROGRESS_ACTIVE},
    {EVENT_LAYER_DONE, PROGRESS_UNPACK, PROGRESS_DONE},
    {EVENT_LAYER_PRESENT, PROGRESS_UNPACK, PROGRESS_PRESENT},
    {EVENT_CHECK_STARTED, PROGRESS_CHECK, PROGRESS_ACTIVE},
    {EVENT_CHECK_PROGRESS, PROGRESS_CHECK, PROGRESS_ACTIVE},
    {EVENT_CHECK_DONE, PROGRESS_CHECK, PROGRESS_DONE},
    {EVENT_EXPORT_STARTED, PROGRESS_EXPORT, PROGRESS_ACTIVE},
    {EVENT_EXPORT_PROGRESS, PROGRESS_EXPORT, PROGRESS_ACTIVE},
    {EVENT_EXPORT_DONE, PROGRESS_EXPORT, PROGRESS_DONE},
};

static const struct meaning *meaning_of(enum event_type type)
{
    for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
        if (meanings[i].type == type)
            return &meanings[i];
    return NULL;
}

static struct progress_item *find_item(struct progress *progress, const char *subject,
                                       enum progress_kind kind)
{
    for (size_t i = 0; i < progress->count; i++) {
        struct progress_item *item = &progress->items[i];
        if (item->kind == kind && str_equal(item->subject, subject))
            return item;
    }
    progress->items =
        xrealloc_array(progress->items, progress->count + 1, sizeof(*progress->items));
    struct progress_item *item = &progress->items[progress->count++];
    *item = (struct progress_item){.subject = xstrdup(subject), .kind = kind};
    return item;
}

static void activate(struct progress *progress, struct progress_item *item, uint64_t now_ms)
{
    item->started_ms = now_ms;
    item->told_ms = now_ms;
    rate_start(&item->rate, now_ms);
    if (progress->rates[item->kind].count > 0)
        return;
    rate_start(&progress->rates[item->kind], now_ms);
    progress->first_ms[item->kind] = now_ms;
    progress->last_ms[item->kind] = now_ms;
}

/* Bytes that were taken back (content that proved wrong) do not make the rate negative. */
static void advance(struct progress *progress, struct progress_item *item, uint64_t done,
                    uint64_t now_ms)
{
    uint64_t moved = done > item->done ? done - item->done : 0;
    item->done = done;
    rate_add(&item->rate, moved, now_ms);
    rate_add(&progress->rates[item->kind], moved, now_ms);
    progress->last_ms[item->kind] = now_ms;
}

struct progress_item *progress_update(struct progress *progress, const struct event *event,
                                      uint64_t now_ms)
{
    const struct meaning *meaning = meaning_of(event->type);
    if (!meaning)
        return NULL;
    struct progress_item *item =
        find_item(progress, event->subject ? event->subject : "", meaning->kind);
    bool was_active = item->state == PROGRESS_ACTIVE;
    bool starts = event_is_start(event->type);
    item->state = meaning->state;
    if (event->total)
        item->total = event->total;

    if (starts)
        item->done = event->done;
    if (item->state == PROGRESS_ACTIVE && !was_active)
        activate(progress, item, now_ms);
    if (item->state == PROGRESS_DONE)
        advance(progress, item, item->total, now_ms);
    else if (item->state == PROGRESS_PRESENT)
        item->done = item->total;
    else if (item->state == PROGRESS_ACTIVE && !starts)
        advance(progress, item, event->done, now_ms);
    return item;
}

void progress_clear(struct progress *progress)
{
    for (size_t i = 0; i < progress->count; i++)
        str_free(&progress->items[i].subject);
    mem_free(&progress->items);
    *progress = (struct progress){0};
}

bool progress_is_active(const struct progress *progress)
{
    for (size_t i = 0; i < progress->count; i++)
        if (progress->items[i].state == PROGRESS_ACTIVE
            || progress->items[i].state == PROGRESS_WAITING)
            return true;
    return false;
}

struct progress_sum progress_sum(const struct progress *progress, enum progress_kind kind,
                                 uint64_t now_ms)
{
    struct progress_sum sum = {
        .moved = progress->rates[kind].bytes,
        .elapsed_ms = progress->last_ms[kind] - progress->first_ms[kind],
        .per_second = rate_per_second(&progress->rates[kind], now_ms),
    };
    for (size_t i = 0; i < progress->count; i++) {
        const struct progress_item *item = &progress->items[i];
        if (item->kind != kind)
            continue;
        sum.items++;
        sum.present += item->state == PROGRESS_PRESENT;
        sum.finished += item->state == PROGRESS_PRESENT || item->state == PROGRESS_DONE;
        sum.done += item->done;
        sum.total += item->total;
    }
    return sum;
}
