/* SPDX-License-Identifier: MIT */
#include "base/json_read.h"
#include "base/text.h"
#include "capture.h"
#include "runner/report_modes.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct event pull[] = {
    {.type = EVENT_RESOLVE_STARTED, .subject = "demo:1"},
    {.type = EVENT_CANDIDATE, .subject = A, .text = "linux/amd64: not a Windows image"},
    {.type = EVENT_RESOLVED, .subject = "demo:1", .text = "sha256:cc"},
    {.type = EVENT_BLOB_PLANNED, .subject = A, .total = 2000000},
    {.type = EVENT_BLOB_STARTED, .subject = A, .done = 500000, .total = 2000000},
    {.type = EVENT_BLOB_PROGRESS, .subject = A, .done = 1000000, .total = 2000000},
    {.type = EVENT_BLOB_DONE, .subject = A, .total = 2000000},
    {.type = EVENT_STEP, .text = "a step"},
    {.type = EVENT_LAYER_PRESENT, .subject = A},
    {.type = EVENT_RETRY, .subject = "https://h/x", .text = "status 503", .pause_ms = 4000},
    {.type = EVENT_BLOB_WAITING, .subject = "sha256:bb", .total = 5},
    {.type = EVENT_BLOB_PRESENT, .subject = "sha256:bb", .total = 5},
    {.type = EVENT_WARNING, .text = "bad \x1b[31mname\xff"},
};

static void tell_pull(enum report_mode mode, bool verbose)
{
    struct report report;
    report_open(&report, mode, verbose);
    for (size_t i = 0; i < ARRAY_SIZE(pull); i++)
        report.observer.on_event(report.observer.user, &pull[i]);
    report_finish(&report);
    assert_int_equal(report.fetched_bytes, 1500000);
    report_close(&report);
}

static char *told(enum report_mode mode, bool verbose)
{
    struct capture capture;
    capture_pipe(&capture, STDERR_FILENO);
    tell_pull(mode, verbose);
    capture_end(&capture);
    return capture.text;
}

/* " in 2.5 s (2.0 MB/s)" becomes " in # (#/s)". */
static char *without_times(const char *text)
{
    CLEANUP(buf_clear) struct buf result;
    buf_init(&result, BUF_UNBOUNDED);
    while (*text) {
        const char *line_end = strchr(text, '\n');
        CLEANUP(str_free) char *line = xstrndup(text, (size_t)(line_end - text));
        char *start = strstr(line, " in ");
        char *end = start ? strstr(start, "/s)") : NULL;
        if (end)
            *start = 0;
        buf_addf(&result, "%s%s%s\n", line, end ? " in # (#" : "", end ? end : "");
        text = line_end + 1;
    }
    return buf_take_str(&result);
}

TEST(plain_lines)
{
    CLEANUP(str_free) char *raw = told(REPORT_PLAIN, false);
    CLEANUP(str_free) char *text = without_times(raw);
    assert_string_equal(text,
                        "wrun: resolving demo:1\n"
                        "wrun: linux/amd64: not a Windows image\n"
                        "wrun: demo:1 is sha256:cc\n"
                        "wrun: aaaaaaaaaaaa: downloading (2.0 MB, 500.0 kB of it here already)\n"
                        "wrun: aaaaaaaaaaaa: downloaded 2.0 MB in # (#/s)\n"
                        "wrun: https://h/x: status 503; trying again in 4.0 s\n"
                        "wrun: bb: another wrun is fetching it; waiting\n"
                        "wrun: bb: present (5 B)\n"
                        "wrun: warning: bad ?[31mname?\n"
                        "wrun: 1 blob fetched: 1.5 MB in # (#/s), 1 present\n");
}

TEST(verbose_tells_steps)
{
    CLEANUP(str_free) char *text = told(REPORT_PLAIN, true);
    assert_non_null(strstr(text, "wrun: a step\nwrun: aaaaaaaaaaaa: unpacked already\n"));
}

