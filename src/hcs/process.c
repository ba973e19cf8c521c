/* SPDX-License-Identifier: MIT */
#include "hcs/process.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/os.h"
#include "hcs/process_document.h"
#include "hcs/result.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/utf16.h"

#define TERMINATE_WAIT_MS 30000u

/* ---- create, close ---- */

static bool request_process(struct hcs_process *process, const char *document, struct error *err)
{
    const struct hcs_api *api = process->system->api;
    CLEANUP(utf16_free) wchar_t *parameters = NULL;
    if (!utf16_from_utf8(document, &parameters, err))
        return false;

    HCS_PROCESS_INFORMATION information = {0};
    PWSTR result = NULL;
    HRESULT hr = api->HcsCreateProcess(process->system->handle, parameters, &information,
                                       &process->handle, &result);
    if (!hcs_api_check(api, HCS_CALL_PROCESS, "HcsCreateProcess", hr, &result, err))
        return false;
    process->id = information.ProcessId;
    process->std_in = handle_or_null(information.StdInput);
    process->std_out = handle_or_null(information.StdOutput);
    process->std_err = handle_or_null(information.StdError);
    return true;
}

static bool read_status(const struct hcs_process *process, struct hcs_process_status *ret,
                        struct error *err)
{
    const struct hcs_api *api = process->system->api;
    PWSTR properties = NULL;
    PWSTR result = NULL;
    HRESULT hr = api->HcsGetProcessProperties(process->handle, &properties, &result);
    CLEANUP(str_free) char *text = NULL;
    return hcs_api_take_text(api, &properties, &text, err)
        && hcs_api_check(api, HCS_CALL_OTHER, "HcsGetProcessProperties", hr, &result, err)
        && hcs_process_status_parse(text, ret, err);
}

static bool listen(struct hcs_process *process, struct error *err)
{
    const struct hcs_api *api = process->system->api;
    if (!hcs_notifier_open(&process->notifier, err))
        return false;
    HRESULT hr = api->HcsRegisterProcessCallback(process->handle, hcs_notifier_record,
                                                 process->notifier, &process->callback);
    PWSTR none = NULL;
    return hcs_api_check(api, HCS_CALL_OTHER, "HcsRegisterProcessCallback", hr, &none, err);
}

/* Nobody promises that the exit of a process that ended before the registration is notified. */
static void look_for_exit(struct hcs_process *process)
{
    CLEANUP(error_clear) struct error ignored = {0};
    struct hcs_process_status status = {0};
    if (!hcs_notifier_has(process->notifier, HCS_NOTICE_EXITED)
        && read_status(process, &status, &ignored) && status.exited)
        hcs_notifier_set(process->notifier, HCS_NOTICE_EXITED, S_OK);
}

bool hcs_process_create(struct hcs_system *system, const char *document, struct hcs_process *ret,
                        struct error *err)
{
    CLEANUP(hcs_process_close) struct hcs_process process = {.system = system};
    if (!request_process(&process, document, err))
        return false;
    if (!listen(&process, err)) {
        PWSTR result = NULL;
        system->api->HcsTerminateProcess(process.handle, &result);
        system->api->CoTaskMemFree(result);
        return false;
    }
    look_for_exit(&process);
    *ret = TAKE(process);
    return true;
}

static void close_process(const struct hcs_api *api, struct hcs_process *process)
{
    /* A callback that could not be unregistered may still come: its notifier is then left alone. */
    if (process->callback && FAILED(api->HcsUnregisterProcessCallback(process->callback)))
        process->notifier = NULL;
    hcs_notifier_close(&process->notifier);
    if (process->handle)
        api->HcsCloseProcess(process->handle);
}

void hcs_process_close(struct hcs_process *process)
{
    if (process->system)
        close_process(process->system->api, process);
    handle_close(&process->std_in);
    handle_close(&process->std_out);
    handle_close(&process->std_err);
    *process = (struct hcs_process){0};
}

/* ---- by handles of one's own ---- */

struct second_handle {
    const struct hcs_api *api;
    HCS_SYSTEM system;
    HCS_PROCESS process;
};

static void second_handle_close(struct second_handle *second)
{
    if (second->process)
        second->api->HcsCloseProcess(second->process);
    if (second->system)
        second->api->HcsCloseComputeSystem(second->system);
    *second = (struct second_handle){0};
}

static bool second_handle_open(const struct hcs_api *api, const char *system_id, uint32_t process,
                               struct second_handle *ret, struct error *err)
{
    CLEANUP(second_handle_close) struct second_handle second = {.api = api};
    CLEANUP(utf16_free) wchar_t *id = NULL;
    if (!utf16_from_utf8(system_id, &id, err))
        return false;
    PWSTR result = NULL;
    HRESULT hr = api->HcsOpenComputeSystem(id, &second.system, &result);
    if (!hcs_api_check(api, HCS_CALL_OTHER, "HcsOpenComputeSystem", hr, &result, err))
        return false;
    hr = api->HcsOpenProcess(second.system, process, &second.process, &result);
    if (!hcs_api_check(api, HCS_CALL_OTHER, "HcsOpenProcess", hr, &result, err))
        return false;
    *ret = TAKE(second);
    return true;
}

