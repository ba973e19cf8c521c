/* SPDX-License-Identifier: MIT */
/* hcs_fake: a struct hcs_api whose answers and notifications a test scripts.
 *
 * It keeps count of every handle, callback and string it hands out, so that a test can demand that
 * nothing is left; it delivers what happened before a registration at the registration, as HCS
 * does, and waits for running callbacks when one is unregistered. Its processes are functions of
 * the test that run on a thread, on the other ends of real overlapped pipes. */
#pragma once

#include "base/text.h"
#include "check.h"
#include "hcs/api.h"
#include "win32/utf16.h"

#define PENDING ((HRESULT)0xC0370103L)
#define FAKE_TARGETS 8
#define FAKE_NOTICES 8
#define FAKE_LOG_SIZE 8192

/* One handle that a callback may be registered for. */
struct fake_target {
    bool is_process;
    bool is_open;
    HCS_NOTIFICATION_CALLBACK callback;
    void *context;
    struct {
        DWORD type;
        HRESULT status;
    } waiting[FAKE_NOTICES]; /* until somebody registers */
    unsigned waiting_count;
};

struct fake_program_io {
    HANDLE in; /* ordinary blocking handles; closed by the fake after the program */
    HANDLE out;
    HANDLE err;
};

typedef DWORD (*fake_program)(struct fake_program_io *io);

enum fake_exit_order { EXIT_BEFORE_EOF, EXIT_AFTER_EOF };

struct fake {
    /* ---- the script ---- */
    HRESULT create_hr, start_hr, shutdown_hr, terminate_hr, open_hr, register_hr;
    HRESULT process_hr, open_process_hr, kill_hr;
    HRESULT create_status, start_status, exit_status;
    const wchar_t *result;  /* of a failing call */
    const char *state;      /* of the system, in its properties */
    const wchar_t *listing; /* of HcsEnumerateComputeSystems */
    bool create_is_early;   /* completes inside the registering call */
    bool create_is_silent, start_is_silent, shutdown_is_silent, exit_is_silent;
    DWORD create_instead; /* a notification in place of the expected one */
    DWORD start_instead;
    DWORD delay_ms; /* of every notification */
    fake_program program;
    enum fake_exit_order order;
    bool leaves_child;          /* somebody keeps stdout open until the container ends */
    bool without_pipes;         /* INVALID_HANDLE_VALUE in place of handles */
    const wchar_t *status_text; /* in place of the true status */

    /* ---- what the program may look at ---- */
    HANDLE signalled;
    HANDLE killed;

    /* ---- what has happened ---- */
    volatile LONG strings, systems, processes, callbacks;
    volatile LONG exited;
    DWORD exit_code;
    CRITICAL_SECTION lock;
    char log[FAKE_LOG_SIZE]; /* "Function(detail) " of every call */
    SRWLOCK delivery;
    struct fake_target targets[FAKE_TARGETS];
    struct fake_program_io io;
    HANDLE child; /* the copy of stdout that a child keeps */
    HANDLE threads[32];
    volatile LONG thread_count;
};

static struct fake fake;

static inline void fake_note(const char *function, const char *detail)
{
    EnterCriticalSection(&fake.lock);
    size_t used = strlen(fake.log);
    snprintf(fake.log + used, sizeof(fake.log) - used, "%s(%s) ", function, detail);
    LeaveCriticalSection(&fake.lock);
}

static inline void fake_note_wide(const char *function, PCWSTR detail)
{
    struct error err = {0};
    char *text = NULL;
    assert_ok(utf16_to_utf8(detail, &text, &err));
    fake_note(function, text);
    str_free(&text);
}

static inline bool fake_did(const char *what)
{
    EnterCriticalSection(&fake.lock);
    bool did = strstr(fake.log, what) != NULL;
    LeaveCriticalSection(&fake.lock);
    return did;
}

static inline PWSTR fake_text(const wchar_t *text)
{
    PWSTR copy = _wcsdup(text);
    InterlockedIncrement(&fake.strings);
    return copy;
}

static inline void WINAPI fake_free(void *memory)
{
    if (memory)
        InterlockedDecrement(&fake.strings);
    free(memory);
}

