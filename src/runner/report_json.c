/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "runner/message_json.h"
#include "runner/report_modes.h"

#define INTERVAL_MS 250 /* between two lines on the progress of one blob or layer */

static const char *const names[] = {
    [EVENT_RESOLVE_STARTED] = "resolve-started",
    [EVENT_CANDIDATE] = "candidate",
    [EVENT_RESOLVED] = "resolved",
    [EVENT_BLOB_PLANNED] = "blob-planned",
    [EVENT_BLOB_WAITING] = "blob-waiting",
    [EVENT_BLOB_STARTED] = "blob-started",
    [EVENT_BLOB_PROGRESS] = "blob-progress",
    [EVENT_BLOB_DONE] = "blob-done",
    [EVENT_BLOB_PRESENT] = "blob-present",
    [EVENT_LAYER_STARTED] = "layer-started",
    [EVENT_LAYER_PROGRESS] = "layer-progress",
    [EVENT_LAYER_DONE] = "layer-done",
    [EVENT_LAYER_PRESENT] = "layer-present",
    [EVENT_CHECK_STARTED] = "check-started",
    [EVENT_CHECK_PROGRESS] = "check-progress",
    [EVENT_CHECK_DONE] = "check-done",
    [EVENT_EXPORT_STARTED] = "export-started",
    [EVENT_EXPORT_PROGRESS] = "export-progress",
    [EVENT_EXPORT_DONE] = "export-done",
    [EVENT_RETRY] = "retry",
    [EVENT_STEP] = "step",
    [EVENT_WARNING] = "warning",
};

static void put_head(struct json_writer *w, const struct report *report, const char *name,
                     uint64_t now_ms)
{
    char now[32];
    os_timestamp(now);
    json_string(w, "time", now);
    json_uint(w, "ms", now_ms - report->opened_ms);
    json_string(w, "event", name);
}

static void print(struct json_writer *w)
{
    CLEANUP(str_free) char *line = NULL;
    CLEANUP(error_clear) struct error ignored = {0};
    if (json_writer_finish(w, &line, &ignored))
        terminal_error_line("%s", line);
}

void report_json_event(struct report *report, const struct event *event, struct progress_item *item,
                       uint64_t now_ms)
{
    bool progress = event_is_progress(event->type);
    if (progress && now_ms - item->told_ms < INTERVAL_MS)
        return;
    if (item)
        item->told_ms = now_ms;

    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        put_head(&w, report, names[event->type], now_ms);
        message_json_text(&w, "subject", event->subject);
        message_json_text(&w, "text", event->text);
        json_opt_uint(&w, "done", event->done);
        json_opt_uint(&w, "total", event->total);
        json_opt_uint(&w, "pauseMs", event->pause_ms);
        if (progress)
            json_uint(&w, "bytesPerSecond", rate_per_second(&item->rate, now_ms));
    }
    print(&w);
}

void report_json_summary(struct report *report, uint64_t now_ms)
{
    struct progress_sum sum = progress_sum(&report->progress, PROGRESS_FETCH, now_ms);
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        put_head(&w, report, "summary", now_ms);
        json_uint(&w, "fetched", sum.finished - sum.present);
        json_uint(&w, "present", sum.present);
        json_uint(&w, "bytes", sum.moved);
        json_uint(&w, "durationMs", sum.elapsed_ms);
        json_uint(&w, "bytesPerSecond", sum.moved * 1000 / (sum.elapsed_ms ? sum.elapsed_ms : 1));
    }
    print(&w);
}