struct signal {
    const struct hcs_api *api;
    char *system_id;
    uint32_t process;
    wchar_t *document;
};

static void signal_free(struct signal *signal)
{
    str_free(&signal->system_id);
    utf16_free(&signal->document);
    free(signal);
}

/* Nobody waits for the outcome: what a signal does is seen by the process ending, or not. */
static void signal_main(void *argument)
{
    struct signal *signal = argument;
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(second_handle_close) struct second_handle second = {0};
    if (second_handle_open(signal->api, signal->system_id, signal->process, &second, &ignored)) {
        PWSTR result = NULL;
        signal->api->HcsSignalProcess(second.process, signal->document, &result);
        signal->api->CoTaskMemFree(result);
    }
    signal_free(signal);
}

bool hcs_process_signal(const struct hcs_process *process, const char *document, struct error *err)
{
    wchar_t *wide = NULL;
    if (!utf16_from_utf8(document, &wide, err))
        return false;
    struct signal *signal = xcalloc(1, sizeof(*signal));
    *signal = (struct signal){
        .api = process->system->api,
        .system_id = xstrdup(process->system->id),
        .process = process->id,
        .document = wide,
    };
    struct os_thread thread = {0};
    if (!os_thread_start(&thread, signal_main, signal, err)) {
        signal_free(signal);
        return error_wrap(err, "signal the process");
    }
    HANDLE handle = handle_from_number(thread.handle);
    handle_close(&handle);
    return true;
}

bool hcs_process_kill(struct hcs_process *process, struct error *err)
{
    const struct hcs_api *api = process->system->api;
    if (hcs_notifier_has(process->notifier, HCS_NOTICE_EXITED))
        return true;

    CLEANUP(error_clear) struct error refusal = {0};
    CLEANUP(second_handle_close) struct second_handle second = {0};
    if (!second_handle_open(api, process->system->id, process->id, &second, &refusal))
        return hcs_system_terminate(process->system, TERMINATE_WAIT_MS, err);

    PWSTR result = NULL;
    HRESULT hr = api->HcsTerminateProcess(second.process, &result);
    /* A process that has ended denies access to whoever wants to end it (hcsshim Process.Kill). */
    uint32_t code = hcs_api_code(hr);
    bool ended_already = code == ERROR_ACCESS_DENIED || code == HCS_E_PROCESS_ALREADY_STOPPED
        || code == HCS_E_SYSTEM_ALREADY_STOPPED;
    return hcs_api_check(api, HCS_CALL_OTHER, "HcsTerminateProcess", ended_already ? S_OK : hr,
                         &result, err)
        || error_wrap(err, "kill the process");
}

static bool modify(const struct hcs_process *process, const char *settings, struct error *err)
{
    const struct hcs_api *api = process->system->api;
    CLEANUP(utf16_free) wchar_t *wide = NULL;
    if (!utf16_from_utf8(settings, &wide, err))
        return false;
    PWSTR result = NULL;
    HRESULT hr = api->HcsModifyProcess(process->handle, wide, &result);
    return hcs_api_check(api, HCS_CALL_OTHER, "HcsModifyProcess", hr, &result, err);
}

bool hcs_process_resize(const struct hcs_process *process, uint16_t height, uint16_t width,
                        struct error *err)
{
    CLEANUP(str_free) char *settings = hcs_process_document_console_size(height, width);
    return modify(process, settings, err) || error_wrap(err, "resize the console");
}

/* Fails when the process has ended, and then there is nobody to be told. */
void hcs_process_end_input(const struct hcs_process *process)
{
    CLEANUP(error_clear) struct error ignored = {0};
    if (!modify(process, HCS_DOCUMENT_CLOSE_STDIN, &ignored))
        error_clear(&ignored);
}

bool hcs_process_exit_code(const struct hcs_process *process, uint32_t *ret, struct error *err)
{
    enum { ATTEMPTS = 50, PAUSE_MS = 20 };
    struct hcs_process_status status = {0};
    for (unsigned i = 0; i < ATTEMPTS && !status.exited; i++) {
        if (i > 0)
            os_sleep_ms(PAUSE_MS);
        if (!read_status(process, &status, err))
            return error_wrap(err, "exit code of the process");
    }
    if (!status.exited)
        return error_set(err, ERR_OS, "exit code of the process: HCS says that it still runs");
    if (status.last_wait_result != 0)
        return error_hresult(err, (HRESULT)status.last_wait_result,
                             "exit code of the process: HCS could not wait for it");
    *ret = status.exit_code;
    return true;
}
