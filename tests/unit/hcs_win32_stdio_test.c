/* SPDX-License-Identifier: MIT */
/* The pumps alone, on real overlapped pipes. */
#include "hcs/stdio.h"

#include "base/buf.h"
#include "base/os.h"
#include "check.h"
#include "win32/hresult.h"
#include "win32/windows_lean.h"

#define SOON_MS 3000

/* Our end overlapped, as HCS hands it out; the other end blocking, as a program has it. */
static void make_pipe(bool to_program, DWORD mode, HANDLE *ours, HANDLE *programs)
{
    static unsigned number;
    wchar_t name[80];
    swprintf(name, ARRAY_SIZE(name), L"\\\\.\\pipe\\wrun-pump-%lu-%u", GetCurrentProcessId(),
             number++);
    *ours = CreateNamedPipeW(
        name, (to_program ? PIPE_ACCESS_OUTBOUND : PIPE_ACCESS_INBOUND) | FILE_FLAG_OVERLAPPED,
        mode, 1, 4096, 4096, 0, NULL);
    assert_ptr_not_equal(*ours, INVALID_HANDLE_VALUE);
    *programs = CreateFileW(name, to_program ? GENERIC_READ : GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                            0, NULL);
    assert_ptr_not_equal(*programs, INVALID_HANDLE_VALUE);
}

static void write_text(HANDLE handle, const char *text)
{
    DWORD written = 0;
    assert_true(WriteFile(handle, text, (DWORD)strlen(text), &written, NULL));
    assert_int_equal(written, strlen(text));
}

struct collected {
    struct buf content;
    DWORD fail_with; /* 0 = take everything */
    HANDLE gate;     /* wait for it before taking anything; NULL = none */
};

static bool collect(void *user, const void *data, size_t length, struct error *err)
{
    struct collected *collected = user;
    if (collected->gate)
        WaitForSingleObject(collected->gate, INFINITE);
    if (collected->fail_with)
        return error_win32(err, collected->fail_with, "collect");
    buf_add(&collected->content, data, length);
    return true;
}

static HANDLE new_event(void)
{
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    assert_non_null(event);
    return event;
}

static struct hcs_pump *start_output(HANDLE pipe, const struct hcs_sink *sink, HANDLE exited)
{
    struct error err = {0};
    struct hcs_pump *pump = NULL;
    assert_ok(hcs_pump_output(pipe, sink, exited, &pump, &err));
    return pump;
}

static void await_done(const struct hcs_pump *pump)
{
    assert_int_equal(WaitForSingleObject(hcs_pump_done_event(pump), SOON_MS), WAIT_OBJECT_0);
}

/* ---- output ---- */

TEST(reads_output_to_its_end)
{
    struct error err = {0};
    struct collected collected = {0};
    buf_init(&collected.content, BUF_UNBOUNDED);
    const struct hcs_sink sink = {collect, &collected};
    HANDLE ours;
    HANDLE programs;
    HANDLE exited = new_event();
    make_pipe(false, PIPE_TYPE_BYTE, &ours, &programs);
    struct hcs_pump *pump = start_output(ours, &sink, exited);
    write_text(programs, "first ");
    Sleep(20);
    write_text(programs, "last");
    CloseHandle(programs);
    await_done(pump);
    assert_int_equal(hcs_pump_state(pump), HCS_PUMP_DONE);
    assert_int_equal(hcs_pump_progress(pump), 10);
    assert_ok(hcs_pump_finish(&pump, &err));
    assert_null(pump);
    assert_string_equal(buf_str(&collected.content), "first last");
    buf_clear(&collected.content);
    CloseHandle(exited);
}