static inline HRESULT fake_answer(HRESULT hr, PWSTR *result)
{
    if (FAILED(hr) && hr != PENDING && fake.result)
        *result = fake_text(fake.result);
    return hr;
}

/* ---- notifications ---- */

static inline void fake_deliver(struct fake_target *target, DWORD type, HRESULT status)
{
    AcquireSRWLockShared(&fake.delivery);
    HCS_NOTIFICATION_CALLBACK callback = target->callback;
    if (callback)
        callback(type, target->context, status, L"");
    else if (target->is_open && target->waiting_count < FAKE_NOTICES) {
        target->waiting[target->waiting_count].type = type;
        target->waiting[target->waiting_count++].status = status;
    }
    ReleaseSRWLockShared(&fake.delivery);
}

static inline void fake_notify(bool processes, DWORD type, HRESULT status)
{
    for (size_t i = 0; i < FAKE_TARGETS; i++)
        if (fake.targets[i].is_open && fake.targets[i].is_process == processes)
            fake_deliver(&fake.targets[i], type, status);
}

static inline void fake_run(LPTHREAD_START_ROUTINE main, void *argument)
{
    LONG index = InterlockedIncrement(&fake.thread_count) - 1;
    assert_true(index < (LONG)ARRAY_SIZE(fake.threads));
    fake.threads[index] = CreateThread(NULL, 0, main, argument, 0, NULL);
    assert_non_null(fake.threads[index]);
}

struct fake_notice {
    bool processes;
    DWORD type;
    HRESULT status;
};

static inline DWORD WINAPI fake_notify_main(void *argument)
{
    struct fake_notice notice = *(struct fake_notice *)argument;
    free(argument);
    Sleep(fake.delay_ms);
    fake_notify(notice.processes, notice.type, notice.status);
    return 0;
}

static inline void fake_notify_later(bool processes, DWORD type, HRESULT status)
{
    struct fake_notice notice = {processes, type, status};
    fake_run(fake_notify_main, xmemdup(&notice, sizeof(notice)));
}

static inline void fake_container_ends(HRESULT status)
{
    HANDLE child = InterlockedExchangePointer(&fake.child, NULL);
    if (child)
        CloseHandle(child);
    if (!fake.exit_is_silent)
        fake_notify_later(false, HcsNotificationSystemExited, status);
}

/* ---- handles ---- */

static inline void *fake_open(bool is_process)
{
    for (size_t i = 0; i < FAKE_TARGETS; i++)
        if (!fake.targets[i].is_open) {
            fake.targets[i] = (struct fake_target){.is_process = is_process, .is_open = true};
            InterlockedIncrement(is_process ? &fake.processes : &fake.systems);
            return &fake.targets[i];
        }
    fail_msg("too many handles");
    return NULL;
}

static inline struct fake_target *fake_target_of(void *handle)
{
    struct fake_target *target = handle;
    assert_non_null(target);
    assert_true(target->is_open);
    return target;
}

static inline HRESULT fake_close(void *handle, volatile LONG *count)
{
    struct fake_target *target = fake_target_of(handle);
    assert_null(target->callback);
    target->is_open = false;
    InterlockedDecrement(count);
    return S_OK;
}

static inline HRESULT fake_register(void *handle, HCS_NOTIFICATION_CALLBACK callback, void *context,
                                    HCS_CALLBACK *ret)
{
    struct fake_target *target = fake_target_of(handle);
    if (FAILED(fake.register_hr))
        return fake.register_hr;
    InterlockedIncrement(&fake.callbacks);
    *ret = (HCS_CALLBACK)handle;
    AcquireSRWLockExclusive(&fake.delivery);
    target->context = context;
    target->callback = callback;
    for (unsigned i = 0; i < target->waiting_count; i++)
        callback(target->waiting[i].type, context, target->waiting[i].status, NULL);
    ReleaseSRWLockExclusive(&fake.delivery);
    if (!target->is_process && fake.create_is_early)
        callback(HcsNotificationSystemCreateCompleted, context, fake.create_status, NULL);
    return S_OK;
}

