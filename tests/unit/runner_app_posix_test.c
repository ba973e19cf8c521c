/* SPDX-License-Identifier: MIT */
/* The program as a whole, without a registry: what it prints where, and its exit codes. */
#include "base/cancel.h"
#include "base/text.h"
#include "capture.h"
#include "runner/invocation.h"

static char *scratch;

static int set_up(void **state)
{
    (void)state;
    scratch = make_scratch();
    setenv("WRUN_ROOT", scratch, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unsetenv("WRUN_ROOT");
    remove_scratch(&scratch);
    return 0;
}

struct said {
    int code;
    char *out;
    char *err;
};

static void said_clear(struct said *said)
{
    str_free(&said->out);
    str_free(&said->err);
}

/* Arguments separated by '|'. */
static struct said call(const char *text, const struct cancel *cancel)
{
    char *words[16] = {(char[]){"wrun"}};
    int count = 1;
    CLEANUP(str_free) char *copy = xstrdup(text);
    for (char *word = copy; word && *text; count++) {
        char *bar = strchr(word, '|');
        if (bar)
            *bar++ = 0;
        words[count] = word;
        word = bar;
    }
    struct capture out;
    struct capture err;
    capture_pipe(&out, STDOUT_FILENO);
    capture_pipe(&err, STDERR_FILENO);
    int code = app_main(count, words, cancel);
    capture_end(&err);
    capture_end(&out);
    return (struct said){code, out.text, err.text};
}

TEST(results_go_to_stdout)
{
    static const struct {
        const char *text;
        const char *says;
    } rows[] = {
        {"--version", "wrun " WRUN_VERSION_TEXT "\n"},
        {"version", "wrun " WRUN_VERSION_TEXT "\n"},
        {"version|--json", "\"version\":\"" WRUN_VERSION_TEXT "\""},
        {"--help", "Commands:\n  pull "},
        {"help", "Commands:\n  pull "},
        {"help|run", "Usage: wrun run [OPTIONS] IMAGE"},
        {"run|--help", "-e, --env NAME[=VALUE]"},
        {"--help|run", "Usage: wrun run [OPTIONS] IMAGE"},
        {"rm|--help", "Usage: wrun rm NAME..."},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(said_clear) struct said said = call(rows[i].text, NULL);
        if (said.code != 0 || *said.err || !strstr(said.out, rows[i].says))
            fail_msg("'%s': %d: %s%s", rows[i].text, said.code, said.out, said.err);
    }
}

TEST(mistakes_go_to_stderr_with_their_code)
{
    static const struct {
        const char *text;
        int code;
        const char *says;
    } rows[] = {
        {"", 2, "wrun: a command is missing\nhint: "},
        {"rnu", 2, "wrun: there is no command 'rnu'\nhint: did you mean 'wrun run'?\n"},
        {"layer|lss", 2, "no command 'layer lss'\nhint: did you mean 'wrun layer ls'?\n"},
        {"ps", 2, "no command 'ps'\nhint: runs end with their wrun"},
        {"snapshots|ls", 2, "'wrun layer --help'"},
        {"frobnicate", 2, "\nhint: 'wrun --help' lists the commands\n"},
        {"prune|-f", 2, "wrun: prune: --force: not needed: wrun never asks"},
        {"images|-f|a=b", 2, "wrun: images: --filter: name what is wanted"},
        {"inspect|--format|{{.Id}}|a", 2, "wrun: inspect: --format: wrun has no templates"},
        {"rm|-f|a", 2, "wrun: rm: --force: what still runs ends with its wrun"},
        {"help|rnu", 2, "wrun: help: there is no command 'rnu'"},
        {"--nope", 2, "wrun: unknown option --nope"},
        {"pull", 2, "wrun: pull: an argument is missing\nhint: usage: wrun pull"},
        {"pull|a|b", 2, "unexpected argument 'b'"},
        {"pull|UPPER", 2, "wrun: pull: "},
        {"pull|--platform|linux/amd64|a", 2, "--platform: 'linux/amd64'"},
        {"--progress|loud|pull|a", 2, "wrun: pull: --progress: 'loud'"},
        {"run", 125, "wrun: run: an argument is missing"},
        {"run|--nope|a", 125, "wrun: run: unknown option --nope"},
        {"run|a", 125, "containers run on Windows only"},
        {"rm|a", 3, "containers run on Windows only"},
        {"--json|rnu", 2, "{\"error\":{\"kind\":\"usage\",\"message\":\"there is no"},
        {"--json|r\xffnu", 2, "no command 'r?nu'"},
        {"r\x1b[31mnu", 2, "no command 'r?[31mnu'"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(said_clear) struct said said = call(rows[i].text, NULL);
        if (said.code != rows[i].code || *said.out || !strstr(said.err, rows[i].says))
            fail_msg("'%s': %d: %s%s", rows[i].text, said.code, said.out, said.err);
    }
}

TEST(the_environment_is_named_when_it_is_wrong)
{
    setenv("WRUN_PROGRESS", "loud", 1);
    CLEANUP(said_clear) struct said said = call("pull|a", NULL);
    unsetenv("WRUN_PROGRESS");
    assert_int_equal(said.code, 2);
    assert_non_null(strstr(said.err, "WRUN_PROGRESS: 'loud'"));
}

TEST(an_interrupted_pull_ends_with_130)
{
    struct error err = {0};
    struct cancel cancel = {0};
    assert_ok(cancel_open(&cancel, &err));
    cancel_request(&cancel);
    CLEANUP(said_clear) struct said said = call("pull|127.0.0.1:9/a", &cancel);
    cancel_close(&cancel);
    assert_int_equal(said.code, 130);
}

TEST(a_result_that_cannot_be_written_is_a_failure)
{
    struct capture full;
    int device = open("/dev/full", O_WRONLY);
    assert_true(device >= 0);
    capture_start(&full, STDOUT_FILENO, open("/dev/null", O_RDONLY), device);
    struct capture err;
    char *words[] = {(char[]){"wrun"}, (char[]){"version"}};
    capture_pipe(&err, STDERR_FILENO);
    int code = app_main(2, words, NULL);
    capture_end(&err);
    capture_end(&full);
    str_free(&full.text);
    CLEANUP(str_free) char *text = err.text;
    assert_int_equal(code, 10);
    assert_non_null(strstr(text, "wrun: version: write to standard output"));
}

TEST(a_failed_run_leaves_a_status_file)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(scratch, "status.json");
    CLEANUP(str_free) char *text = str_format("run|--status-file|%s|a", path);
    CLEANUP(said_clear) struct said said = call(text, NULL);
    CLEANUP(buf_clear) struct buf content = {0};
    assert_int_equal(said.code, 125);
    assert_ok(fs_read_file(path, 10000, &content, &err));
    assert_non_null(strstr(buf_str(&content),
                           "\"phase\":\"failed\",\"exit_code\":null,"
                           "\"wrun_code\":125,\"error\":{\"kind\":"
                           "\"unsupported\""));
}

TEST(a_status_file_without_a_place_is_told_first)
{
    CLEANUP(str_free) char *text = str_format("run|--status-file|%s/no/status.json|a", scratch);
    CLEANUP(said_clear) struct said said = call(text, NULL);
    assert_int_equal(said.code, 125);
    assert_non_null(strstr(said.err, "wrun: run: --status-file: '"));
    assert_non_null(strstr(said.err, "its directory is not there"));
    assert_null(strstr(said.err, "warning"));
    assert_null(strstr(said.err, "Windows only"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(results_go_to_stdout),
        CASE(mistakes_go_to_stderr_with_their_code),
        CASE(the_environment_is_named_when_it_is_wrong),
        CASE(an_interrupted_pull_ends_with_130),
        CASE(a_result_that_cannot_be_written_is_a_failure),
        CASE(a_failed_run_leaves_a_status_file),
        CASE(a_status_file_without_a_place_is_told_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