TEST(plain_lines_come_every_ten_seconds)
{
    struct capture capture;
    capture_pipe(&capture, STDERR_FILENO);
    struct report report;
    report_open(&report, REPORT_NONE, false); /* no ticker: this test is the clock */
    uint64_t start = 1000000;
    const struct event started = {.type = EVENT_BLOB_STARTED, .subject = A, .total = 2000000000};
    report_plain_event(&report, &started, progress_update(&report.progress, &started, start),
                       start);
    for (uint64_t s = 1; s <= 35; s++) {
        const struct event event = {.type = EVENT_BLOB_PROGRESS,
                                    .subject = A,
                                    .done = s < 20 ? s * 10000000 : 200000000,
                                    .total = 2000000000};
        uint64_t now = start + s * 1000;
        if (s <= 20)
            report_plain_event(&report, &event, progress_update(&report.progress, &event, now),
                               now);
        report_plain_tick(&report, now);
    }
    report_close(&report);
    capture_end(&capture);
    CLEANUP(str_free) char *text = capture.text;
    assert_string_equal(
        text,
        "wrun: aaaaaaaaaaaa: downloading (2.0 GB)\n"
        "wrun: aaaaaaaaaaaa: downloading: 100.0 MB of 2.0 GB (5 %), 10.0 MB/s, 3 min 10 s left\n"
        "wrun: aaaaaaaaaaaa: downloading: 200.0 MB of 2.0 GB (10 %), 10.0 MB/s, 3 min 0 s left\n"
        "wrun: aaaaaaaaaaaa: downloading: 200.0 MB of 2.0 GB (10 %), 0 B/s\n");
}

TEST(without_a_terminal_auto_is_plain)
{
    CLEANUP(str_free) char *automatic = told(REPORT_AUTO, false);
    CLEANUP(str_free) char *plain = told(REPORT_PLAIN, false);
    CLEANUP(str_free) char *left = without_times(automatic);
    CLEANUP(str_free) char *right = without_times(plain);
    assert_string_equal(left, right);
}

TEST(quiet_tells_warnings_only)
{
    CLEANUP(str_free) char *text = told(REPORT_NONE, true);
    assert_string_equal(text, "wrun: warning: bad ?[31mname?\n");
}

/* The members that depend on the clock become 0. */
static void check_line(const char *line, const char *expected)
{
    struct error err = {0};
    CLEANUP(json_document_clear) struct json_document document = {0};
    assert_ok(json_parse(line, strlen(line), &json_default_limits, &document, &err));
    const char *time = json_member_string(document.root, "time");
    assert_non_null(time);
    assert_int_equal(strlen(time), strlen("2026-11-22T03:04:05Z"));
    assert_non_null(json_member(document.root, "ms"));
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    for (const struct json_value *item = document.root->first; item; item = item->next) {
        bool is_clock = str_equal(item->key, "time") || str_equal(item->key, "ms")
            || str_equal(item->key, "bytesPerSecond") || str_equal(item->key, "durationMs");
        buf_addf(&text, "%s%s=%s", text.length ? " " : "", item->key, is_clock ? "#" : item->text);
    }
    assert_string_equal(buf_str(&text), expected);
}

TEST(json_lines)
{
    CLEANUP(str_free) char *text = told(REPORT_JSON, false);
    static const char *const lines[] = {
        "time=# ms=# event=resolve-started subject=demo:1",
        "time=# ms=# event=candidate subject=" A " text=linux/amd64: not a Windows image",
        "time=# ms=# event=resolved subject=demo:1 text=sha256:cc",
        "time=# ms=# event=blob-planned subject=" A " total=2000000",
        "time=# ms=# event=blob-started subject=" A " done=500000 total=2000000",
        "time=# ms=# event=blob-done subject=" A " total=2000000",
        "time=# ms=# event=step text=a step",
        "time=# ms=# event=layer-present subject=" A,
        "time=# ms=# event=retry subject=https://h/x text=status 503 pauseMs=4000",
        "time=# ms=# event=blob-waiting subject=sha256:bb total=5",
        "time=# ms=# event=blob-present subject=sha256:bb total=5",
        "time=# ms=# event=warning text=bad ?[31mname?",
        "time=# ms=# event=summary fetched=1 present=1 bytes=1500000 durationMs=# "
        "bytesPerSecond=#",
    };
    char *at = text;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        char *end = strchr(at, '\n');
        assert_non_null(end);
        *end = 0;
        check_line(at, lines[i]);
        at = end + 1;
    }
    assert_string_equal(at, "");
}

