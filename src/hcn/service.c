/* SPDX-License-Identifier: MIT */
#include "hcn/service.h"

#include "base/os.h"
#include "win32/hresult.h"
#include "win32/windows_lean.h"

#define START_WAIT_MS 30000u
#define LOOK_MS 100u

static void service_close(SC_HANDLE *service)
{
    if (*service)
        CloseServiceHandle(*service);
    *service = NULL;
}

static bool await_running(SC_HANDLE service, struct error *err)
{
    uint64_t deadline = os_monotonic_ms() + START_WAIT_MS;
    for (;;) {
        SERVICE_STATUS status = {0};
        if (!QueryServiceStatus(service, &status))
            return error_win32(err, GetLastError(), "query the service 'hns'");
        if (status.dwCurrentState == SERVICE_RUNNING)
            return true;
        if (os_monotonic_ms() >= deadline)
            return error_set(err, ERR_OS, "the service 'hns' did not start within %u s",
                             START_WAIT_MS / 1000);
        os_sleep_ms(LOOK_MS);
    }
}

bool hcn_service_start(struct error *err)
{
    CLEANUP(service_close) SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    if (!manager)
        return error_win32(err, GetLastError(), "open the service manager");
    CLEANUP(service_close)
    SC_HANDLE service = OpenServiceW(manager, L"hns", SERVICE_START | SERVICE_QUERY_STATUS);
    if (!service)
        return error_win32(err, GetLastError(), "open the service 'hns'");
    if (!StartServiceW(service, 0, NULL)) {
        DWORD code = GetLastError();
        if (code != ERROR_SERVICE_ALREADY_RUNNING)
            return error_win32(err, code, "start the service 'hns'");
    }
    return await_running(service, err);
}
