/* SPDX-License-Identifier: MIT */
#include "runner/report.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/os.h"
#include "base/text.h"
#include "runner/message_json.h"
#include "runner/terminal.h"

#define REDRAW_MS 100
#define PLAIN_INTERVAL_MS 10000
#define SHORT_DIGEST_LENGTH 12
#define BAR_WIDTH 20

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

/* ---- shared bits ---- */

/* "sha256:4f5e..." to its first twelve digits, as docker shows ids. */
static char *short_id(const char *subject)
{
    const char *colon = subject ? strchr(subject, ':') : NULL;
    return xstrndup(colon ? colon + 1 : subject ? subject : "", SHORT_DIGEST_LENGTH);
}

static char *format_size(uint64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1000 && unit + 1 < ARRAY_SIZE(units)) {
        value /= 1000;
        unit++;
    }
    return unit == 0 ? str_format("%" PRIu64 " B", bytes)
                     : str_format("%.1f %s", value, units[unit]);
}

static struct report_item *find_item(struct report *report, const char *subject, bool unpacking)
{
    for (size_t i = 0; i < report->count; i++) {
        struct report_item *item = &report->items[i];
        if (item->unpacking == unpacking && str_equal(item->subject, subject))
            return item;
    }
    report->items = xrealloc_array(report->items, report->count + 1, sizeof(*report->items));
    struct report_item *item = &report->items[report->count++];
    *item = (struct report_item){.subject = xstrdup(subject), .unpacking = unpacking};
    return item;
}

static bool is_unpacking(enum event_type type)
{
    return type == EVENT_LAYER_STARTED || type == EVENT_LAYER_PROGRESS || type == EVENT_LAYER_DONE
        || type == EVENT_LAYER_PRESENT;
}

static struct report_item *update_item(struct report *report, const struct event *event)
{
    struct report_item *item =
        find_item(report, event->subject ? event->subject : "", is_unpacking(event->type));
    if (event->total)
        item->total = event->total;
    bool finished = event->type == EVENT_BLOB_DONE || event->type == EVENT_BLOB_PRESENT
        || event->type == EVENT_LAYER_DONE || event->type == EVENT_LAYER_PRESENT;
    item->done = finished ? item->total : event->done;
    return item;
}

/* ---- plain lines ---- */

struct wording {
    enum event_type type;
    const char *verb;
};

static const struct wording wordings[] = {
    {EVENT_BLOB_STARTED, "downloading"}, {EVENT_BLOB_PROGRESS, "downloading"},
    {EVENT_BLOB_DONE, "downloaded"},     {EVENT_BLOB_PRESENT, "present"},
    {EVENT_LAYER_STARTED, "unpacking"},  {EVENT_LAYER_PROGRESS, "unpacking"},
    {EVENT_LAYER_DONE, "unpacked"},      {EVENT_LAYER_PRESENT, "unpacked already"},
};

static const char *verb_of(enum event_type type)
{
    for (size_t i = 0; i < ARRAY_SIZE(wordings); i++)
        if (wordings[i].type == type)
            return wordings[i].verb;
    return NULL;
}

static void plain_item(struct report *report, const struct event *event)
{
    struct report_item *item = update_item(report, event);
    bool progress = event->type == EVENT_BLOB_PROGRESS || event->type == EVENT_LAYER_PROGRESS;
    /* A run of an image that is there has nothing to tell. */
    if (event->type == EVENT_LAYER_PRESENT && !report->verbose)
        return;
    uint64_t now = os_monotonic_ms();
    if (progress && now - item->told_ms < PLAIN_INTERVAL_MS)
        return;
    item->told_ms = now;

    CLEANUP(str_free) char *id = short_id(event->subject);
    CLEANUP(str_free) char *total = format_size(item->total);
    if (!progress) {
        terminal_error_line("wrun: %s: %s%s%s%s", id, verb_of(event->type), item->total ? " (" : "",
                            item->total ? total : "", item->total ? ")" : "");
        return;
    }
    CLEANUP(str_free) char *done = format_size(item->done);
    terminal_error_line("wrun: %s: %s %s of %s", id, verb_of(event->type), done, total);
}

static void tell_text(struct report *report, const struct event *event)
{
    switch (event->type) {
    case EVENT_RESOLVE_STARTED:
        terminal_error_line("wrun: resolving %s", event->subject);
        return;
    case EVENT_RESOLVED:
        terminal_error_line("wrun: %s is %s", event->subject, event->text);
        return;
    case EVENT_CANDIDATE:
        terminal_error_line("wrun: %s", event->text);
        return;
    case EVENT_BLOB_WAITING: {
        CLEANUP(str_free) char *id = short_id(event->subject);
        terminal_error_line("wrun: %s: another wrun is fetching it; waiting", id);
        return;
    }
    case EVENT_RETRY:
        terminal_error_line("wrun: %s: %s; trying again in %u.%u s", event->subject, event->text,
                            (unsigned)(event->pause_ms / 1000),
                            (unsigned)(event->pause_ms % 1000 / 100));
        return;
    case EVENT_STEP:
        if (report->verbose)
            terminal_error_line("wrun: %s", event->text);
        return;
    case EVENT_WARNING:
        terminal_error_line("wrun: warning: %s", event->text);
        return;
    case EVENT_BLOB_STARTED:
    case EVENT_BLOB_PROGRESS:
    case EVENT_BLOB_DONE:
    case EVENT_BLOB_PRESENT:
    case EVENT_LAYER_STARTED:
    case EVENT_LAYER_PROGRESS:
    case EVENT_LAYER_DONE:
    case EVENT_LAYER_PRESENT:
        plain_item(report, event);
        return;
    }
}

/* ---- the status line of a terminal ---- */

