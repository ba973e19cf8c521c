/* SPDX-License-Identifier: MIT */
#include "hcs/system.h"

#include "base/alloc.h"
#include "base/os.h"
#include "base/text.h"
#include "hcs/document.h"
#include "hcs/result.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/utf16.h"

/* Four minutes are hcsshim's limit, but starts of 141 s have been seen on hosts that were merely
 * slow (microsoft/Windows-Containers issue 647). */
#define START_TIMEOUT_MS (5ull * 60 * 1000)
#define TERMINATE_WAIT_MS 30000u
/* How often to look for oneself whether a notification has been missed. */
#define LOOK_MS 5000u

/* ---- waiting ---- */

/* An operation whose outcome HCS notifies. */
struct operation {
    enum hcs_notice notice;
    enum hcs_call call;
    const char *function;
    const char *state; /* of the system when the operation has succeeded */
};

static const struct operation creation = {HCS_NOTICE_CREATED, HCS_CALL_CREATE,
                                          "HcsCreateComputeSystem", "Created"};
static const struct operation start = {HCS_NOTICE_STARTED, HCS_CALL_START, "HcsStartComputeSystem",
                                       "Running"};

/* Nobody promises that a notification from before the registration is delivered. */
static bool has_state(const struct hcs_system *system, const char *state)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(str_free) char *text = NULL;
    CLEANUP(hcs_system_properties_clear) struct hcs_system_properties properties = {0};
    const struct hcs_api *api = system->api;
    PWSTR answer = NULL;
    PWSTR result = NULL;
    HRESULT hr = api->HcsGetComputeSystemProperties(system->handle, L"{}", &answer, &result);
    return hcs_api_take_text(api, &answer, &text, &ignored)
        && hcs_api_check(api, HCS_CALL_OTHER, "HcsGetComputeSystemProperties", hr, &result,
                         &ignored)
        && hcs_system_properties_parse(text, &properties, &ignored)
        && str_equal(properties.state, state);
}

static bool verdict(const struct hcs_system *system, const struct operation *operation,
                    enum hcs_notice notice, struct error *err)
{
    HRESULT status = system->notifier->status[notice];
    PWSTR none = NULL;
    if (notice == operation->notice)
        return hcs_api_check(system->api, operation->call, operation->function, status, &none, err);
    if (notice == HCS_NOTICE_DISCONNECTED)
        return hcs_error_raise(err, operation->call, operation->function, HCS_E_SERVICE_DISCONNECT,
                               NULL);
    if (FAILED(status))
        return hcs_api_check(system->api, operation->call, operation->function, status, &none, err);
    return hcs_error_raise(err, operation->call, operation->function, HCS_E_UNEXPECTED_EXIT, NULL);
}

static bool await(const struct hcs_system *system, const struct operation *operation,
                  const struct cancel *cancel, struct error *err)
{
    const enum hcs_notice notices[] = {operation->notice, HCS_NOTICE_EXITED,
                                       HCS_NOTICE_DISCONNECTED};
    HANDLE handles[ARRAY_SIZE(notices) + 1];
    DWORD count = 0;
    for (; count < ARRAY_SIZE(notices); count++)
        handles[count] = system->notifier->events[notices[count]];
    if (cancel && cancel->wakeup)
        handles[count++] = handle_from_number(cancel->wakeup);

    uint64_t deadline = os_monotonic_ms() + START_TIMEOUT_MS;
    for (;;) {
        DWORD woken = WaitForMultipleObjects(count, handles, FALSE, LOOK_MS);
        if (woken < WAIT_OBJECT_0 + ARRAY_SIZE(notices))
            return verdict(system, operation, notices[woken - WAIT_OBJECT_0], err);
        if (woken == WAIT_FAILED)
            return error_win32(err, GetLastError(), "wait for the container");
        if (!cancel_check(cancel, err))
            return false;
        if (has_state(system, operation->state))
            return true;
        if (os_monotonic_ms() >= deadline)
            return hcs_error_raise(err, operation->call, operation->function,
                                   HCS_E_OPERATION_TIMEOUT, NULL);
    }
}