/* A program's empty write arrives as a read of 0 bytes, which is not the end. */
TEST(goes_on_after_empty_writes)
{
    struct error err = {0};
    struct collected collected = {0};
    buf_init(&collected.content, BUF_UNBOUNDED);
    const struct hcs_sink sink = {collect, &collected};
    HANDLE ours;
    HANDLE programs;
    HANDLE exited = new_event();
    make_pipe(false, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, &ours, &programs);
    struct hcs_pump *pump = start_output(ours, &sink, exited);
    DWORD written = 0;
    assert_true(WriteFile(programs, "", 0, &written, NULL));
    write_text(programs, "a");
    SetEvent(exited);
    assert_true(WriteFile(programs, "", 0, &written, NULL));
    write_text(programs, "b");
    CloseHandle(programs);
    await_done(pump);
    assert_ok(hcs_pump_finish(&pump, &err));
    assert_string_equal(buf_str(&collected.content), "ab");
    buf_clear(&collected.content);
    CloseHandle(exited);
}

TEST(discards_without_a_sink)
{
    struct error err = {0};
    const struct hcs_sink nowhere = {0};
    HANDLE ours;
    HANDLE programs;
    HANDLE exited = new_event();
    make_pipe(false, PIPE_TYPE_BYTE, &ours, &programs);
    struct hcs_pump *pump = start_output(ours, &nowhere, exited);
    for (unsigned i = 0; i < 1000; i++)
        write_text(programs, "a line that nobody wants to read\n");
    CloseHandle(programs);
    await_done(pump);
    assert_int_equal(hcs_pump_progress(pump), 33000);
    assert_ok(hcs_pump_finish(&pump, &err));
    CloseHandle(exited);
}

/* Both ways of losing the destination: the program learns of it, only one is our failure. */
static void check_failing_sink(DWORD code, bool is_failure)
{
    struct error err = {0};
    struct collected collected = {.fail_with = code};
    const struct hcs_sink sink = {collect, &collected};
    HANDLE ours;
    HANDLE programs;
    HANDLE exited = new_event();
    make_pipe(false, PIPE_TYPE_BYTE, &ours, &programs);
    struct hcs_pump *pump = start_output(ours, &sink, exited);
    write_text(programs, "a");
    await_done(pump);
    DWORD written = 0;
    assert_false(WriteFile(programs, "b", 1, &written, NULL));
    if (is_failure)
        assert_fails(hcs_pump_finish(&pump, &err), ERR_NO_SPACE, "collect");
    else
        assert_ok(hcs_pump_finish(&pump, &err));
    CloseHandle(programs);
    CloseHandle(exited);
}

TEST(tells_a_reader_that_left_from_a_failure)
{
    check_failing_sink(ERROR_BROKEN_PIPE, false);
    check_failing_sink(ERROR_NO_DATA, false);
    check_failing_sink(ERROR_DISK_FULL, true);
}

TEST(can_be_cut_off_while_nobody_writes)
{
    struct error err = {0};
    const struct hcs_sink nowhere = {0};
    HANDLE ours;
    HANDLE programs;
    HANDLE exited = new_event();
    make_pipe(false, PIPE_TYPE_BYTE, &ours, &programs);
    struct hcs_pump *pump = start_output(ours, &nowhere, exited);
    Sleep(20);
    assert_int_equal(hcs_pump_state(pump), HCS_PUMP_READING);
    uint64_t began = os_monotonic_ms();
    assert_ok(hcs_pump_finish(&pump, &err));
    assert_true(os_monotonic_ms() - began < 500);
    CloseHandle(programs);
    CloseHandle(exited);
}

TEST(can_be_cut_off_while_our_reader_sleeps)
{
    struct error err = {0};
    HANDLE ours;
    HANDLE programs;
    HANDLE slow_reader;
    HANDLE slow_writer;
    HANDLE exited = new_event();
    make_pipe(false, PIPE_TYPE_BYTE, &ours, &programs);
    assert_true(CreatePipe(&slow_reader, &slow_writer, NULL, 4096));
    const struct hcs_sink sink = hcs_sink_to_handle(slow_writer);
    struct hcs_pump *pump = start_output(ours, &sink, exited);
    DWORD mode = PIPE_NOWAIT;
    assert_true(SetNamedPipeHandleState(programs, &mode, NULL, NULL));
    char block[4096];
    memset(block, 'x', sizeof(block));
    for (unsigned i = 0; i < 200 && hcs_pump_state(pump) != HCS_PUMP_WRITING; i++) {
        DWORD written = 0;
        WriteFile(programs, block, sizeof(block), &written, NULL);
        Sleep(5);
    }
    Sleep(50);
    assert_int_equal(hcs_pump_state(pump), HCS_PUMP_WRITING);
    uint64_t began = os_monotonic_ms();
    assert_ok(hcs_pump_finish(&pump, &err));
    assert_true(os_monotonic_ms() - began < SOON_MS);
    /* A thread that was left behind ends with its pipe. */
    CloseHandle(slow_reader);
    Sleep(50);
    CloseHandle(slow_writer);
    CloseHandle(programs);
    CloseHandle(exited);
}