/* With spaces: not every console understands escape sequences. */
static void erase_line(struct report *report)
{
    if (report->line_length > 0) {
        CLEANUP(str_free) char *blank = str_format("\r%*s\r", (int)report->line_length, "");
        terminal_error_text(blank);
    }
    report->line_length = 0;
}

static void sum_items(const struct report *report, bool unpacking, uint64_t *ret_done,
                      uint64_t *ret_total)
{
    uint64_t done = 0;
    uint64_t total = 0;
    for (size_t i = 0; i < report->count; i++) {
        if (report->items[i].unpacking != unpacking)
            continue;
        done += report->items[i].done;
        total += report->items[i].total;
    }
    *ret_done = done;
    *ret_total = total;
}

static char *format_bar(const char *label, uint64_t done, uint64_t total)
{
    char bar[BAR_WIDTH + 1];
    size_t filled = total ? (size_t)(done * BAR_WIDTH / total) : 0;
    for (size_t i = 0; i < BAR_WIDTH; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR_WIDTH] = 0;
    CLEANUP(str_free) char *done_text = format_size(done);
    CLEANUP(str_free) char *total_text = format_size(total);
    return str_format("%s [%s] %s/%s", label, bar, done_text, total_text);
}

/* Shows what is under way; when nothing is, the line is empty, for a result or the container's own
 * output may come next. */
static void draw(struct report *report)
{
    uint64_t done = 0;
    uint64_t total = 0;
    sum_items(report, false, &done, &total);
    bool downloading = done < total;
    if (!downloading)
        sum_items(report, true, &done, &total);
    if (done == total) {
        erase_line(report);
        return;
    }

    CLEANUP(str_free) char *bar = format_bar(downloading ? "pull" : "unpack", done, total);
    uint64_t elapsed = report->drawn_ms - report->started_ms;
    CLEANUP(str_free) char *rate = format_size(elapsed ? done * 1000 / elapsed : 0);
    CLEANUP(str_free) char *line = str_format("%s  %s/s", bar, rate);
    unsigned width = terminal_width();
    if (strlen(line) >= width)
        line[width - 1] = 0;
    erase_line(report);
    terminal_error_text(line);
    report->line_length = strlen(line);
}

static void tty_event(struct report *report, const struct event *event)
{
    bool is_item = verb_of(event->type) != NULL;
    if (!is_item) {
        erase_line(report);
        tell_text(report, event);
        return;
    }
    (void)update_item(report, event);
    bool progress = event->type == EVENT_BLOB_PROGRESS || event->type == EVENT_LAYER_PROGRESS;
    uint64_t now = os_monotonic_ms();
    if (progress && now - report->drawn_ms < REDRAW_MS)
        return;
    report->drawn_ms = now;
    draw(report);
}

/* ---- JSON lines ---- */

static const char *const event_names[] = {
    [EVENT_RESOLVE_STARTED] = "resolve-started",
    [EVENT_CANDIDATE] = "candidate",
    [EVENT_RESOLVED] = "resolved",
    [EVENT_BLOB_WAITING] = "blob-waiting",
    [EVENT_BLOB_STARTED] = "blob-started",
    [EVENT_BLOB_PROGRESS] = "blob-progress",
    [EVENT_BLOB_DONE] = "blob-done",
    [EVENT_BLOB_PRESENT] = "blob-present",
    [EVENT_LAYER_STARTED] = "layer-started",
    [EVENT_LAYER_PROGRESS] = "layer-progress",
    [EVENT_LAYER_DONE] = "layer-done",
    [EVENT_LAYER_PRESENT] = "layer-present",
    [EVENT_RETRY] = "retry",
    [EVENT_STEP] = "step",
    [EVENT_WARNING] = "warning",
};

static void json_event(struct report *report, const struct event *event)
{
    bool progress = event->type == EVENT_BLOB_PROGRESS || event->type == EVENT_LAYER_PROGRESS;
    uint64_t now = os_monotonic_ms();
    if (progress && now - report->drawn_ms < REDRAW_MS)
        return;
    report->drawn_ms = now;

    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        json_string(&w, "event", event_names[event->type]);
        message_json_text(&w, "subject", event->subject);
        message_json_text(&w, "text", event->text);
        json_opt_uint(&w, "done", event->done);
        json_opt_uint(&w, "total", event->total);
        json_opt_uint(&w, "pauseMs", event->pause_ms);
    }
    CLEANUP(str_free) char *line = NULL;
    CLEANUP(error_clear) struct error ignored = {0};
    if (json_writer_finish(&w, &line, &ignored))
        terminal_error_line("%s", line);
}

/* ---- the observer ---- */

static void on_event(void *user, const struct event *event)
{
    struct report *report = user;
    monitor_enter(&report->lock);
    if (report->mode == REPORT_JSON)
        json_event(report, event);
    else if (report->mode == REPORT_TTY)
        tty_event(report, event);
    else if (report->mode == REPORT_PLAIN || event->type == EVENT_WARNING)
        tell_text(report, event);
    monitor_leave(&report->lock);
}

void report_open(struct report *report, enum report_mode mode, bool verbose)
{
    CLEANUP(str_free) char *ci = os_getenv("CI");
    if (mode == REPORT_AUTO)
        mode = terminal_stderr_is_console() && !ci ? REPORT_TTY : REPORT_PLAIN;
    *report = (struct report){
        .mode = mode,
        .verbose = verbose,
        .observer = {.on_event = on_event, .user = report},
        .lock = monitor_open(),
        .started_ms = os_monotonic_ms(),
    };
}

void report_close(struct report *report)
{
    erase_line(report);
    for (size_t i = 0; i < report->count; i++)
        str_free(&report->items[i].subject);
    mem_free(&report->items);
    monitor_close(&report->lock);
    *report = (struct report){0};
}