/* ---- create, start ---- */

static bool is_pending(HRESULT hr)
{
    return hcs_api_code(hr) == HCS_E_V1_PENDING;
}

static bool request_creation(struct hcs_system *system, const char *document, bool *ret_pending,
                             struct error *err)
{
    CLEANUP(utf16_free) wchar_t *id = NULL;
    CLEANUP(utf16_free) wchar_t *text = NULL;
    if (!utf16_from_utf8(system->id, &id, err) || !utf16_from_utf8(document, &text, err))
        return false;
    PWSTR result = NULL;
    HRESULT hr = system->api->HcsCreateComputeSystem(id, text, /* identity= */ NULL,
                                                     &system->handle, &result);
    *ret_pending = is_pending(hr);
    return hcs_api_check(system->api, HCS_CALL_CREATE, "HcsCreateComputeSystem", hr, &result, err);
}

static bool listen(struct hcs_system *system, struct error *err)
{
    if (!hcs_notifier_open(&system->notifier, err))
        return false;
    HRESULT hr = system->api->HcsRegisterComputeSystemCallback(system->handle, hcs_notifier_record,
                                                               system->notifier, &system->callback);
    PWSTR none = NULL;
    return hcs_api_check(system->api, HCS_CALL_OTHER, "HcsRegisterComputeSystemCallback", hr, &none,
                         err);
}

bool hcs_system_create(const struct hcs_api *api, const char *id, const char *document,
                       const struct cancel *cancel, struct hcs_system *ret, struct error *err)
{
    CLEANUP(hcs_system_close) struct hcs_system system = {.api = api, .id = xstrdup(id)};
    bool pending = false;
    bool created = cancel_check(cancel, err) && request_creation(&system, document, &pending, err)
        && listen(&system, err) && (!pending || await(&system, &creation, cancel, err));
    if (!created) {
        CLEANUP(error_clear) struct error ignored = {0};
        if (system.handle && !hcs_system_terminate(&system, TERMINATE_WAIT_MS, &ignored))
            error_clear(&ignored);
        return error_wrap(err, "create container '%s'", id);
    }
    *ret = TAKE(system);
    return true;
}

bool hcs_system_start(struct hcs_system *system, const struct cancel *cancel, struct error *err)
{
    if (!cancel_check(cancel, err))
        return error_wrap(err, "start container '%s'", system->id);
    PWSTR result = NULL;
    HRESULT hr = system->api->HcsStartComputeSystem(system->handle, L"", &result);
    bool started = hcs_api_check(system->api, HCS_CALL_START, start.function, hr, &result, err)
        && (!is_pending(hr) || await(system, &start, cancel, err));
    return started || error_wrap(err, "start container '%s'", system->id);
}

/* ---- stop ---- */

static bool is_stopped(const struct hcs_system *system)
{
    return system->notifier && hcs_notifier_has(system->notifier, HCS_NOTICE_EXITED);
}

typedef HRESULT(WINAPI *stop_function)(HCS_SYSTEM system, PCWSTR options, PWSTR *result);

/* Sends the request. *ret_gone: there is nothing to wait for, the system had stopped before. */
static bool request_stop(const struct hcs_system *system, stop_function stop, const char *name,
                         bool *ret_gone, struct error *err)
{
    PWSTR result = NULL;
    HRESULT hr = stop(system->handle, L"", &result);
    uint32_t code = hcs_api_code(hr);
    *ret_gone = code == HCS_E_SYSTEM_ALREADY_STOPPED || code == HCS_E_SYSTEM_NOT_FOUND;
    struct error ignored = {0};
    bool requested =
        hcs_api_check(system->api, HCS_CALL_OTHER, name, hr, &result, *ret_gone ? &ignored : err);
    error_clear(&ignored);
    return requested || *ret_gone;
}

