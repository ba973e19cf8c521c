/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "runner/progress_text.h"
#include "runner/report_modes.h"
#include "runner/size_text.h"

#define INTERVAL_MS 10000

static const struct {
    const char *doing;
    const char *done;
    const char *present;
} words[PROGRESS_KINDS] = {
    [PROGRESS_FETCH] = {"downloading", "downloaded", "present"},
    [PROGRESS_UNPACK] = {"unpacking", "unpacked", "unpacked already"},
    [PROGRESS_CHECK] = {"checking", "checked", "checked already"},
    [PROGRESS_EXPORT] = {"exporting", "exported", "exported already"},
};

/* ---- blobs and layers ---- */

/* " (2.0 MB, 500.0 kB of them here already)" */
static char *format_amount(const struct progress_item *item)
{
    if (item->total == 0)
        return xstrdup("");
    CLEANUP(str_free) char *total = size_text(item->total);
    CLEANUP(str_free) char *here = size_text(item->done);
    bool resumes = item->state == PROGRESS_ACTIVE && item->done > 0;
    return str_format(" (%s%s%s%s)", total, resumes ? ", " : "", resumes ? here : "",
                      resumes ? " of it here already" : "");
}

static void tell_start(const struct progress_item *item, const char *id)
{
    CLEANUP(str_free) char *amount = format_amount(item);
    terminal_error_line("wrun: %s: %s%s", id, words[item->kind].doing, amount);
}

static void tell_done(const struct progress_item *item, const char *id, uint64_t now_ms)
{
    uint64_t elapsed = now_ms - item->started_ms;
    CLEANUP(str_free) char *size = size_text(item->total);
    CLEANUP(str_free) char *duration = progress_format_duration(elapsed);
    CLEANUP(str_free)
    char *rate = size_text(item->rate.bytes * 1000 / (elapsed ? elapsed : 1));
    terminal_error_line("wrun: %s: %s %s in %s (%s/s)", id, words[item->kind].done, size, duration,
                        rate);
}

static void tell_present(const struct report *report, const struct progress_item *item,
                         const char *id)
{
    /* A run of an image that is there has nothing to tell. */
    if (item->kind == PROGRESS_UNPACK && !report->verbose)
        return;
    CLEANUP(str_free) char *amount = format_amount(item);
    terminal_error_line("wrun: %s: %s%s", id, words[item->kind].present, amount);
}

static void tell_progress(struct progress_item *item, const char *id, uint64_t now_ms)
{
    if (now_ms - item->told_ms < INTERVAL_MS)
        return;
    item->told_ms = now_ms;
    if (item->state == PROGRESS_WAITING) {
        terminal_error_line("wrun: %s: another wrun is fetching it; waiting", id);
        return;
    }
    CLEANUP(str_free) char *numbers = progress_format_item(item, now_ms);
    terminal_error_line("wrun: %s: %s: %s", id, words[item->kind].doing, numbers);
}

static void tell_item(struct report *report, const struct event *event, struct progress_item *item,
                      uint64_t now_ms)
{
    CLEANUP(str_free) char *id = progress_short_id(item->subject);
    if (item->state == PROGRESS_WAITING)
        item->told_ms = now_ms - INTERVAL_MS;

    if (event_is_start(event->type))
        tell_start(item, id);
    else if (item->state == PROGRESS_DONE)
        tell_done(item, id, now_ms);
    else if (item->state == PROGRESS_PRESENT)
        tell_present(report, item, id);
    else if (item->state != PROGRESS_PLANNED)
        tell_progress(item, id, now_ms);
}

void report_plain_tick(struct report *report, uint64_t now_ms)
{
    for (size_t i = 0; i < report->progress.count; i++) {
        struct progress_item *item = &report->progress.items[i];
        CLEANUP(str_free) char *id = progress_short_id(item->subject);
        if (item->state == PROGRESS_ACTIVE || item->state == PROGRESS_WAITING)
            tell_progress(item, id, now_ms);
    }
}

/* ---- the rest ---- */

static void tell_retry(const struct event *event)
{
    terminal_error_line("wrun: %s: %s; trying again in %u.%u s", event->subject, event->text,
                        (unsigned)(event->pause_ms / 1000),
                        (unsigned)(event->pause_ms % 1000 / 100));
}

void report_plain_event(struct report *report, const struct event *event,
                        struct progress_item *item, uint64_t now_ms)
{
    bool is_line = event->type == EVENT_CANDIDATE || (event->type == EVENT_STEP && report->verbose);
    if (item)
        tell_item(report, event, item, now_ms);
    else if (is_line)
        terminal_error_line("wrun: %s", event->text);
    else if (event->type == EVENT_RESOLVE_STARTED)
        terminal_error_line("wrun: resolving %s", event->subject);
    else if (event->type == EVENT_RESOLVED)
        terminal_error_line("wrun: %s is %s", event->subject, event->text);
    else if (event->type == EVENT_RETRY)
        tell_retry(event);
    else if (event->type == EVENT_WARNING)
        terminal_error_line("wrun: warning: %s", event->text);
}
