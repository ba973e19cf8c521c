/* SPDX-License-Identifier: MIT */
#include "win32/named_mutex.h"

#include "base/alloc.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/security.h"
#include "win32/utf16.h"

#define SDDL_MUTEX L"D:(A;;GA;;;SY)(A;;GA;;;BA)"

static bool open_mutex(const char *name, HANDLE *ret, struct error *err)
{
    CLEANUP(str_free) char *global_name = str_format("Global\\%s", name);
    CLEANUP(utf16_free) wchar_t *wide_name = NULL;
    CLEANUP(security_clear) struct security security = {0};
    if (!utf16_from_utf8(global_name, &wide_name, err)
        || !security_from_sddl(SDDL_MUTEX, &security, err))
        return false;
    *ret = CreateMutexW(&security.attributes, FALSE, wide_name);
    return *ret != NULL || error_win32(err, GetLastError(), "open the mutex '%s'", global_name);
}

bool named_mutex_acquire(const char *name, const struct cancel *cancel, struct named_mutex *ret,
                         struct error *err)
{
    CLEANUP(handle_close) HANDLE mutex = NULL;
    if (!open_mutex(name, &mutex, err))
        return false;

    HANDLE waited_for[] = {mutex, handle_from_number(cancel ? cancel->wakeup : 0)};
    DWORD count = waited_for[1] ? 2 : 1;
    switch (WaitForMultipleObjects(count, waited_for, FALSE, INFINITE)) {
    case WAIT_OBJECT_0:
    case WAIT_ABANDONED_0:
        *ret = (struct named_mutex){.handle = TAKE(mutex)};
        return true;
    case WAIT_OBJECT_0 + 1:
        return error_set(err, ERR_CANCELLED, "interrupted");
    default:
        return error_win32(err, GetLastError(), "wait for the mutex '%s'", name);
    }
}

void named_mutex_release(struct named_mutex *mutex)
{
    if (mutex->handle)
        ReleaseMutex(mutex->handle);
    handle_close(&mutex->handle);
}
