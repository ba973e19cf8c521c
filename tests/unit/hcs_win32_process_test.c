/* SPDX-License-Identifier: MIT */
#include "hcs/process.h"

#include "base/buf.h"
#include "base/os.h"
#include "hcs_fake.h"
#include "win32/hresult.h"

#define MEGABYTES 20
#define SOON_MS 5000

/* ---- both ends of the streams ---- */

/* A byte of the endless test pattern; a prime period shows lost and repeated blocks. */
static unsigned char pattern(uint64_t position)
{
    return (unsigned char)(position % 251);
}

struct pattern_source {
    uint64_t position;
    uint64_t length;
};

static bool read_pattern(void *user, void *data, size_t capacity, size_t *ret_length,
                         struct error *err)
{
    (void)err;
    struct pattern_source *source = user;
    uint64_t left = source->length - source->position;
    size_t count = capacity < left ? capacity : (size_t)left;
    for (size_t i = 0; i < count; i++)
        ((unsigned char *)data)[i] = pattern(source->position++);
    *ret_length = count;
    return true;
}

struct pattern_sink {
    uint64_t position;
    bool is_wrong;
    unsigned pause_ms; /* before each piece */
    DWORD fail_with;
};

static bool check_pattern(void *user, const void *data, size_t length, struct error *err)
{
    struct pattern_sink *sink = user;
    Sleep(sink->pause_ms);
    if (sink->fail_with)
        return error_win32(err, sink->fail_with, "write the pattern");
    for (size_t i = 0; i < length; i++)
        if (((const unsigned char *)data)[i] != pattern(sink->position++))
            sink->is_wrong = true;
    return true;
}

static bool collect(void *user, const void *data, size_t length, struct error *err)
{
    (void)err;
    buf_add(user, data, length);
    return true;
}

static bool read_never(void *user, void *data, size_t capacity, size_t *ret_length,
                       struct error *err)
{
    (void)data;
    (void)capacity;
    (void)err;
    WaitForSingleObject(user, INFINITE);
    *ret_length = 0;
    return true;
}

static void say(HANDLE handle, const char *text)
{
    DWORD written = 0;
    WriteFile(handle, text, (DWORD)strlen(text), &written, NULL);
}

/* ---- programs ---- */

static DWORD speaks(struct fake_program_io *io)
{
    say(io->out, "out ");
    say(io->err, "err");
    say(io->out, "last words");
    return 7;
}

static DWORD copies(struct fake_program_io *io)
{
    static char block[32768];
    DWORD got = 0;
    DWORD put = 0;
    while (ReadFile(io->in, block, sizeof(block), &got, NULL) && got > 0)
        for (DWORD done = 0; done < got; done += put)
            if (!WriteFile(io->out, block + done, got - done, &put, NULL))
                return 1;
    return 0;
}

static DWORD ignores_input(struct fake_program_io *io)
{
    say(io->out, "done");
    return 0xC0000005;
}

static DWORD waits_for_ctrl_c(struct fake_program_io *io)
{
    HANDLE handles[] = {fake.signalled, fake.killed};
    say(io->out, "ready");
    DWORD woken = WaitForMultipleObjects(2, handles, FALSE, 20000);
    return woken == WAIT_OBJECT_0 ? 0xC000013A : 1067;
}

static DWORD waits_for_death(struct fake_program_io *io)
{
    (void)io;
    return WaitForSingleObject(fake.killed, 20000) == WAIT_OBJECT_0 ? 1067 : 0;
}

static DWORD spew(HANDLE out, uint64_t length)
{
    static unsigned char block[8192];
    for (uint64_t position = 0; position < length;) {
        for (size_t i = 0; i < sizeof(block); i++)
            block[i] = pattern(position + i);
        DWORD written = 0;
        if (!WriteFile(out, block, sizeof(block), &written, NULL))
            return GetLastError();
        position += written;
    }
    return 0;
}

static DWORD spews(struct fake_program_io *io)
{
    return spew(io->out, (uint64_t)MEGABYTES << 20);
}

/* Ends at once: all of it fits into the pipe. */
static DWORD spews_a_little(struct fake_program_io *io)
{
    return spew(io->out, 65536);
}

/* ---- around each test ---- */

static struct hcs_system open_system(void)
{
    struct error err = {0};
    struct hcs_system system = {0};
    fake.create_hr = S_OK;
    assert_ok(hcs_system_create(&fake_api, "wrun-1", "{}", NULL, &system, &err));
    fake.log[0] = '\0';
    return system;
}