static inline HRESULT fake_unregister(HCS_CALLBACK callback)
{
    struct fake_target *target = fake_target_of(callback);
    AcquireSRWLockExclusive(&fake.delivery);
    assert_non_null(target->callback);
    target->callback = NULL;
    ReleaseSRWLockExclusive(&fake.delivery);
    InterlockedDecrement(&fake.callbacks);
    return S_OK;
}

/* ---- systems ---- */

static inline HRESULT WINAPI fake_enumerate(PCWSTR query, PWSTR *systems, PWSTR *result)
{
    fake_note_wide("Enumerate", query);
    if (fake.listing)
        *systems = fake_text(fake.listing);
    return fake_answer(fake.open_hr, result);
}

static inline HRESULT WINAPI fake_create(PCWSTR id, PCWSTR document, HANDLE identity,
                                         HCS_SYSTEM *system, PWSTR *result)
{
    assert_null(identity);
    assert_non_null(wcsstr(document, L"{"));
    fake_note_wide("Create", id);
    if (FAILED(fake.create_hr) && fake.create_hr != PENDING)
        return fake_answer(fake.create_hr, result);
    *system = fake_open(false);
    if (fake.create_instead)
        fake_notify_later(false, fake.create_instead, fake.create_status);
    else if (fake.create_hr == PENDING && !fake.create_is_early && !fake.create_is_silent)
        fake_notify_later(false, HcsNotificationSystemCreateCompleted, fake.create_status);
    return fake.create_hr;
}

static inline HRESULT WINAPI fake_open_system(PCWSTR id, HCS_SYSTEM *system, PWSTR *result)
{
    fake_note_wide("Open", id);
    if (FAILED(fake.open_hr))
        return fake_answer(fake.open_hr, result);
    *system = fake_open(false);
    return S_OK;
}

static inline HRESULT WINAPI fake_close_system(HCS_SYSTEM system)
{
    fake_note("Close", "");
    return fake_close(system, &fake.systems);
}

static inline HRESULT WINAPI fake_start(HCS_SYSTEM system, PCWSTR options, PWSTR *result)
{
    fake_target_of(system);
    fake_note_wide("Start", options);
    if (fake.start_instead)
        fake_notify_later(false, fake.start_instead, fake.start_status);
    else if (fake.start_hr == PENDING && !fake.start_is_silent)
        fake_notify_later(false, HcsNotificationSystemStartCompleted, fake.start_status);
    return fake_answer(fake.start_hr, result);
}

static inline HRESULT WINAPI fake_shutdown(HCS_SYSTEM system, PCWSTR options, PWSTR *result)
{
    fake_target_of(system);
    fake_note_wide("Shutdown", options);
    if (fake.shutdown_hr == PENDING && !fake.shutdown_is_silent)
        fake_container_ends(fake.exit_status);
    return fake_answer(fake.shutdown_hr, result);
}

static inline HRESULT WINAPI fake_terminate(HCS_SYSTEM system, PCWSTR options, PWSTR *result)
{
    fake_target_of(system);
    fake_note_wide("Terminate", options);
    SetEvent(fake.killed);
    if (fake.terminate_hr == PENDING || fake.terminate_hr == S_OK)
        fake_container_ends(fake.exit_status);
    return fake_answer(fake.terminate_hr, result);
}

static inline HRESULT WINAPI fake_properties(HCS_SYSTEM system, PCWSTR query, PWSTR *properties,
                                             PWSTR *result)
{
    fake_target_of(system);
    fake_note_wide("Properties", query);
    (void)result;
    wchar_t text[200];
    swprintf(text, ARRAY_SIZE(text), L"{\"Id\":\"x\",\"State\":\"%hs\"}",
             fake.state ? fake.state : "Unknown");
    *properties = fake_text(text);
    return S_OK;
}

static inline HRESULT WINAPI fake_register_system(HCS_SYSTEM system,
                                                  HCS_NOTIFICATION_CALLBACK callback, void *context,
                                                  HCS_CALLBACK *handle)
{
    fake_note("Register", "");
    return fake_register(system, callback, context, handle);
}

static inline HRESULT WINAPI fake_unregister_system(HCS_CALLBACK handle)
{
    fake_note("Unregister", "");
    return fake_unregister(handle);
}