TEST(json_progress_is_thinned_out)
{
    struct capture capture;
    capture_pipe(&capture, STDERR_FILENO);
    struct report report;
    report_open(&report, REPORT_JSON, false);
    for (uint64_t i = 0; i <= 10; i++) {
        const struct event event = {.type = i ? EVENT_BLOB_PROGRESS : EVENT_BLOB_STARTED,
                                    .subject = A,
                                    .done = i * 10,
                                    .total = 100};
        uint64_t now = report.opened_ms + i * 100;
        report_json_event(&report, &event, progress_update(&report.progress, &event, now), now);
    }
    report_close(&report);
    capture_end(&capture);
    CLEANUP(str_free) char *text = capture.text;
    CLEANUP(buf_clear) struct buf seen;
    buf_init(&seen, BUF_UNBOUNDED);
    for (const char *at = text; (at = strstr(at, "\"ms\":")); at++)
        buf_addf(&seen, "%.4s ", at + strlen("\"ms\":"));
    assert_string_equal(buf_str(&seen), "0,\"e 300, 600, 900, ");
    assert_non_null(strstr(text, "\"done\":30,\"total\":100,\"bytesPerSecond\":100}"));
}

/* Threads that tell at the same time do not mix their lines. */
static void tell_often(void *argument)
{
    struct report *report = argument;
    for (unsigned i = 0; i < 200; i++)
        report->observer.on_event(report->observer.user,
                                  &(struct event){.type = EVENT_WARNING, .text = "0123456789"});
}

TEST(events_may_come_from_several_threads)
{
    struct error err = {0};
    struct capture capture;
    capture_pipe(&capture, STDERR_FILENO);
    struct report report;
    struct os_thread threads[4];
    report_open(&report, REPORT_PLAIN, false);
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        assert_ok(os_thread_start(&threads[i], tell_often, &report, &err));
    for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
        os_thread_join(&threads[i]);
    report_close(&report);
    capture_end(&capture);
    CLEANUP(str_free) char *text = capture.text;
    const char *at = text;
    for (unsigned i = 0; i < 800; i++) {
        assert_true(str_starts_with(at, "wrun: warning: 0123456789\n"));
        at += strlen("wrun: warning: 0123456789\n");
    }
    assert_string_equal(at, "");
}

/* ---- terminals ---- */

#define COLUMNS 64

/* A terminal of 64 x 6, so small that a mistake shows: it knows CR, LF, cursor up and the two
 * erasures, and fails on anything else and on a line that runs over. */
struct emulator {
    char cells[6][COLUMNS];
    size_t row;
    size_t column;
};

static bool is_blank(const char row[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++)
        if (row[i] != ' ')
            return false;
    return true;
}

static void scroll(struct emulator *e)
{
    memmove(e->cells[0], e->cells[1], 5 * sizeof(e->cells[0]));
    memset(e->cells[5], ' ', COLUMNS);
}

static const char *emulate_escape(struct emulator *e, const char *at)
{
    unsigned count = 0;
    assert_int_equal(*at++, '[');
    while (*at >= '0' && *at <= '9')
        count = count * 10 + (unsigned)(*at++ - '0');
    if (*at == 'A') {
        assert_in_range(count, 1, e->row);
        e->row -= count;
    } else {
        assert_true(*at == 'K' || *at == 'J');
        memset(e->cells[e->row] + e->column, ' ', COLUMNS - e->column);
        for (size_t row = e->row + 1; *at == 'J' && row < 6; row++)
            memset(e->cells[row], ' ', COLUMNS);
    }
    return at + 1;
}

static void emulate(struct emulator *e, const char *at)
{
    while (*at) {
        char c = *at++;
        if (c == '\x1b') {
            at = emulate_escape(e, at);
        } else if (c == '\r') {
            e->column = 0;
        } else if (c == '\n') {
            e->column = 0;
            if (e->row == 5)
                scroll(e);
            else
                e->row++;
        } else {
            assert_in_range(e->column, 0, COLUMNS - 1);
            e->cells[e->row][e->column++] = c;
        }
    }
}