struct outcome {
    bool ran;
    uint32_t exit_code;
    uint64_t took_ms;
    bool was_terminated;
};

/* One program from create to close. */
static struct outcome run(fake_program program, const struct hcs_stdio *streams,
                          const struct cancel *cancel, struct error *err)
{
    struct outcome outcome = {.exit_code = 99};
    CLEANUP(hcs_system_close) struct hcs_system system = open_system();
    CLEANUP(hcs_process_close) struct hcs_process process = {0};
    fake.program = program;
    uint64_t began = os_monotonic_ms();
    if (!hcs_process_create(&system, "{\"CommandLine\":\"x\"}", &process, err))
        fail_msg("%s", err->message);
    outcome.ran = hcs_process_run(&process, streams, cancel, &outcome.exit_code, err);
    outcome.took_ms = os_monotonic_ms() - began;
    outcome.was_terminated = system.was_terminated;
    assert_null(process.std_in);
    assert_null(process.std_out);
    assert_null(process.std_err);
    return outcome;
}

static void check_speech(enum fake_exit_order order)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf out;
    CLEANUP(buf_clear) struct buf error;
    buf_init(&out, BUF_UNBOUNDED);
    buf_init(&error, BUF_UNBOUNDED);
    const struct hcs_stdio streams = {.output = {collect, &out}, .error = {collect, &error}};
    fake.order = order;
    struct outcome outcome = run(speaks, &streams, NULL, &err);
    assert_true(outcome.ran);
    assert_int_equal(outcome.exit_code, 7);
    assert_string_equal(buf_str(&out), "out last words");
    assert_string_equal(buf_str(&error), "err");
    assert_false(fake_did("Shutdown"));
    assert_true(outcome.took_ms < 1500);
}

TEST(gets_everything_when_the_exit_comes_first)
{
    check_speech(EXIT_BEFORE_EOF);
}

TEST(gets_everything_when_the_output_ends_first)
{
    check_speech(EXIT_AFTER_EOF);
}

TEST(closes_stdin_at_once_without_a_source)
{
    struct error err = {0};
    const struct hcs_stdio streams = {0};
    fake.order = EXIT_AFTER_EOF;
    struct outcome outcome = run(copies, &streams, NULL, &err);
    assert_true(outcome.ran);
    assert_int_equal(outcome.exit_code, 0);
    assert_true(
        fake_did("Modify({\"Operation\":\"CloseHandle\",\"CloseHandle\":{\"Handle\":\"StdIn\"}})"));
}

TEST(carries_megabytes_both_ways)
{
    struct error err = {0};
    struct pattern_source source = {.length = (uint64_t)MEGABYTES << 20};
    struct pattern_sink sink = {0};
    const struct hcs_stdio streams = {
        .input = {read_pattern, &source},
        .output = {check_pattern, &sink},
    };
    struct outcome outcome = run(copies, &streams, NULL, &err);
    assert_true(outcome.ran);
    assert_int_equal(outcome.exit_code, 0);
    assert_int_equal(sink.position, (uint64_t)MEGABYTES << 20);
    assert_false(sink.is_wrong);
    assert_true(fake_did("Modify("));
}

TEST(does_not_wait_for_input_that_is_not_read)
{
    struct error err = {0};
    struct pattern_source source = {.length = UINT64_MAX};
    CLEANUP(buf_clear) struct buf out;
    buf_init(&out, BUF_UNBOUNDED);
    const struct hcs_stdio streams = {
        .input = {read_pattern, &source},
        .output = {collect, &out},
    };
    struct outcome outcome = run(ignores_input, &streams, NULL, &err);
    assert_true(outcome.ran);
    assert_int_equal(outcome.exit_code, 0xC0000005);
    assert_string_equal(buf_str(&out), "done");
    assert_true(outcome.took_ms < 1500);
}

TEST(does_not_wait_for_input_that_does_not_come)
{
    struct error err = {0};
    HANDLE gate = CreateEventW(NULL, TRUE, FALSE, NULL);
    const struct hcs_stdio streams = {.input = {read_never, gate}};
    struct outcome outcome = run(ignores_input, &streams, NULL, &err);
    assert_true(outcome.ran);
    assert_true(outcome.took_ms < 1500);
    SetEvent(gate);
    Sleep(50);
    CloseHandle(gate);
}