/* ---- input ---- */

struct script {
    const char *const *parts; /* then the end */
    HANDLE gate;              /* wait for it at the end; NULL = none */
    DWORD fail_with;
};

static bool read_script(void *user, void *data, size_t capacity, size_t *ret_length,
                        struct error *err)
{
    struct script *script = user;
    if (*script->parts) {
        *ret_length = strlen(*script->parts);
        assert_true(*ret_length <= capacity);
        memcpy(data, *script->parts++, *ret_length);
        return true;
    }
    if (script->gate)
        WaitForSingleObject(script->gate, INFINITE);
    if (script->fail_with)
        return error_win32(err, script->fail_with, "read the script");
    *ret_length = 0;
    return true;
}

static struct hcs_pump *start_input(struct script *script, HANDLE pipe)
{
    struct error err = {0};
    struct hcs_pump *pump = NULL;
    const struct hcs_source source = {read_script, script};
    assert_ok(hcs_pump_input(&source, pipe, &pump, &err));
    return pump;
}

TEST(writes_input_and_leaves_the_pipe_open)
{
    struct error err = {0};
    struct script script = {.parts = (const char *const[]){"one ", "two", NULL}};
    HANDLE ours;
    HANDLE programs;
    make_pipe(true, PIPE_TYPE_BYTE, &ours, &programs);
    struct hcs_pump *pump = start_input(&script, ours);
    await_done(pump);
    char text[64] = "";
    DWORD length = 0;
    assert_true(ReadFile(programs, text, 7, &length, NULL));
    assert_string_equal(text, "one two");
    DWORD available = 1;
    assert_true(PeekNamedPipe(programs, NULL, 0, NULL, &available, NULL));
    assert_int_equal(available, 0);
    hcs_pump_close_pipe(pump);
    assert_false(ReadFile(programs, text, 1, &length, NULL));
    assert_int_equal(GetLastError(), ERROR_BROKEN_PIPE);
    assert_ok(hcs_pump_finish(&pump, &err));
    CloseHandle(programs);
}

TEST(stops_when_the_program_has_gone)
{
    struct error err = {0};
    struct script script = {.parts = (const char *const[]){"one", "two", "three", NULL}};
    HANDLE ours;
    HANDLE programs;
    make_pipe(true, PIPE_TYPE_BYTE, &ours, &programs);
    CloseHandle(programs);
    struct hcs_pump *pump = start_input(&script, ours);
    await_done(pump);
    assert_int_equal(hcs_pump_progress(pump), 0);
    assert_ok(hcs_pump_finish(&pump, &err));
}

TEST(reports_a_source_that_fails)
{
    struct error err = {0};
    struct script script = {.parts = (const char *const[]){"one", NULL},
                            .fail_with = ERROR_ACCESS_DENIED};
    HANDLE ours;
    HANDLE programs;
    make_pipe(true, PIPE_TYPE_BYTE, &ours, &programs);
    struct hcs_pump *pump = start_input(&script, ours);
    await_done(pump);
    assert_fails(hcs_pump_finish(&pump, &err), ERR_DENIED, "read the script");
    CloseHandle(programs);
}