/* What stands there, without blanks at the ends and without empty lines at the end. */
static char *emulated(const char *bytes)
{
    struct emulator e = {0};
    memset(e.cells, ' ', sizeof(e.cells));
    emulate(&e, bytes);
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    size_t last = 6;
    while (last > 0 && is_blank(e.cells[last - 1]))
        last--;
    for (size_t row = 0; row < last; row++) {
        size_t length = COLUMNS;
        while (length > 0 && e.cells[row][length - 1] == ' ')
            length--;
        buf_add(&text, e.cells[row], length);
        buf_add_str(&text, "\n");
    }
    return buf_take_str(&text);
}

/* The bytes that events[0..count) make, with 'type' in TERM; finish = as at the end of a pull. */
static char *on_terminal(const char *type, const struct event *events, size_t count, bool finish)
{
    struct capture capture;
    struct report report;
    setenv("TERM", type, 1);
    capture_terminal(&capture, STDERR_FILENO, COLUMNS);
    struct terminal_size size = terminal_size();
    bool is_console = terminal_stderr_is_console();
    report_open(&report, REPORT_TTY, false);
    for (size_t i = 0; i < count; i++)
        report.observer.on_event(report.observer.user, &events[i]);
    if (finish)
        report_finish(&report);
    /* Closing would erase what is to be seen. */
    monitor_enter(&report.lock);
    capture_end(&capture);
    report.screen.lines = 0;
    monitor_leave(&report.lock);
    report_close(&report);
    assert_true(is_console);
    assert_int_equal(size.columns, COLUMNS);
    assert_int_equal(size.rows, 6);
    return capture.text;
}

static const struct event fetching[] = {
    {.type = EVENT_BLOB_STARTED, .subject = A, .total = 2000000},
    {.type = EVENT_BLOB_WAITING, .subject = "sha256:bb", .total = 1000000},
    {.type = EVENT_RETRY, .subject = "https://h/x", .text = "status \x1b 503", .pause_ms = 4000},
    {.type = EVENT_WARNING, .text = "look"},
    {.type = EVENT_BLOB_STARTED, .subject = "sha256:cc", .total = 1000000},
    {.type = EVENT_BLOB_PRESENT, .subject = "sha256:bb", .total = 1000000},
    {.type = EVENT_BLOB_DONE, .subject = "sha256:cc", .total = 1000000},
    {.type = EVENT_BLOB_DONE, .subject = A, .total = 2000000},
};

TEST(a_terminal_has_a_line_for_each_and_one_for_all)
{
    static const struct {
        size_t events;
        const char *expected;
    } rows[] = {
        {1,
         "aaaaaaaaaaaa pull   [....................] 0 B of 2.0 MB (0 %),\n"
         "pull 0/1, 0 B of 2.0 MB, 0 B/s\n"},
        {2,
         "aaaaaaaaaaaa pull   [....................] 0 B of 2.0 MB (0 %),\n"
         "bb           pull   another wrun is fetching it; waiting\n"
         "pull 0/2, 0 B of 3.0 MB, 0 B/s\n"},
        /* The warning stands on a line of its own, above. */
        {5,
         "wrun: warning: look\n"
         "aaaaaaaaaaaa pull   [....................] 0 B of 2.0 MB (0 %),\n"
         "bb           pull   another wrun is fetching it; waiting\n"
         "cc           pull   [....................] 0 B of 1.0 MB (0 %),\n"
         "pull 0/3, 0 B of 4.0 MB, 0 B/s\n"
         "retry in 4 s: status ? 503: https://h/x\n"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_free) char *bytes = on_terminal("xterm", fetching, rows[i].events, false);
        CLEANUP(str_free) char *text = emulated(bytes);
        assert_string_equal(text, rows[i].expected);
    }
}

TEST(the_lines_go_away_at_the_end)
{
    CLEANUP(str_free) char *interrupted = on_terminal("xterm", fetching, 1, true);
    CLEANUP(str_free) char *nothing = emulated(interrupted);
    assert_string_equal(nothing, "");
    CLEANUP(str_free) char *bytes = on_terminal("xterm", fetching, ARRAY_SIZE(fetching), true);
    CLEANUP(str_free) char *text = emulated(bytes);
    assert_true(str_starts_with(text, "wrun: warning: look\nwrun: 2 blobs fetched: 3.0 MB in 0."));
    assert_true(str_ends_with(text, "/s), 1 present\n"));
}