/* ---- processes ---- */

/* A pipe like HCS's: our end overlapped, the program's end ordinary. */
static inline void fake_pipe(bool to_program, HANDLE *ours, HANDLE *programs)
{
    static volatile LONG number;
    wchar_t name[80];
    swprintf(name, ARRAY_SIZE(name), L"\\\\.\\pipe\\wrun-test-%lu-%ld", GetCurrentProcessId(),
             InterlockedIncrement(&number));
    *ours = CreateNamedPipeW(
        name, (to_program ? PIPE_ACCESS_OUTBOUND : PIPE_ACCESS_INBOUND) | FILE_FLAG_OVERLAPPED,
        PIPE_TYPE_BYTE, 1, 65536, 65536, 0, NULL);
    assert_ptr_not_equal(*ours, INVALID_HANDLE_VALUE);
    *programs = CreateFileW(name, to_program ? GENERIC_READ : GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                            0, NULL);
    assert_ptr_not_equal(*programs, INVALID_HANDLE_VALUE);
}

static inline void fake_close_pipes(void)
{
    HANDLE *const handles[] = {&fake.io.in, &fake.io.out, &fake.io.err};
    for (size_t i = 0; i < ARRAY_SIZE(handles); i++) {
        if (*handles[i])
            CloseHandle(*handles[i]);
        *handles[i] = NULL;
    }
}

static inline DWORD WINAPI fake_program_main(void *argument)
{
    (void)argument;
    fake.exit_code = fake.program(&fake.io);
    InterlockedExchange(&fake.exited, 1);
    if (fake.order == EXIT_AFTER_EOF) {
        fake_close_pipes();
        Sleep(100);
    }
    fake_notify(true, HcsNotificationProcessExited, S_OK);
    if (fake.order == EXIT_BEFORE_EOF) {
        Sleep(100);
        fake_close_pipes();
    }
    return 0;
}

static inline HRESULT WINAPI fake_create_process(HCS_SYSTEM system, PCWSTR parameters,
                                                 HCS_PROCESS_INFORMATION *information,
                                                 HCS_PROCESS *process, PWSTR *result)
{
    fake_target_of(system);
    fake_note_wide("CreateProcess", parameters);
    if (FAILED(fake.process_hr))
        return fake_answer(fake.process_hr, result);
    *process = fake_open(true);
    *information = (HCS_PROCESS_INFORMATION){
        .ProcessId = 4201,
        .StdInput = INVALID_HANDLE_VALUE,
        .StdOutput = INVALID_HANDLE_VALUE,
    };
    if (!fake.without_pipes) {
        fake_pipe(true, &information->StdInput, &fake.io.in);
        fake_pipe(false, &information->StdOutput, &fake.io.out);
        fake_pipe(false, &information->StdError, &fake.io.err);
    }
    if (fake.leaves_child)
        assert_true(DuplicateHandle(GetCurrentProcess(), fake.io.out, GetCurrentProcess(),
                                    &fake.child, 0, FALSE, DUPLICATE_SAME_ACCESS));
    fake_run(fake_program_main, NULL);
    return S_OK;
}

static inline HRESULT WINAPI fake_open_process(HCS_SYSTEM system, DWORD id, HCS_PROCESS *process,
                                               PWSTR *result)
{
    fake_target_of(system);
    assert_int_equal(id, 4201);
    fake_note("OpenProcess", "4201");
    if (FAILED(fake.open_process_hr))
        return fake_answer(fake.open_process_hr, result);
    *process = fake_open(true);
    return S_OK;
}

static inline HRESULT WINAPI fake_close_process(HCS_PROCESS process)
{
    fake_note("CloseProcess", "");
    return fake_close(process, &fake.processes);
}

static inline HRESULT WINAPI fake_kill_process(HCS_PROCESS process, PWSTR *result)
{
    fake_target_of(process);
    fake_note("KillProcess", "");
    if (SUCCEEDED(fake.kill_hr))
        SetEvent(fake.killed);
    return fake_answer(fake.kill_hr, result);
}

