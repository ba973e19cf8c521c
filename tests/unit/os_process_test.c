/* SPDX-License-Identifier: MIT */
/* The test runs itself: with arguments it is the other program. */
#include "base/os_process.h"

#include "base/fs.h"
#include "base/os.h"
#include "base/secret.h"
#include "check.h"

#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#define SUFFIX ".exe"
#define SEPARATOR ";"
#else
#include <sys/stat.h>
#define SUFFIX ""
#define SEPARATOR ":"
#endif

static char *self;

/* ---- the other program ---- */

static int copy(void)
{
    char piece[1000];
    size_t got;
    while ((got = fread(piece, 1, sizeof(piece), stdin)) > 0)
        fwrite(piece, 1, got, stdout);
    return 7;
}

static int say_arguments(int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        printf("<%s>\n", argv[i]);
    return 0;
}

static int flood(void)
{
    for (int i = 0; i < 3000; i++)
        for (int k = 0; k < 1000; k++)
            putchar('x');
    return 0;
}

static int be_other(int argc, char **argv)
{
#ifdef _WIN32
    _setmode(_fileno(stdin), _O_BINARY);
    _setmode(_fileno(stdout), _O_BINARY);
#endif
    if (!strcmp(argv[1], "copy"))
        return copy();
    if (!strcmp(argv[1], "arguments"))
        return say_arguments(argc, argv);
    if (!strcmp(argv[1], "flood"))
        return flood();
    if (!strcmp(argv[1], "fail"))
        return printf("why") == 3 ? 200 : 1;
    if (!strcmp(argv[1], "sleep"))
        os_sleep_ms(60000);
    return 0;
}

/* ---- running it ---- */

struct result {
    struct buf output;
    uint32_t code;
};

static void result_clear(struct result *result)
{
    secret_buf_clear(&result->output);
}

static bool run(const char *const *words, const char *input, unsigned timeout_ms,
                const struct cancel *cancel, struct result *ret, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist arguments = {0};
    for (size_t i = 0; words[i]; i++)
        strlist_add(&arguments, words[i]);
    const struct os_process_spec spec = {
        .program = self,
        .arguments = &arguments,
        .input = input,
        .input_length = strlen(input),
        .output_maximum = 100000,
        .timeout_ms = timeout_ms,
        .cancel = cancel,
    };
    return os_process_run(&spec, &ret->output, &ret->code, err);
}

TEST(input_and_output)
{
    static const char *const inputs[] = {"", "one line\n", "r\r\n\x1a\xC3\xA9"};
    for (size_t i = 0; i < ARRAY_SIZE(inputs); i++) {
        struct error err = {0};
        CLEANUP(result_clear) struct result result = {0};
        assert_ok(run((const char *const[]){"copy", NULL}, inputs[i], 30000, NULL, &result, &err));
        assert_string_equal(buf_str(&result.output), inputs[i]);
        assert_int_equal(result.code, 7);
    }
}

/* More than a pipe holds by itself, both ways. */
TEST(much_input)
{
    struct error err = {0};
    CLEANUP(result_clear) struct result result = {0};
    CLEANUP(str_free) char *input = xmalloc(90001);
    memset(input, 'i', 90000);
    input[90000] = '\0';
    assert_ok(run((const char *const[]){"copy", NULL}, input, 30000, NULL, &result, &err));
    assert_string_equal(buf_str(&result.output), input);
}

TEST(input_that_nobody_reads)
{
    struct error err = {0};
    CLEANUP(result_clear) struct result result = {0};
    assert_ok(run((const char *const[]){"fail", NULL}, "unread", 30000, NULL, &result, &err));
    assert_string_equal(buf_str(&result.output), "why");
    assert_int_equal(result.code, 200);
}

TEST(arguments_arrive_as_they_are)
{
    struct error err = {0};
    CLEANUP(result_clear) struct result result = {0};
    const char *const words[] = {"arguments", "",       "a b",   "\"q\"", "tail\\",
                                 "b\\\"s",    "%PATH%", "$HOME", "*",     NULL};
    assert_ok(run(words, "", 30000, NULL, &result, &err));
    assert_string_equal(buf_str(&result.output),
                        "<>\n<a b>\n<\"q\">\n<tail\\>\n<b\\\"s>\n<%PATH%>\n<$HOME>\n<*>\n");
}

TEST(too_much_output)
{
    struct error err = {0};
    CLEANUP(result_clear) struct result result = {0};
    uint64_t began = os_monotonic_ms();
    assert_fails(run((const char *const[]){"flood", NULL}, "", 30000, NULL, &result, &err),
                 ERR_INTEGRITY, "limit of 100000 bytes");
    assert_true(os_monotonic_ms() - began < 20000);
    assert_null(result.output.data);
}