TEST(a_terminal_that_cannot_move_its_cursor_has_one_line)
{
    static const char *const types[] = {"dumb", ""};
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        CLEANUP(str_free) char *bytes = on_terminal(types[i], fetching, 2, false);
        CLEANUP(str_free) char *text = emulated(bytes);
        assert_null(strchr(bytes, '\x1b'));
        assert_null(strchr(bytes, '\n'));
        assert_string_equal(text, "pull [....................] 0/2, 0 B of 3.0 MB, 0 B/s\n");
        CLEANUP(str_free) char *all = on_terminal(types[i], fetching, ARRAY_SIZE(fetching), true);
        CLEANUP(str_free) char *end = emulated(all);
        assert_true(str_starts_with(end, "wrun: warning: look\nwrun: 2 blobs fetched: 3.0 MB"));
    }
}

TEST(an_image_that_is_there_draws_nothing)
{
    static const struct event present[] = {
        {.type = EVENT_BLOB_PLANNED, .subject = A, .total = 1},
        {.type = EVENT_BLOB_PRESENT, .subject = A, .total = 1},
        {.type = EVENT_LAYER_PRESENT, .subject = A},
        {.type = EVENT_STEP, .text = "a step"},
    };
    CLEANUP(str_free) char *bytes = on_terminal("xterm", present, ARRAY_SIZE(present), true);
    assert_string_equal(bytes, "");
}

TEST(redrawing_is_limited)
{
    struct capture capture;
    struct report report;
    setenv("TERM", "xterm", 1);
    capture_terminal(&capture, STDERR_FILENO, COLUMNS);
    report_open(&report, REPORT_NONE, false); /* no ticker: this test is the clock */
    uint64_t start = 1000000;
    const struct event started = {.type = EVENT_BLOB_STARTED, .subject = A, .total = 2000000};
    report_tty_event(&report, &started, progress_update(&report.progress, &started, start), start);
    for (uint64_t i = 1; i <= 2000; i++) {
        const struct event event = {
            .type = EVENT_BLOB_PROGRESS, .subject = A, .done = i * 1000, .total = 2000000};
        report_tty_event(&report, &event, progress_update(&report.progress, &event, start + i),
                         start + i);
    }
    report_tty_close(&report);
    report_close(&report);
    capture_end(&capture);
    CLEANUP(str_free) char *bytes = capture.text;
    size_t drawn = 0;
    for (const char *at = bytes; (at = strstr(at, "pull 0/1")); at++)
        drawn++;
    assert_int_equal(drawn, 21);
    CLEANUP(str_free) char *text = emulated(bytes);
    assert_string_equal(text, "");
}

TEST(modes_have_names)
{
    struct error err = {0};
    enum report_mode mode = REPORT_NONE;
    assert_ok(report_mode_parse("auto", &mode, &err));
    assert_int_equal(mode, REPORT_AUTO);
    assert_ok(report_mode_parse("json", &mode, &err));
    assert_int_equal(mode, REPORT_JSON);
    static const char *const bad[] = {"", "JSON", "fancy", "json "};
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
        assert_fails(report_mode_parse(bad[i], &mode, &err), ERR_USAGE, "is not one of");
    assert_int_equal(mode, REPORT_JSON);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_lines),
        cmocka_unit_test(verbose_tells_steps),
        cmocka_unit_test(plain_lines_come_every_ten_seconds),
        cmocka_unit_test(without_a_terminal_auto_is_plain),
        cmocka_unit_test(quiet_tells_warnings_only),
        cmocka_unit_test(json_lines),
        cmocka_unit_test(json_progress_is_thinned_out),
        cmocka_unit_test(events_may_come_from_several_threads),
        cmocka_unit_test(a_terminal_has_a_line_for_each_and_one_for_all),
        cmocka_unit_test(the_lines_go_away_at_the_end),
        cmocka_unit_test(a_terminal_that_cannot_move_its_cursor_has_one_line),
        cmocka_unit_test(an_image_that_is_there_draws_nothing),
        cmocka_unit_test(redrawing_is_limited),
        cmocka_unit_test(modes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
