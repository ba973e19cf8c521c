/* SPDX-License-Identifier: MIT */
/* api: the functions of vmcompute.dll that wrun calls, as one table.
 *
 * vmcompute.dll has no public header. The signatures are those of hcsshim internal/vmcompute, the
 * types those of the SDK's computedefs.h. Another DLL (computecore.dll), or a test, can stand
 * behind the same table. Rules of the ABI: returned strings are freed with CoTaskMemFree and may
 * stay NULL, 'result' may be set on success too, and a call marked "async" may return
 * ERROR_VMCOMPUTE_OPERATION_PENDING and tell its outcome to the callback. */
#pragma once

#include "base/error.h"
#include "hcs/hcs_error.h"
#include "win32/windows_lean.h"

#include <computedefs.h>

#define HCS_FUNCTIONS(X)                                                                           \
    X(HcsEnumerateComputeSystems, PCWSTR query, PWSTR *systems, PWSTR *result)                     \
    X(HcsCreateComputeSystem, PCWSTR id, PCWSTR document, HANDLE identity, HCS_SYSTEM *system,     \
      PWSTR *result) /* async */                                                                   \
    X(HcsOpenComputeSystem, PCWSTR id, HCS_SYSTEM *system, PWSTR *result)                          \
    X(HcsCloseComputeSystem, HCS_SYSTEM system)                                                    \
    X(HcsStartComputeSystem, HCS_SYSTEM system, PCWSTR options, PWSTR *result)     /* async */     \
    X(HcsShutdownComputeSystem, HCS_SYSTEM system, PCWSTR options, PWSTR *result)  /* async */     \
    X(HcsTerminateComputeSystem, HCS_SYSTEM system, PCWSTR options, PWSTR *result) /* async */     \
    X(HcsGetComputeSystemProperties, HCS_SYSTEM system, PCWSTR query, PWSTR *properties,           \
      PWSTR *result)                                                                               \
    X(HcsRegisterComputeSystemCallback, HCS_SYSTEM system, HCS_NOTIFICATION_CALLBACK callback,     \
      void *context, HCS_CALLBACK *handle)                                                         \
    X(HcsUnregisterComputeSystemCallback, HCS_CALLBACK handle)                                     \
    X(HcsCreateProcess, HCS_SYSTEM system, PCWSTR parameters,                                      \
      HCS_PROCESS_INFORMATION *information, HCS_PROCESS *process, PWSTR *result)                   \
    X(HcsOpenProcess, HCS_SYSTEM system, DWORD id, HCS_PROCESS *process, PWSTR *result)            \
    X(HcsCloseProcess, HCS_PROCESS process)                                                        \
    X(HcsTerminateProcess, HCS_PROCESS process, PWSTR *result)                                     \
    X(HcsSignalProcess, HCS_PROCESS process, PCWSTR options, PWSTR *result)                        \
    X(HcsGetProcessProperties, HCS_PROCESS process, PWSTR *properties, PWSTR *result)              \
    X(HcsModifyProcess, HCS_PROCESS process, PCWSTR settings, PWSTR *result)                       \
    X(HcsRegisterProcessCallback, HCS_PROCESS process, HCS_NOTIFICATION_CALLBACK callback,         \
      void *context, HCS_CALLBACK *handle)                                                         \
    X(HcsUnregisterProcessCallback, HCS_CALLBACK handle)

struct hcs_api {
#define X(name, ...) HRESULT(WINAPI *name)(__VA_ARGS__);
    HCS_FUNCTIONS(X)
#undef X
    void(WINAPI *CoTaskMemFree)(void *memory); /* of ole32.dll: for every returned string */
};

/* Binds vmcompute.dll. ERR_UNSUPPORTED, with the feature to enable, where it is missing. */
bool hcs_api_bind(struct hcs_api *ret, struct error *err) MUST_USE;

/* Judges one call: true when 'hr' is success or "pending", else *err is filled in the terms of
 * hcs_error.h. Frees *result in both cases and leaves NULL. */
bool hcs_api_check(const struct hcs_api *api, enum hcs_call call, const char *function, HRESULT hr,
                   PWSTR *result, struct error *err) MUST_USE;

/* A returned string as owned UTF-8 ("" for NULL), freed with CoTaskMemFree; *text becomes NULL. */
bool hcs_api_take_text(const struct hcs_api *api, PWSTR *text, char **ret, struct error *err)
    MUST_USE;

/* 'hr' in the form of hcs_error.h. */
uint32_t hcs_api_code(HRESULT hr);