/* How the container ended does not matter here: whatever the status, it is gone. */
static bool await_exit(const struct hcs_system *system, unsigned wait_ms, const char *function,
                       struct error *err)
{
    if (!system->callback)
        return true;
    HANDLE handles[] = {system->notifier->events[HCS_NOTICE_EXITED],
                        system->notifier->events[HCS_NOTICE_DISCONNECTED]};
    DWORD woken = WaitForMultipleObjects(ARRAY_SIZE(handles), handles, FALSE, wait_ms);
    if (woken == WAIT_OBJECT_0)
        return true;
    return hcs_error_raise(
        err, HCS_CALL_OTHER, function,
        woken == WAIT_OBJECT_0 + 1 ? HCS_E_SERVICE_DISCONNECT : HCS_E_OPERATION_TIMEOUT, NULL);
}

static bool stop_and_wait(const struct hcs_system *system, stop_function stop, const char *name,
                          unsigned wait_ms, struct error *err)
{
    bool gone = false;
    return request_stop(system, stop, name, &gone, err)
        && (gone || await_exit(system, wait_ms, name, err));
}

bool hcs_system_shutdown(struct hcs_system *system, unsigned wait_ms, struct error *err)
{
    CLEANUP(error_clear) struct error refusal = {0};
    return is_stopped(system)
        || stop_and_wait(system, system->api->HcsShutdownComputeSystem, "HcsShutdownComputeSystem",
                         wait_ms, &refusal)
        || hcs_system_terminate(system, TERMINATE_WAIT_MS, err);
}

bool hcs_system_terminate(struct hcs_system *system, unsigned wait_ms, struct error *err)
{
    if (is_stopped(system))
        return true;
    system->was_terminated = true;
    return stop_and_wait(system, system->api->HcsTerminateComputeSystem,
                         "HcsTerminateComputeSystem", wait_ms, err)
        || error_wrap(err, "terminate container '%s'", system->id);
}

void hcs_system_close(struct hcs_system *system)
{
    /* A callback that could not be unregistered may still come: its notifier is then left alone. */
    if (system->callback
        && FAILED(system->api->HcsUnregisterComputeSystemCallback(system->callback)))
        system->notifier = NULL;
    hcs_notifier_close(&system->notifier);
    if (system->handle)
        system->api->HcsCloseComputeSystem(system->handle);
    str_free(&system->id);
    *system = (struct hcs_system){0};
}

/* ---- the systems of others ---- */

bool hcs_enumerate(const struct hcs_api *api, const char *owner, struct strlist *ret_ids,
                   struct error *err)
{
    CLEANUP(str_free) char *query = NULL;
    CLEANUP(utf16_free) wchar_t *wide_query = NULL;
    if (!hcs_document_query_owner(owner, &query, err) || !utf16_from_utf8(query, &wide_query, err))
        return false;

    PWSTR answer = NULL;
    PWSTR result = NULL;
    HRESULT hr = api->HcsEnumerateComputeSystems(wide_query, &answer, &result);
    CLEANUP(str_free) char *text = NULL;
    return hcs_api_take_text(api, &answer, &text, err)
        && hcs_api_check(api, HCS_CALL_OTHER, "HcsEnumerateComputeSystems", hr, &result, err)
        && hcs_system_list_parse(text, owner, ret_ids, err);
}

bool hcs_terminate_by_id(const struct hcs_api *api, const char *id, unsigned wait_ms,
                         struct error *err)
{
    CLEANUP(hcs_system_close) struct hcs_system system = {.api = api, .id = xstrdup(id)};
    CLEANUP(utf16_free) wchar_t *wide_id = NULL;
    if (!utf16_from_utf8(id, &wide_id, err))
        return false;

    PWSTR result = NULL;
    HRESULT hr = api->HcsOpenComputeSystem(wide_id, &system.handle, &result);
    bool opened = hcs_api_check(api, HCS_CALL_OTHER, "HcsOpenComputeSystem", hr, &result, err);
    if (!opened && err->code == HCS_E_SYSTEM_NOT_FOUND) {
        error_clear(err);
        return true;
    }
    return (opened && listen(&system, err) && hcs_system_terminate(&system, wait_ms, err))
        || error_wrap(err, "end container '%s'", id);
}
