/* SPDX-License-Identifier: MIT */
/* How an invocation ends and is told: exit codes, the status file, undoing, errors as JSON. */
#include "base/json_write.h"
#include "check.h"
#include "runner/exit_code.h"
#include "runner/message_json.h"
#include "runner/status_file.h"
#include "runner/undo.h"

TEST(every_kind_has_a_code)
{
    static const struct {
        enum err_kind kind;
        int code;
    } rows[] = {
        {ERR_USAGE, 2},       {ERR_NOT_FOUND, 4}, {ERR_DENIED, 3},   {ERR_AUTH, 7},
        {ERR_NETWORK, 7},     {ERR_INTEGRITY, 6}, {ERR_MISMATCH, 8}, {ERR_UNSUPPORTED, 3},
        {ERR_BUSY, 5},        {ERR_NO_SPACE, 10}, {ERR_OS, 1},       {ERR_BUG, 1},
        {ERR_CANCELLED, 130},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(exit_code_of(rows[i].kind), rows[i].code);
}

/* ---- status file ---- */

static void assert_status(const struct run_outcome *outcome, int code, const struct error *failure,
                          const char *expected)
{
    struct error err = {0};
    CLEANUP(str_free) char *directory = make_scratch();
    CLEANUP(str_free) char *path = fs_join(directory, "status.json");
    CLEANUP(buf_clear) struct buf content = {0};
    assert_ok(fs_write_file(path, "old", 3, &err));
    assert_ok(status_file_write(path, outcome, code, failure, &err));
    assert_ok(fs_read_file(path, 10000, &content, &err));
    assert_string_equal(buf_str(&content), expected);
    remove_scratch(&directory);
}

TEST(the_status_of_a_process_that_ran)
{
    const struct run_outcome outcome = {.started = true, .exit_code = 0xC0000005};
    assert_status(&outcome, (int)0xC0000005, NULL,
                  "{\"version\":1,\"phase\":\"exited\",\"exit_code\":3221225477,"
                  "\"wrun_code\":3221225477,\"error\":null}");
}

TEST(the_status_of_a_run_that_failed)
{
    CLEANUP(error_clear) struct error failure = {0};
    const struct run_outcome outcome = {.failure_code = 127};
    error_set(&failure, ERR_NOT_FOUND, "no 'x\xff'");
    error_hint(&failure, "look");
    assert_status(&outcome, 127, &failure,
                  "{\"version\":1,\"phase\":\"failed\",\"exit_code\":null,\"wrun_code\":127,"
                  "\"error\":{\"kind\":\"not-found\",\"message\":\"no 'x?'\",\"hint\":\"look\"}}");
}

TEST(a_status_file_that_cannot_be_written)
{
    struct error err = {0};
    CLEANUP(str_free) char *directory = make_scratch();
    CLEANUP(str_free) char *absent = fs_join(directory, "absent");
    CLEANUP(str_free) char *path = fs_join(absent, "status.json");
    const struct run_outcome outcome = {.started = true};
    assert_fails(status_file_write(path, &outcome, 0, NULL, &err), ERR_NOT_FOUND, "absent");
    assert_fails(status_file_clear(path, &err), ERR_NOT_FOUND,
                 "status.json' cannot be made: its directory is not there");
    remove_scratch(&directory);
}

TEST(a_status_file_of_an_earlier_run_goes)
{
    struct error err = {0};
    CLEANUP(str_free) char *directory = make_scratch();
    CLEANUP(str_free) char *path = fs_join(directory, "status.json");
    const struct run_outcome outcome = {.started = true};
    assert_ok(status_file_write(path, &outcome, 0, NULL, &err));
    assert_int_equal(fs_type_of(path), FS_FILE);
    assert_ok(status_file_clear(path, &err));
    assert_int_equal(fs_type_of(path), FS_ABSENT);
    assert_ok(status_file_clear(path, &err));
    remove_scratch(&directory);
}

TEST(errors_as_json)
{
    struct error err = {0};
    CLEANUP(error_clear) struct error failure = {0};
    CLEANUP(json_writer_close) struct json_writer w;
    CLEANUP(str_free) char *text = NULL;
    error_code(&failure, ERR_OS, ERR_DOMAIN_WIN32, 5, "open");
    error_detail(&failure, "{\"a\":\n1}");
    json_writer_open(&w);
    JSON_OBJECT(&w, NULL) {
        message_json_error(&w, &failure);
        message_json_text(&w, "absent", NULL);
        message_json_text(&w, "bad", "\xc3");
    }
    assert_ok(json_writer_finish(&w, &text, &err));
    assert_string_equal(text,
                        "{\"kind\":\"os\",\"message\":\"open\",\"code\":5,"
                        "\"detail\":\"{\\\"a\\\":\\n1}\",\"bad\":\"?\"}");
}

/* ---- undo ---- */

static bool undo_first(void *user, struct error *err)
{
    (void)err;
    strcat(user, "1");
    return true;
}

static bool undo_second(void *user, struct error *err)
{
    strcat(user, "2");
    error_set(err, ERR_BUSY, "in use");
    return error_hint(err, "wait");
}

static bool undo_third(void *user, struct error *err)
{
    (void)err;
    strcat(user, "3");
    return true;
}

static void collect(void *user, const struct event *event)
{
    assert_int_equal(event->type, EVENT_WARNING);
    strcat(strcat(user, event->text), "\n");
}

TEST(undoing_goes_backwards_past_failures)
{
    char order[8] = "";
    char warnings[200] = "";
    const struct observer observer = {collect, warnings};
    const struct context context = {.observer = &observer};
    struct undo_list list = {0};
    undo_push(&list, "remove one", undo_first);
    undo_push(&list, "remove two", undo_second);
    undo_push(&list, "remove three", undo_third);
    assert_false(undo_all(&list, order, &context));
    assert_string_equal(order, "321");
    assert_string_equal(warnings, "cannot remove two: in use\nhint: wait\n");
    assert_true(undo_all(&list, order, &context));
    assert_string_equal(order, "321");
}

static void push_too_much(void)
{
    struct undo_list list = {0};
    for (size_t i = 0; i <= UNDO_MAX; i++)
        undo_push(&list, "x", undo_first);
}

TEST(an_undo_list_that_overflows_is_a_bug)
{
    assert_aborts(push_too_much, "the undo list is full");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_has_a_code),
        cmocka_unit_test(the_status_of_a_process_that_ran),
        cmocka_unit_test(the_status_of_a_run_that_failed),
        cmocka_unit_test(a_status_file_that_cannot_be_written),
        cmocka_unit_test(a_status_file_of_an_earlier_run_goes),
        cmocka_unit_test(errors_as_json),
        cmocka_unit_test(undoing_goes_backwards_past_failures),
        cmocka_unit_test(an_undo_list_that_overflows_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