static inline HRESULT WINAPI fake_signal(HCS_PROCESS process, PCWSTR options, PWSTR *result)
{
    fake_target_of(process);
    (void)result;
    fake_note_wide("Signal", options);
    SetEvent(fake.signalled);
    return S_OK;
}

static inline HRESULT WINAPI fake_process_properties(HCS_PROCESS process, PWSTR *properties,
                                                     PWSTR *result)
{
    fake_target_of(process);
    (void)result;
    wchar_t text[200];
    swprintf(text, ARRAY_SIZE(text),
             L"{\"ProcessId\":4201,\"Exited\":%hs,\"ExitCode\":%lu,\"LastWaitResult\":0}",
             fake.exited ? "true" : "false", fake.exit_code);
    *properties = fake_text(fake.status_text ? fake.status_text : text);
    return S_OK;
}

static inline HRESULT WINAPI fake_modify_process(HCS_PROCESS process, PCWSTR settings,
                                                 PWSTR *result)
{
    fake_target_of(process);
    fake_note_wide("Modify", settings);
    return fake_answer(fake.exited ? (HRESULT)0xC0370105 : S_OK, result);
}

static inline HRESULT WINAPI fake_register_process(HCS_PROCESS process,
                                                   HCS_NOTIFICATION_CALLBACK callback,
                                                   void *context, HCS_CALLBACK *handle)
{
    return fake_register(process, callback, context, handle);
}

static inline HRESULT WINAPI fake_unregister_process(HCS_CALLBACK handle)
{
    return fake_unregister(handle);
}

static const struct hcs_api fake_api = {
    .HcsEnumerateComputeSystems = fake_enumerate,
    .HcsCreateComputeSystem = fake_create,
    .HcsOpenComputeSystem = fake_open_system,
    .HcsCloseComputeSystem = fake_close_system,
    .HcsStartComputeSystem = fake_start,
    .HcsShutdownComputeSystem = fake_shutdown,
    .HcsTerminateComputeSystem = fake_terminate,
    .HcsGetComputeSystemProperties = fake_properties,
    .HcsRegisterComputeSystemCallback = fake_register_system,
    .HcsUnregisterComputeSystemCallback = fake_unregister_system,
    .HcsCreateProcess = fake_create_process,
    .HcsOpenProcess = fake_open_process,
    .HcsCloseProcess = fake_close_process,
    .HcsTerminateProcess = fake_kill_process,
    .HcsSignalProcess = fake_signal,
    .HcsGetProcessProperties = fake_process_properties,
    .HcsModifyProcess = fake_modify_process,
    .HcsRegisterProcessCallback = fake_register_process,
    .HcsUnregisterProcessCallback = fake_unregister_process,
    .CoTaskMemFree = fake_free,
};

/* ---- around each test ---- */

static inline int fake_setup(void **state)
{
    (void)state;
    fake = (struct fake){
        .create_hr = PENDING, .start_hr = PENDING, .shutdown_hr = PENDING, .terminate_hr = PENDING};
    InitializeCriticalSection(&fake.lock);
    InitializeSRWLock(&fake.delivery);
    fake.signalled = CreateEventW(NULL, TRUE, FALSE, NULL);
    fake.killed = CreateEventW(NULL, TRUE, FALSE, NULL);
    return 0;
}

/* Everything that was handed out has come back. */
static inline int fake_teardown(void **state)
{
    (void)state;
    for (LONG i = 0; i < fake.thread_count; i++) {
        assert_int_equal(WaitForSingleObject(fake.threads[i], 10000), WAIT_OBJECT_0);
        CloseHandle(fake.threads[i]);
    }
    /* A signal is sent by a thread that nobody waits for. */
    for (unsigned i = 0; i < 100 && (fake.systems || fake.processes); i++)
        Sleep(20);
    assert_int_equal(fake.strings, 0);
    assert_int_equal(fake.systems, 0);
    assert_int_equal(fake.processes, 0);
    assert_int_equal(fake.callbacks, 0);
    fake_close_pipes();
    CloseHandle(fake.signalled);
    CloseHandle(fake.killed);
    DeleteCriticalSection(&fake.lock);
    return 0;
}

#define fake_test(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
