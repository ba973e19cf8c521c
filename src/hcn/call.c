/* SPDX-License-Identifier: MIT */
#include "hcn/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/os.h"
#include "hcn/hcn_error.h"
#include "hcn/result.h"
#include "hcn/service.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/utf16.h"

GUID hcn_guid_to_windows(const struct guid *guid)
{
    const uint8_t *b = guid->bytes;
    GUID result = {
        .Data1 = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3],
        .Data2 = (uint16_t)(b[4] << 8 | b[5]),
        .Data3 = (uint16_t)(b[6] << 8 | b[7]),
    };
    memcpy(result.Data4, b + 8, sizeof(result.Data4));
    return result;
}

static void call_release(struct hcn_call *call)
{
    if (InterlockedDecrement(&call->owners) > 0)
        return;
    call->api->CoTaskMemFree(call->answer);
    call->api->CoTaskMemFree(call->record);
    utf16_free(&call->settings);
    handle_close(&call->done);
    free(call);
}

static void call_main(void *argument)
{
    struct hcn_call *call = argument;
    call->hr = call->exchange(call);
    SetEvent(call->done);
    call_release(call);
}

static bool call_new(const struct hcn_api *api, const struct hcn_call_spec *spec,
                     struct hcn_call **ret, struct error *err)
{
    CLEANUP(utf16_free) wchar_t *settings = NULL;
    if (spec->settings && !utf16_from_utf8(spec->settings, &settings, err))
        return false;
    CLEANUP(handle_close)
    HANDLE done = CreateEventW(NULL, /* bManualReset= */ TRUE, FALSE, NULL);
    if (!done)
        return error_win32(err, GetLastError(), "create an event");

    struct hcn_call *call = xcalloc(1, sizeof(*call));
    *call = (struct hcn_call){
        .api = api,
        .id = spec->id ? hcn_guid_to_windows(spec->id) : (GUID){0},
        .network = spec->network ? hcn_guid_to_windows(spec->network) : (GUID){0},
        .settings = TAKE(settings),
        .function = "HCN",
        .exchange = spec->exchange,
        .done = TAKE(done),
        .owners = 1,
    };
    *ret = call;
    return true;
}

/* The verdict on an exchange that has returned. */
static bool judge(const struct hcn_call *call, struct error *err)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(str_free) char *text = NULL;
    if (call->record && !utf16_to_utf8(call->record, &text, &ignored))
        error_clear(&ignored);
    /* A record that reports a failure counts even beside S_OK, as hcsshim has it. */
    CLEANUP(hcn_error_record_clear) struct hcn_error_record record = hcn_error_record_parse(text);
    HRESULT hr = call->hr;
    if (SUCCEEDED(hr) && record.is_failure)
        hr = record.code ? (HRESULT)record.code : E_FAIL;
    if (SUCCEEDED(hr))
        return true;

    uint32_t code = hresult_normalize(hr);
    if (hcn_error_find(code))
        return hcn_error_raise(err, call->function, code, text);
    error_hresult(err, hr, "%s", call->function);
    return error_detail(err, text);
}

static bool run(struct hcn_call *call, unsigned deadline_ms, char **ret_answer, struct error *err)
{
    struct os_thread thread = {0};
    call->owners = 2;
    if (!os_thread_start(&thread, call_main, call, err)) {
        call->owners = 1;
        return false;
    }
    if (WaitForSingleObject(call->done, deadline_ms) != WAIT_OBJECT_0) {
        HANDLE handle = handle_from_number(thread.handle);
        handle_close(&handle);
        /* The thread may still change what it is doing; the words must not. */
        error_set(err, ERR_OS, "the host network service did not answer within %u s",
                  deadline_ms / 1000);
        return error_hint(err,
                          "restart the service 'hns' (this cuts the network of running "
                          "containers)");
    }
    os_thread_join(&thread);
    if (!judge(call, err))
        return false;
    return !ret_answer || utf16_to_utf8(call->answer ? call->answer : L"", ret_answer, err);
}

static bool attempt(const struct hcn_api *api, const struct hcn_call_spec *spec, char **ret_answer,
                    struct error *err)
{
    struct hcn_call *call = NULL;
    if (!call_new(api, spec, &call, err))
        return false;
    bool ok = run(call, spec->deadline_ms ? spec->deadline_ms : HCN_DEADLINE_MS, ret_answer, err);
    call_release(call);
    return ok;
}

bool hcn_call_with_deadline(const struct hcn_api *api, const struct hcn_call_spec *spec,
                            char **ret_answer, struct error *err)
{
    if (attempt(api, spec, ret_answer, err))
        return true;
    if (!hcn_error_is_service_down(err))
        return false;
    CLEANUP(error_clear) struct error ignored = {0};
    if (!hcn_service_start(&ignored))
        return false;
    error_clear(err);
    return attempt(api, spec, ret_answer, err);
}