TEST(too_slow)
{
    struct error err = {0};
    CLEANUP(result_clear) struct result result = {0};
    uint64_t began = os_monotonic_ms();
    assert_fails(run((const char *const[]){"sleep", NULL}, "", 1000, NULL, &result, &err), ERR_BUSY,
                 "within 1 seconds");
    assert_true(os_monotonic_ms() - began < 20000);
}

TEST(interrupted)
{
    struct error err = {0};
    CLEANUP(result_clear) struct result result = {0};
    struct cancel cancel = {0};
    assert_ok(cancel_open(&cancel, &err));
    cancel_request(&cancel);
    assert_fails(run((const char *const[]){"sleep", NULL}, "", 30000, &cancel, &result, &err),
                 ERR_CANCELLED, "interrupted");
    cancel_close(&cancel);
}

TEST(no_such_program)
{
    struct error err = {0};
    struct result result = {0};
    CLEANUP(str_free) char *own = TAKE(self);
    self = str_format("%s-not", own);
    bool started = run((const char *const[]){"copy", NULL}, "", 30000, NULL, &result, &err);
    str_free(&self);
    self = TAKE(own);
    assert_fails(started, ERR_NOT_FOUND, "start '");
}

/* ---- finding it ---- */

static void set_path(const char *value)
{
#ifdef _WIN32
    assert_int_equal(_putenv_s("PATH", value), 0);
#else
    assert_int_equal(setenv("PATH", value, 1), 0);
#endif
}

static void make_program(const char *directory, const char *name)
{
    struct error err = {0};
    CLEANUP(str_free) char *path = fs_join(directory, name);
    assert_ok(fs_make_directories(directory, &err));
    assert_ok(fs_write_file(path, "x", 1, &err));
#ifndef _WIN32
    assert_int_equal(chmod(path, 0755), 0);
#endif
}

static void check_found(const char *path, const char *name, const char *expected)
{
    set_path(path);
    CLEANUP(str_free) char *found = os_process_find(name);
    if (!found != !expected || (found && strcmp(found, expected)))
        fail_msg("'%s' on '%s': '%s'", name, path, found ? found : "NULL");
}

TEST(programs_are_found_on_the_path_only)
{
    struct error err = {0};
    CLEANUP(remove_scratch) char *scratch = make_scratch();
    CLEANUP(str_free) char *root = NULL;
    CLEANUP(str_free) char *before = os_getenv("PATH");
    assert_ok(fs_absolute(scratch, &root, &err));
    CLEANUP(str_free) char *one = fs_join(root, "one");
    CLEANUP(str_free) char *two = fs_join(root, "two");
    make_program(one, "both" SUFFIX);
    make_program(two, "both" SUFFIX);
    make_program(two, "second" SUFFIX);
    make_program(two, "script.cmd");
    make_program(".", "here" SUFFIX);
    CLEANUP(str_free)
    char *path =
        str_format("relative%s%s%s%s%s%s.", SEPARATOR, SEPARATOR, one, SEPARATOR, two, SEPARATOR);
    CLEANUP(str_free) char *first = fs_join(one, "both" SUFFIX);
    CLEANUP(str_free) char *second = fs_join(two, "second" SUFFIX);
    check_found(path, "both", first);
    check_found(path, "second", second);
    check_found(path, "here", NULL);
    check_found(path, "script", NULL);
    check_found(path, "one", NULL);
    check_found("", "both", NULL);
#ifdef _WIN32
    CLEANUP(str_free) char *quoted = str_format("\"%s\"", two);
    check_found(quoted, "second", second);
#else
    CLEANUP(str_free) char *plain = fs_join(two, "plain");
    assert_ok(fs_write_file(plain, "x", 1, &err));
    check_found(path, "plain", NULL);
#endif
    set_path(before ? before : "");
    assert_ok(fs_remove_file("here" SUFFIX, &err));
}

static int check_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(input_and_output),
        cmocka_unit_test(much_input),
        cmocka_unit_test(input_that_nobody_reads),
        cmocka_unit_test(arguments_arrive_as_they_are),
        cmocka_unit_test(too_much_output),
        cmocka_unit_test(too_slow),
        cmocka_unit_test(interrupted),
        cmocka_unit_test(no_such_program),
        cmocka_unit_test(programs_are_found_on_the_path_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    struct error err = {0};
    if (argc > 1)
        return be_other(argc, argv);
    if (!fs_absolute(argv[0], &self, &err))
        return 1;
    int failed = check_all();
    str_free(&self);
    return failed;
}