/* The last bytes are still in a child's hands two seconds after the exit. */
TEST(ends_the_container_when_a_child_keeps_the_output)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf out;
    buf_init(&out, BUF_UNBOUNDED);
    const struct hcs_stdio streams = {.output = {collect, &out}};
    fake.leaves_child = true;
    struct outcome outcome = run(speaks, &streams, NULL, &err);
    assert_true(outcome.ran);
    assert_int_equal(outcome.exit_code, 7);
    assert_string_equal(buf_str(&out), "out last words");
    assert_true(fake_did("Shutdown()"));
    assert_false(outcome.was_terminated);
    assert_true(outcome.took_ms >= 2000 && outcome.took_ms < 4000);
}

/* Our reader takes its time, far beyond the exit and the end of the container. */
TEST(waits_for_a_slow_reader)
{
    struct error err = {0};
    struct pattern_sink sink = {.pause_ms = 3000};
    const struct hcs_stdio streams = {.output = {check_pattern, &sink}};
    fake.leaves_child = true;
    struct outcome outcome = run(spews_a_little, &streams, NULL, &err);
    assert_true(outcome.ran);
    assert_int_equal(outcome.exit_code, 0);
    assert_int_equal(sink.position, 65536);
    assert_false(sink.is_wrong);
    assert_true(outcome.took_ms >= 3000);
    assert_true(fake_did("Shutdown()"));
}

TEST(lets_the_program_know_that_its_reader_left)
{
    struct error err = {0};
    struct pattern_sink sink = {.fail_with = ERROR_BROKEN_PIPE};
    const struct hcs_stdio streams = {.output = {check_pattern, &sink}};
    struct outcome outcome = run(spews, &streams, NULL, &err);
    assert_true(outcome.ran);
    assert_true(outcome.exit_code == ERROR_BROKEN_PIPE || outcome.exit_code == ERROR_NO_DATA);
}

TEST(reports_output_that_could_not_be_written)
{
    struct error err = {0};
    struct pattern_sink sink = {.fail_with = ERROR_DISK_FULL};
    const struct hcs_stdio streams = {.output = {check_pattern, &sink}};
    struct outcome outcome = run(spews, &streams, NULL, &err);
    assert_false(outcome.ran);
    assert_int_equal(outcome.exit_code, 99);
    check_error(&err, ERR_NO_SPACE, "run the command: write the pattern", "run");
}

/* ---- cancellation ---- */

struct requests {
    struct cancel cancel;
    unsigned count;
    unsigned pause_ms;
};

static DWORD WINAPI request_main(void *argument)
{
    struct requests *requests = argument;
    for (unsigned i = 0; i < requests->count; i++) {
        Sleep(requests->pause_ms);
        cancel_request(&requests->cancel);
    }
    return 0;
}

static struct outcome run_cancelled(fake_program program, unsigned count, struct error *err)
{
    struct requests requests = {.count = count, .pause_ms = 300};
    if (!cancel_open(&requests.cancel, err))
        fail_msg("%s", err->message);
    const struct hcs_stdio streams = {0};
    fake_run(request_main, &requests);
    struct outcome outcome = run(program, &streams, &requests.cancel, err);
    WaitForSingleObject(fake.threads[0], 10000);
    cancel_close(&requests.cancel);
    return outcome;
}

TEST(signals_at_the_first_request)
{
    struct error err = {0};
    struct outcome outcome = run_cancelled(waits_for_ctrl_c, 1, &err);
    assert_true(outcome.ran);
    assert_int_equal(outcome.exit_code, 0xC000013A);
    assert_true(fake_did("Open(wrun-1) OpenProcess(4201) Signal({\"Signal\":\"CtrlC\"})"));
    assert_false(fake_did("KillProcess"));
}

TEST(kills_at_the_second)
{
    struct error err = {0};
    struct outcome outcome = run_cancelled(waits_for_death, 2, &err);
    assert_true(outcome.ran);
    assert_int_equal(outcome.exit_code, 1067);
    assert_true(fake_did("Signal("));
    assert_true(fake_did("OpenProcess(4201) KillProcess()"));
    assert_false(outcome.was_terminated);
}

TEST(ends_the_container_when_the_process_cannot_be_opened)
{
    struct error err = {0};
    fake.open_process_hr = (HRESULT)0x80070005;
    struct outcome outcome = run_cancelled(waits_for_death, 2, &err);
    assert_true(outcome.ran);
    assert_int_equal(outcome.exit_code, 1067);
    assert_true(outcome.was_terminated);
}

