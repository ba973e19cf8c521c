/* SPDX-License-Identifier: MIT */
#include "runner/report.h"

#include "base/alloc.h"
#include "base/text.h"
#include "runner/progress_text.h"
#include "runner/report_modes.h"

#define TICK_MS 200

static const struct {
    const char *name;
    enum report_mode mode;
} modes[] = {
    {"auto", REPORT_AUTO}, {"tty", REPORT_TTY},   {"plain", REPORT_PLAIN},
    {"json", REPORT_JSON}, {"none", REPORT_NONE},
};

bool report_mode_parse(const char *text, enum report_mode *ret, struct error *err)
{
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        if (str_equal(text, modes[i].name)) {
            *ret = modes[i].mode;
            return true;
        }
    }
    return error_set(err, ERR_USAGE, "'%s' is not one of auto, tty, plain, json, none", text);
}

/* ---- the ticker: time passes also while nothing comes ---- */

static void tick(void *argument)
{
    struct report *report = argument;
    monitor_enter(&report->lock);
    while (report->ticks) {
        monitor_wait(&report->lock, TICK_MS);
        uint64_t now = os_monotonic_ms();
        if (report->ticks && report->mode == REPORT_TTY)
            report_tty_tick(report, now);
        else if (report->ticks)
            report_plain_tick(report, now);
    }
    monitor_leave(&report->lock);
}

/* Without it the lines are redrawn when something comes, which is good enough. */
static void start_ticker(struct report *report)
{
    CLEANUP(error_clear) struct error ignored = {0};
    bool wanted = report->mode == REPORT_TTY || report->mode == REPORT_PLAIN;
    if (!wanted || report->ticks)
        return;
    report->ticks = true;
    (void)!os_thread_start(&report->ticker, tick, report, &ignored);
}

static void stop_ticker(struct report *report)
{
    if (!report->ticks)
        return;
    monitor_enter(&report->lock);
    report->ticks = false;
    monitor_notify(&report->lock);
    monitor_leave(&report->lock);
    if (report->ticker.handle)
        os_thread_join(&report->ticker);
}

/* ---- the observer ---- */

static void tell_event(struct report *report, const struct event *event, uint64_t now_ms)
{
    struct progress_item *item = progress_update(&report->progress, event, now_ms);
    if (report->mode == REPORT_JSON)
        report_json_event(report, event, item, now_ms);
    else if (report->mode == REPORT_TTY)
        report_tty_event(report, event, item, now_ms);
    else if (report->mode == REPORT_PLAIN || event->type == EVENT_WARNING)
        report_plain_event(report, event, item, now_ms);
}

static void on_event(void *user, const struct event *event)
{
    struct report *report = user;
    monitor_enter(&report->lock);
    tell_event(report, event, os_monotonic_ms());
    if (progress_is_active(&report->progress) || event->type == EVENT_RETRY)
        start_ticker(report);
    monitor_leave(&report->lock);
}

/* A terminal that a person looks at: CI systems keep what they are sent, and a dumb one cannot
 * rewrite a line. */
static enum report_mode choose_mode(void)
{
    CLEANUP(str_free) char *ci = os_getenv("CI");
    CLEANUP(str_free) char *term = os_getenv("TERM");
    bool rewrites = terminal_stderr_is_console() && !ci && !str_equal(term, "dumb");
    return rewrites ? REPORT_TTY : REPORT_PLAIN;
}

void report_open(struct report *report, enum report_mode mode, bool verbose)
{
    *report = (struct report){
        .mode = mode == REPORT_AUTO ? choose_mode() : mode,
        .verbose = verbose,
        .observer = {.on_event = on_event, .user = report},
        .lock = monitor_open(),
        .opened_ms = os_monotonic_ms(),
    };
}

void report_mute(struct report *report)
{
    if (report->mode != REPORT_JSON && !report->verbose)
        report->mode = REPORT_NONE;
}

static void end_lines(struct report *report)
{
    stop_ticker(report);
    if (report->mode == REPORT_TTY)
        report_tty_close(report);
}

static void sum_up(struct report *report)
{
    uint64_t now = os_monotonic_ms();
    CLEANUP(str_free) char *text = progress_format_summary(&report->progress, now);
    if (!text || report->mode == REPORT_NONE)
        return;
    if (report->mode == REPORT_JSON)
        report_json_summary(report, now);
    else
        terminal_error_line("wrun: %s", text);
}

void report_finish(struct report *report)
{
    end_lines(report);
    sum_up(report);
    report->fetched_bytes += progress_sum(&report->progress, PROGRESS_FETCH, 0).moved;
    progress_clear(&report->progress);
}

void report_close(struct report *report)
{
    end_lines(report);
    progress_clear(&report->progress);
    monitor_close(&report->lock);
    *report = (struct report){0};
}