TEST(can_be_cut_off_while_the_program_does_not_read)
{
    struct error err = {0};
    static char block[60000];
    memset(block, 'x', sizeof(block) - 1);
    struct script script = {.parts = (const char *const[]){block, block, NULL}};
    HANDLE ours;
    HANDLE programs;
    make_pipe(true, PIPE_TYPE_BYTE, &ours, &programs);
    struct hcs_pump *pump = start_input(&script, ours);
    for (unsigned i = 0; i < 200 && hcs_pump_state(pump) != HCS_PUMP_WRITING; i++)
        Sleep(5);
    Sleep(50);
    assert_int_equal(hcs_pump_state(pump), HCS_PUMP_WRITING);
    uint64_t began = os_monotonic_ms();
    assert_ok(hcs_pump_finish(&pump, &err));
    assert_true(os_monotonic_ms() - began < 500);
    CloseHandle(programs);
}

/* A source that cannot be woken costs no time: its thread is left behind. */
TEST(can_be_cut_off_while_nobody_types)
{
    struct error err = {0};
    static const char *const nothing[] = {NULL};
    static struct script script = {.parts = nothing};
    script.gate = new_event();
    HANDLE ours;
    HANDLE programs;
    make_pipe(true, PIPE_TYPE_BYTE, &ours, &programs);
    struct hcs_pump *pump = start_input(&script, ours);
    Sleep(20);
    uint64_t began = os_monotonic_ms();
    assert_ok(hcs_pump_finish(&pump, &err));
    assert_true(os_monotonic_ms() - began < 500);
    SetEvent(script.gate);
    CloseHandle(programs);
    Sleep(50);
    CloseHandle(script.gate);
}

/* ---- plain handles ---- */

TEST(reads_plain_handles)
{
    struct error err = {0};
    HANDLE reader;
    HANDLE writer;
    assert_true(CreatePipe(&reader, &writer, NULL, 0));
    struct hcs_source source = hcs_source_from_handle(reader);
    const struct hcs_sink sink = hcs_sink_to_handle(writer);
    assert_ok(sink.write(sink.user, "text", 4, &err));
    char text[16] = "";
    size_t length = 99;
    assert_ok(source.read(source.user, text, sizeof(text), &length, &err));
    assert_int_equal(length, 4);
    assert_string_equal(text, "text");
    CloseHandle(writer);
    assert_ok(source.read(source.user, text, sizeof(text), &length, &err));
    assert_int_equal(length, 0);
    CloseHandle(reader);
    assert_fails(source.read(source.user, text, sizeof(text), &length, &err), ERR_OS,
                 "read standard input");

    assert_true(CreatePipe(&reader, &writer, NULL, 0));
    const struct hcs_sink gone = hcs_sink_to_handle(writer);
    CloseHandle(reader);
    assert_false(gone.write(gone.user, "x", 1, &err));
    assert_true(err.code == ERROR_NO_DATA || err.code == ERROR_BROKEN_PIPE);
    error_clear(&err);
    CloseHandle(writer);
}

TEST(does_without_handles)
{
    assert_null(hcs_sink_to_handle(NULL).write);
    assert_null(hcs_sink_to_handle(INVALID_HANDLE_VALUE).write);
    assert_null(hcs_source_from_handle(NULL).read);
    assert_null(hcs_source_from_handle(INVALID_HANDLE_VALUE).read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_output_to_its_end),
        cmocka_unit_test(goes_on_after_empty_writes),
        cmocka_unit_test(discards_without_a_sink),
        cmocka_unit_test(tells_a_reader_that_left_from_a_failure),
        cmocka_unit_test(can_be_cut_off_while_nobody_writes),
        cmocka_unit_test(can_be_cut_off_while_our_reader_sleeps),
        cmocka_unit_test(writes_input_and_leaves_the_pipe_open),
        cmocka_unit_test(stops_when_the_program_has_gone),
        cmocka_unit_test(reports_a_source_that_fails),
        cmocka_unit_test(can_be_cut_off_while_the_program_does_not_read),
        cmocka_unit_test(can_be_cut_off_while_nobody_types),
        cmocka_unit_test(reads_plain_handles),
        cmocka_unit_test(does_without_handles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
