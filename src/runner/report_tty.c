/* SPDX-License-Identifier: MIT */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/text.h"
#include "runner/progress_text.h"
#include "runner/report_modes.h"

#define REDRAW_MS 100
#define RETRY_MAXIMUM 400 /* bytes of a reason; the width of the terminal cuts it again */

/* ECMA-48: cursor up; erase to the end of the line, of the screen. */
#define CURSOR_UP "\x1b[%zuA"
#define ERASE_LINE "\x1b[K"
#define ERASE_BELOW "\x1b[J"

/* ---- erasing ---- */

static void add_return(const struct report_screen *screen, struct buf *text)
{
    buf_add_str(text, "\r");
    if (screen->lines > 1)
        buf_addf(text, CURSOR_UP, screen->lines - 1);
}

/* Without escape sequences, blanks do it. */
static void erase(struct report_screen *screen)
{
    if (screen->lines == 0)
        return;
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    add_return(screen, &text);
    if (screen->moves_cursor)
        buf_add_str(&text, ERASE_BELOW);
    else
        buf_addf(&text, "%*s\r", (int)screen->columns, "");
    terminal_error_text(buf_str(&text));
    screen->lines = 0;
    screen->columns = 0;
}

/* ---- drawing ---- */

static char *retry_line(const struct report_screen *screen, uint64_t now_ms, unsigned columns)
{
    if (!screen->retry || now_ms >= screen->retry_at_ms)
        return NULL;
    unsigned seconds = (unsigned)((screen->retry_at_ms - now_ms + 999) / 1000);
    char *line = str_format("retry in %u s: %s", seconds, screen->retry);
    if (strlen(line) >= columns)
        line[columns > 1 ? columns - 1 : 0] = '\0';
    return line;
}

static void compose(const struct report *report, uint64_t now_ms, struct strlist *ret)
{
    const struct report_screen *screen = &report->screen;
    const struct progress *progress = &report->progress;
    struct terminal_size size = terminal_size();
    CLEANUP(str_free) char *retry = retry_line(screen, now_ms, size.columns);
    bool fits_retry = retry && size.rows > 2;
    if (screen->moves_cursor)
        progress_compose_screen(progress, now_ms, size.columns, size.rows - (unsigned)fits_retry,
                                ret);
    else if (!retry && progress_is_active(progress))
        strlist_add_owned(ret, progress_compose_line(progress, now_ms, size.columns));
    if (fits_retry)
        strlist_add_owned(ret, TAKE(retry));
}

static void draw(struct report *report, uint64_t now_ms)
{
    struct report_screen *screen = &report->screen;
    CLEANUP(strlist_clear) struct strlist lines = {0};
    compose(report, now_ms, &lines);
    if (!screen->moves_cursor || lines.count == 0)
        erase(screen);
    if (lines.count == 0)
        return;

    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    add_return(screen, &text);
    for (size_t i = 0; i < lines.count; i++) {
        bool is_last = i + 1 == lines.count;
        buf_addf(&text, "%s%s%s", lines.items[i], screen->moves_cursor ? ERASE_LINE : "",
                 is_last ? "" : "\r\n");
    }
    if (screen->moves_cursor)
        buf_add_str(&text, ERASE_BELOW);
    terminal_error_text(buf_str(&text));
    screen->lines = lines.count;
    screen->columns = strlen(lines.items[lines.count - 1]);
    screen->drawn_ms = now_ms;
}

void report_tty_tick(struct report *report, uint64_t now_ms)
{
    if (now_ms - report->screen.drawn_ms >= REDRAW_MS)
        draw(report, now_ms);
}

/* ---- events ---- */

static void keep_retry(struct report_screen *screen, const struct event *event, uint64_t now_ms)
{
    CLEANUP(str_free) char *text = str_format("%s: %s", event->text, event->subject);
    str_free(&screen->retry);
    screen->retry = str_printable(text, RETRY_MAXIMUM);
    screen->retry_at_ms = now_ms + event->pause_ms;
}

/* Opened by the first thing that is drawn, so that a run of an image that is there leaves the
 * console alone. */
static void open_screen(struct report_screen *screen)
{
    if (!screen->mode.is_open)
        screen->moves_cursor = terminal_open(&screen->mode);
}

void report_tty_event(struct report *report, const struct event *event, struct progress_item *item,
                      uint64_t now_ms)
{
    open_screen(&report->screen);
    if (event->type == EVENT_RETRY) {
        keep_retry(&report->screen, event, now_ms);
        report_tty_tick(report, now_ms);
        return;
    }
    if (!item) {
        erase(&report->screen);
        report_plain_event(report, event, NULL, now_ms);
        return;
    }
    if (event_is_progress(event->type))
        report_tty_tick(report, now_ms);
    else
        draw(report, now_ms);
}

void report_tty_close(struct report *report)
{
    struct report_screen *screen = &report->screen;
    erase(screen);
    str_free(&screen->retry);
    terminal_close(&screen->mode);
    *screen = (struct report_screen){0};
}
