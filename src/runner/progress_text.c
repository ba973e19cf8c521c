/* SPDX-License-Identifier: MIT */
#include "runner/progress_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "runner/size_text.h"

#define SHORT_DIGEST_LENGTH 12
#define BAR_WIDTH 20
#define LINES_MAXIMUM 16

static const char *const verbs[PROGRESS_KINDS] = {
    [PROGRESS_FETCH] = "pull",
    [PROGRESS_UNPACK] = "unpack",
    [PROGRESS_CHECK] = "check",
    [PROGRESS_EXPORT] = "export",
};

/* ---- numbers ---- */

char *progress_format_duration(uint64_t time_ms)
{
    uint64_t seconds = time_ms / 1000;
    if (time_ms < 10000)
        return str_format("%" PRIu64 ".%" PRIu64 " s", seconds, time_ms % 1000 / 100);
    if (seconds < 60)
        return str_format("%" PRIu64 " s", seconds);
    if (seconds < 3600)
        return str_format("%" PRIu64 " min %" PRIu64 " s", seconds / 60, seconds % 60);
    return str_format("%" PRIu64 " h %02" PRIu64 " min", seconds / 3600, seconds / 60 % 60);
}

char *progress_short_id(const char *subject)
{
    const char *colon = strchr(subject, ':');
    return xstrndup(colon ? colon + 1 : subject, SHORT_DIGEST_LENGTH);
}

static unsigned percent(uint64_t done, uint64_t total)
{
    return done >= total ? 100 : (unsigned)((double)done * 100 / (double)total);
}

/* ", 35.0 MB/s, 41 s left"; the time only when there is a rate to tell it by. */
static void add_rate(struct buf *text, uint64_t done, uint64_t total, uint64_t per_second)
{
    CLEANUP(str_free) char *rate = size_text(per_second);
    buf_addf(text, ", %s/s", rate);
    if (per_second == 0 || total <= done)
        return;
    uint64_t seconds = (total - done + per_second - 1) / per_second;
    CLEANUP(str_free)
    char *left = seconds < 10 ? str_format("%" PRIu64 " s", seconds)
                              : progress_format_duration(seconds * 1000);
    buf_addf(text, ", %s left", left);
}

char *progress_format_item(const struct progress_item *item, uint64_t now_ms)
{
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    CLEANUP(str_free) char *done = size_text(item->done);
    CLEANUP(str_free) char *total = size_text(item->total);
    buf_add_str(&text, done);
    if (item->total)
        buf_addf(&text, " of %s (%u %%)", total, percent(item->done, item->total));
    add_rate(&text, item->done, item->total, rate_per_second(&item->rate, now_ms));
    return buf_take_str(&text);
}

char *progress_format_summary(const struct progress *progress, uint64_t now_ms)
{
    struct progress_sum sum = progress_sum(progress, PROGRESS_FETCH, now_ms);
    size_t fetched = sum.finished - sum.present;
    if (fetched == 0)
        return NULL;
    uint64_t elapsed = sum.elapsed_ms ? sum.elapsed_ms : 1;
    CLEANUP(str_free) char *size = size_text(sum.moved);
    CLEANUP(str_free) char *duration = progress_format_duration(sum.elapsed_ms);
    CLEANUP(str_free) char *rate = size_text(sum.moved * 1000 / elapsed);
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    buf_addf(&text, "%zu blob%s fetched: %s in %s (%s/s)", fetched, fetched == 1 ? "" : "s", size,
             duration, rate);
    if (sum.present)
        buf_addf(&text, ", %zu present", sum.present);
    return buf_take_str(&text);
}

/* ---- lines of a terminal ---- */

static char *fit(char *line, unsigned columns)
{
    size_t room = columns > 1 ? columns - 1 : 1;
    if (strlen(line) > room)
        line[room] = '\0';
    return line;
}

static void add_bar(struct buf *text, uint64_t done, uint64_t total)
{
    unsigned filled = total ? percent(done, total) * BAR_WIDTH / 100 : 0;
    buf_add_str(text, "[");
    for (unsigned i = 0; i < BAR_WIDTH; i++)
        buf_add_str(text, i < filled ? "#" : ".");
    buf_add_str(text, "]");
}

static char *item_line(const struct progress_item *item, uint64_t now_ms)
{
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    CLEANUP(str_free) char *id = progress_short_id(item->subject);
    buf_addf(&text, "%-12s %-6s ", id, verbs[item->kind]);
    if (item->state == PROGRESS_WAITING) {
        buf_add_str(&text, "another wrun is fetching it; waiting");
        return buf_take_str(&text);
    }
    CLEANUP(str_free) char *numbers = progress_format_item(item, now_ms);
    add_bar(&text, item->done, item->total);
    buf_addf(&text, " %s", numbers);
    return buf_take_str(&text);
}

/* "pull 2/3, 1.4 GB of 5.1 GB, 88.0 MB/s, 41 s left; unpack 1/3, 1.1 GB of 5.1 GB, 142.0 MB/s" */
static char *total_line(const struct progress *progress, uint64_t now_ms, bool has_bar)
{
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    for (enum progress_kind kind = 0; kind < PROGRESS_KINDS; kind++) {
        struct progress_sum sum = progress_sum(progress, kind, now_ms);
        if (sum.finished == sum.items)
            continue;
        CLEANUP(str_free) char *done = size_text(sum.done);
        CLEANUP(str_free) char *total = size_text(sum.total);
        buf_addf(&text, "%s%s ", text.length ? "; " : "", verbs[kind]);
        if (has_bar) {
            add_bar(&text, sum.done, sum.total);
            buf_add_str(&text, " ");
        }
        buf_addf(&text, "%zu/%zu, %s", sum.finished, sum.items, done);
        if (sum.total)
            buf_addf(&text, " of %s", total);
        add_rate(&text, sum.done, sum.total, sum.per_second);
    }
    return buf_take_str(&text);
}

static bool is_shown(const struct progress_item *item)
{
    return item->state == PROGRESS_ACTIVE || item->state == PROGRESS_WAITING;
}

void progress_compose_screen(const struct progress *progress, uint64_t now_ms, unsigned columns,
                             unsigned rows, struct strlist *ret)
{
    size_t shown = 0;
    for (size_t i = 0; i < progress->count; i++)
        shown += is_shown(&progress->items[i]);
    if (shown == 0)
        return;

    size_t room = rows > LINES_MAXIMUM ? LINES_MAXIMUM : rows > 1 ? rows - 1 : 1;
    size_t lines = room - 1; /* besides the one for the whole */
    size_t hidden = shown > lines ? shown - lines + (lines > 0) : 0;
    size_t left = shown - hidden;
    for (size_t i = 0; i < progress->count && left > 0 && lines > 0; i++) {
        if (!is_shown(&progress->items[i]))
            continue;
        strlist_add_owned(ret, fit(item_line(&progress->items[i], now_ms), columns));
        left--;
    }
    if (hidden > 0 && lines > 0)
        strlist_add_owned(ret, fit(str_format("and %zu more", hidden), columns));
    strlist_add_owned(ret, fit(total_line(progress, now_ms, false), columns));
}

char *progress_compose_line(const struct progress *progress, uint64_t now_ms, unsigned columns)
{
    return fit(total_line(progress, now_ms, true), columns);
}