TEST(returns_at_the_third)
{
    struct error err = {0};
    fake.kill_hr = (HRESULT)0x8037011F;
    struct outcome outcome = run_cancelled(waits_for_death, 3, &err);
    assert_false(outcome.ran);
    assert_true(outcome.took_ms < SOON_MS);
    check_error(&err, ERR_CANCELLED, "interrupted", "run");
    SetEvent(fake.killed);
}

TEST(cuts_the_output_when_asked_to)
{
    struct error err = {0};
    struct requests requests = {.count = 1, .pause_ms = 800};
    assert_true(cancel_open(&requests.cancel, &err));
    const struct hcs_stdio streams = {0};
    fake.leaves_child = true;
    fake_run(request_main, &requests);
    struct outcome outcome = run(speaks, &streams, &requests.cancel, &err);
    WaitForSingleObject(fake.threads[0], 10000);
    cancel_close(&requests.cancel);
    assert_true(outcome.ran);
    assert_int_equal(outcome.exit_code, 7);
    assert_true(outcome.took_ms < 1900);
    CloseHandle(InterlockedExchangePointer(&fake.child, NULL));
}

/* ---- what may go wrong ---- */

static DWORD WINAPI notify_main(void *argument)
{
    struct fake_notice *notice = argument;
    Sleep(100);
    fake_notify(notice->processes, notice->type, notice->status);
    Sleep(1000);
    SetEvent(fake.killed);
    return 0;
}

static void check_event(bool processes, DWORD type, HRESULT status, const char *text)
{
    struct error err = {0};
    static struct fake_notice notice;
    notice = (struct fake_notice){processes, type, status};
    const struct hcs_stdio streams = {0};
    fake_run(notify_main, &notice);
    struct outcome outcome = run(waits_for_death, &streams, NULL, &err);
    assert_false(outcome.ran);
    assert_true(outcome.took_ms < 1000);
    check_error(&err, ERR_OS, text, "run");
    SetEvent(fake.killed);
}

TEST(notices_a_lost_service_by_the_process)
{
    check_event(true, HcsNotificationServiceDisconnect, S_OK, "HCS_E_SERVICE_DISCONNECT");
}

TEST(notices_a_lost_service_by_the_system)
{
    check_event(false, HcsNotificationServiceDisconnect, S_OK, "HCS_E_SERVICE_DISCONNECT");
}

TEST(notices_that_the_container_has_gone)
{
    check_event(false, HcsNotificationSystemExited, S_OK, "HCS_E_UNEXPECTED_EXIT");
}

TEST(tells_how_the_container_has_gone)
{
    check_event(false, HcsNotificationSystemExited, (HRESULT)0xC0370107, "HCS_E_TERMINATED");
}

/* HCS forgets to say that a process ended before anybody listened. */
static DWORD ends_unnoticed(struct fake_program_io *io)
{
    (void)io;
    for (size_t i = 0; i < FAKE_TARGETS; i++)
        if (fake.targets[i].is_process)
            fake.targets[i].waiting_count = FAKE_NOTICES; /* takes no more */
    return 3;
}

TEST(looks_for_an_exit_before_the_registration)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = open_system();
    CLEANUP(hcs_process_close) struct hcs_process process = {0};
    fake.program = ends_unnoticed;
    fake.status_text = L"{\"Exited\":true,\"ExitCode\":3}";
    assert_ok(hcs_process_create(&system, "{}", &process, &err));
    assert_true(hcs_notifier_has(process.notifier, HCS_NOTICE_EXITED));
    const struct hcs_stdio streams = {0};
    uint32_t exit_code = 0;
    assert_ok(hcs_process_run(&process, &streams, NULL, &exit_code, &err));
    assert_int_equal(exit_code, 3);
}

static void check_status(const wchar_t *status, enum err_kind kind, const char *text)
{
    struct error err = {0};
    const struct hcs_stdio streams = {0};
    fake.status_text = status;
    struct outcome outcome = run(speaks, &streams, NULL, &err);
    assert_false(outcome.ran);
    check_error(&err, kind, text, "run");
}

TEST(does_not_invent_an_exit_code)
{
    check_status(L"{\"Exited\":true,\"ExitCode\":0,\"LastWaitResult\":-2147023174}", ERR_OS,
                 "HCS could not wait for it");
    check_status(L"{\"Exited\":false}", ERR_OS, "HCS says that it still runs");
    check_status(L"{\"Exited\":tru", ERR_INTEGRITY, "status of the process");
}

