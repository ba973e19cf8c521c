/* SPDX-License-Identifier: MIT */
#include "capture.h"
#include "runner/report.h"
#include "runner/terminal.h"

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct event pull[] = {
    {.type = EVENT_RESOLVE_STARTED, .subject = "demo:1"},
    {.type = EVENT_RESOLVED, .subject = "demo:1", .text = "sha256:cc"},
    {.type = EVENT_BLOB_STARTED, .subject = A, .total = 2000000},
    {.type = EVENT_BLOB_PROGRESS, .subject = A, .done = 500000, .total = 2000000},
    {.type = EVENT_BLOB_DONE, .subject = A, .total = 2000000},
    {.type = EVENT_STEP, .text = "a step"},
    {.type = EVENT_LAYER_PRESENT, .subject = A},
    {.type = EVENT_WARNING, .text = "bad \x1b[31mname\xff"},
};

static void tell_pull(enum report_mode mode, bool verbose)
{
    struct report report;
    report_open(&report, mode, verbose);
    for (size_t i = 0; i < ARRAY_SIZE(pull); i++)
        report.observer.on_event(report.observer.user, &pull[i]);
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

TEST(plain_lines)
{
    CLEANUP(str_free) char *text = told(REPORT_PLAIN, false);
    assert_string_equal(text,
                        "wrun: resolving demo:1\n"
                        "wrun: demo:1 is sha256:cc\n"
                        "wrun: aaaaaaaaaaaa: downloading (2.0 MB)\n"
                        "wrun: aaaaaaaaaaaa: downloaded (2.0 MB)\n"
                        "wrun: warning: bad ?[31mname?\n");
}

TEST(verbose_tells_steps)
{
    CLEANUP(str_free) char *text = told(REPORT_PLAIN, true);
    assert_non_null(strstr(text, "wrun: a step\nwrun: aaaaaaaaaaaa: unpacked already\n"));
}

TEST(without_a_terminal_auto_is_plain)
{
    CLEANUP(str_free) char *automatic = told(REPORT_AUTO, false);
    CLEANUP(str_free) char *plain = told(REPORT_PLAIN, false);
    assert_string_equal(automatic, plain);
}

TEST(quiet_tells_warnings_only)
{
    CLEANUP(str_free) char *text = told(REPORT_NONE, true);
    assert_string_equal(text, "wrun: warning: bad ?[31mname?\n");
}

TEST(json_lines)
{
    CLEANUP(str_free) char *text = told(REPORT_JSON, false);
    static const char *const lines[] = {
        "{\"event\":\"resolve-started\",\"subject\":\"demo:1\"}\n",
        "{\"event\":\"resolved\",\"subject\":\"demo:1\",\"text\":\"sha256:cc\"}\n",
        "{\"event\":\"blob-started\",\"subject\":\"" A "\",\"total\":2000000}\n",
        "{\"event\":\"blob-done\",\"subject\":\"" A "\",\"total\":2000000}\n",
        "{\"event\":\"step\",\"text\":\"a step\"}\n",
        "{\"event\":\"layer-present\",\"subject\":\"" A "\"}\n",
        "{\"event\":\"warning\",\"text\":\"bad ?[31mname?\"}\n",
    };
    const char *at = text;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        assert_int_equal(strncmp(at, lines[i], strlen(lines[i])), 0);
        at += strlen(lines[i]);
    }
    assert_string_equal(at, "");
}

/* What a terminal shows after these bytes: one line, where '\r' goes back to its start. */
static char *last_line(const char *bytes)
{
    char *line = xcalloc(1, 1000);
    size_t column = 0;
    for (const char *c = bytes; *c; c++) {
        if (*c == '\n')
            memset(line, 0, 1000);
        if (*c == '\r' || *c == '\n')
            column = 0;
        else if (column < 999)
            line[column++] = *c;
    }
    for (size_t end = strlen(line); end > 0 && line[end - 1] == ' '; end--)
        line[end - 1] = 0;
    return line;
}

static char *on_terminal(unsigned short columns, size_t events, bool close)
{
    struct capture capture;
    struct report report;
    capture_terminal(&capture, STDERR_FILENO, columns);
    assert_true(terminal_stderr_is_console());
    assert_int_equal(terminal_width(), columns);
    report_open(&report, REPORT_TTY, false);
    for (size_t i = 2; i < 2 + events; i++)
        report.observer.on_event(report.observer.user, &pull[i]);
    if (close)
        report_close(&report);
    capture_end(&capture);
    report.line_length = 0;
    report_close(&report);
    return capture.text;
}

TEST(a_terminal_has_one_line_that_is_redrawn)
{
    CLEANUP(str_free) char *bytes = on_terminal(80, 2, false);
    CLEANUP(str_free) char *line = last_line(bytes);
    assert_int_equal(strncmp(line, "pull [", 6), 0);
    assert_null(strchr(bytes, '\n'));
    assert_null(strchr(bytes, '\x1b'));
    assert_non_null(strstr(bytes, "pull [....................] 0 B/2.0 MB"));
}

TEST(the_status_line_goes_away_when_everything_is_there)
{
    CLEANUP(str_free) char *bytes = on_terminal(80, 3, false);
    CLEANUP(str_free) char *line = last_line(bytes);
    assert_string_equal(line, "");
}

TEST(the_status_line_goes_away_at_the_end)
{
    CLEANUP(str_free) char *bytes = on_terminal(80, 2, true);
    CLEANUP(str_free) char *line = last_line(bytes);
    assert_string_equal(line, "");
}

TEST(a_warning_stands_on_a_line_of_its_own)
{
    CLEANUP(str_free) char *bytes = on_terminal(80, 6, true);
    const char *warning = strstr(bytes, "wrun: warning: bad ?[31mname?\n");
    assert_non_null(warning);
    assert_true(warning == bytes || warning[-1] == '\r' || warning[-1] == '\n');
}

TEST(a_narrow_terminal_is_never_overrun)
{
    CLEANUP(str_free) char *bytes = on_terminal(10, 1, false);
    assert_string_equal(bytes, "pull [...");
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
        cmocka_unit_test(without_a_terminal_auto_is_plain),
        cmocka_unit_test(quiet_tells_warnings_only),
        cmocka_unit_test(json_lines),
        cmocka_unit_test(a_terminal_has_one_line_that_is_redrawn),
        cmocka_unit_test(the_status_line_goes_away_when_everything_is_there),
        cmocka_unit_test(the_status_line_goes_away_at_the_end),
        cmocka_unit_test(a_warning_stands_on_a_line_of_its_own),
        cmocka_unit_test(a_narrow_terminal_is_never_overrun),
        cmocka_unit_test(modes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