TEST(tells_why_a_command_did_not_start)
{
    static const struct {
        HRESULT hr;
        enum hcs_start_failure failure;
        const char *hint;
    } rows[] = {
        {(HRESULT)0x80070002, HCS_START_NOT_FOUND, "cmd /c"},
        {(HRESULT)0x80070003, HCS_START_NOT_FOUND, "directory"},
        {(HRESULT)0x8007010B, HCS_START_NOT_RUNNABLE, "--workdir"},
        {(HRESULT)0x8007052E, HCS_START_NOT_RUNNABLE, "ContainerUser"},
        {(HRESULT)0x800700C1, HCS_START_NOT_RUNNABLE, "processor"},
        {(HRESULT)0x80070005, HCS_START_NOT_RUNNABLE, "ContainerAdministrator"},
        {(HRESULT)0xC0370105, HCS_START_FAILED, "stopped"},
    };
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = open_system();
    fake.result = L"{\"Error\":-2147024894,\"ErrorMessage\":\"Not found.\"}";
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct hcs_process process = {0};
        fake.process_hr = rows[i].hr;
        assert_false(hcs_process_create(&system, "{}", &process, &err));
        assert_int_equal(hcs_error_start_failure(&err), rows[i].failure);
        assert_non_null(strstr(err.message, "HcsCreateProcess: "));
        assert_non_null(strstr(err.hint, rows[i].hint));
        assert_non_null(err.detail);
        assert_null(process.handle);
        if (rows[i].failure == HCS_START_NOT_FOUND)
            assert_int_equal(err.kind, ERR_NOT_FOUND);
        error_clear(&err);
    }
}

TEST(ends_a_process_it_cannot_listen_to)
{
    struct error err = {0};
    struct hcs_process process = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = open_system();
    fake.program = waits_for_death;
    fake.register_hr = E_OUTOFMEMORY;
    assert_fails(hcs_process_create(&system, "{}", &process, &err), ERR_OS,
                 "HcsRegisterProcessCallback");
    assert_true(fake_did("KillProcess() CloseProcess()"));
    assert_null(process.handle);
}

TEST(takes_no_pipe_for_no_pipe)
{
    struct error err = {0};
    const struct hcs_stdio streams = {0};
    fake.without_pipes = true;
    SetEvent(fake.killed);
    struct outcome outcome = run(waits_for_death, &streams, NULL, &err);
    assert_true(outcome.ran);
    assert_int_equal(outcome.exit_code, 1067);
    assert_false(fake_did("Modify"));
}

TEST(resizes_the_console)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = open_system();
    CLEANUP(hcs_process_close) struct hcs_process process = {0};
    fake.program = waits_for_death;
    assert_ok(hcs_process_create(&system, "{}", &process, &err));
    assert_ok(hcs_process_resize(&process, 40, 100, &err));
    assert_true(fake_did("Modify({\"Operation\":\"ConsoleSize\",\"ConsoleSize\":{\"Height\":40,"
                         "\"Width\":100}})"));
    SetEvent(fake.killed);
    while (!hcs_notifier_has(process.notifier, HCS_NOTICE_EXITED))
        Sleep(10);
    assert_fails(hcs_process_resize(&process, 40, 100, &err), ERR_OS, "resize the console");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fake_test(gets_everything_when_the_exit_comes_first),
        fake_test(gets_everything_when_the_output_ends_first),
        fake_test(closes_stdin_at_once_without_a_source),
        fake_test(carries_megabytes_both_ways),
        fake_test(does_not_wait_for_input_that_is_not_read),
        fake_test(does_not_wait_for_input_that_does_not_come),
        fake_test(ends_the_container_when_a_child_keeps_the_output),
        fake_test(waits_for_a_slow_reader),
        fake_test(lets_the_program_know_that_its_reader_left),
        fake_test(reports_output_that_could_not_be_written),
        fake_test(signals_at_the_first_request),
        fake_test(kills_at_the_second),
        fake_test(ends_the_container_when_the_process_cannot_be_opened),
        fake_test(returns_at_the_third),
        fake_test(cuts_the_output_when_asked_to),
        fake_test(notices_a_lost_service_by_the_process),
        fake_test(notices_a_lost_service_by_the_system),
        fake_test(notices_that_the_container_has_gone),
        fake_test(tells_how_the_container_has_gone),
        fake_test(looks_for_an_exit_before_the_registration),
        fake_test(does_not_invent_an_exit_code),
        fake_test(tells_why_a_command_did_not_start),
        fake_test(ends_a_process_it_cannot_listen_to),
        fake_test(takes_no_pipe_for_no_pipe),
        fake_test(resizes_the_console),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
