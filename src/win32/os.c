/* SPDX-License-Identifier: MIT */
#include "base/os.h"

#include "win32/windows_lean.h"

#include <bcrypt.h>
#include <errno.h>
#include <process.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "win32/handle.h"
#include "win32/hresult.h"
#include "win32/utf16.h"

uint64_t os_monotonic_ms(void)
{
    return GetTickCount64();
}

uint64_t os_monotonic_ns(void)
{
    static const uint64_t second = 1000000000;
    LARGE_INTEGER ticks;
    LARGE_INTEGER frequency;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&ticks);
    uint64_t per_second = (uint64_t)frequency.QuadPart;
    uint64_t now = (uint64_t)ticks.QuadPart;
    /* In two parts: the product of the whole would not fit. */
    return now / per_second * second + now % per_second * second / per_second;
}

void os_timestamp(char text[32])
{
    SYSTEMTIME now;
    GetSystemTime(&now);
    snprintf(text, 32, "%04u-%02u-%02uT%02u:%02u:%02uZ", now.wYear, now.wMonth, now.wDay, now.wHour,
             now.wMinute, now.wSecond);
}

void os_sleep_ms(unsigned milliseconds)
{
    Sleep(milliseconds);
}

bool os_random(void *data, size_t length, struct error *err)
{
    LONG status = BCryptGenRandom(NULL, data, (ULONG)length, BCRYPT_USE_SYSTEM_PREFERRED_RNG);
    return status >= 0 || error_ntstatus(err, status, "read random bytes");
}

/* The variable may grow between the question for its size and the copy, hence the loop. */
static wchar_t *read_variable(const wchar_t *name)
{
    wchar_t *value = NULL;
    for (DWORD size = 128, needed;; size = needed) {
        value = xrealloc_array(value, size, sizeof(*value));
        SetLastError(ERROR_SUCCESS);
        needed = GetEnvironmentVariableW(name, value, size);
        if (needed == 0 && GetLastError() == ERROR_ENVVAR_NOT_FOUND) {
            utf16_free(&value);
            return NULL;
        }
        if (needed < size)
            return value;
    }
}

char *os_getenv(const char *name)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(utf16_free) wchar_t *wide_name = NULL;
    if (!utf16_from_utf8(name, &wide_name, &ignored))
        return NULL;
    CLEANUP(utf16_free) wchar_t *wide = read_variable(wide_name);
    char *value = NULL;
    /* A value that is not UTF-16 means nothing to wrun: as good as not set. */
    if (wide && !utf16_to_utf8(wide, &value, &ignored))
        return NULL;
    return value;
}

uint32_t os_process_id(void)
{
    return GetCurrentProcessId();
}

unsigned os_processor_count(void)
{
    DWORD count = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    return count ? count : 1;
}

struct thread_start {
    void (*main)(void *argument);
    void *argument;
};

static unsigned __stdcall thread_entry(void *parameter)
{
    struct thread_start start = *(struct thread_start *)parameter;
    free(parameter);
    start.main(start.argument);
    return 0;
}

bool os_thread_start(struct os_thread *ret, void (*main)(void *argument), void *argument,
                     struct error *err)
{
    struct thread_start start = {.main = main, .argument = argument};
    struct thread_start *parameter = xmemdup(&start, sizeof(start));
    uintptr_t thread = _beginthreadex(NULL, 0, thread_entry, parameter, 0, NULL);
    if (!thread) {
        free(parameter);
        return error_errno(err, errno, "start a thread");
    }
    *ret = (struct os_thread){.handle = (intptr_t)thread};
    return true;
}

void os_thread_join(struct os_thread *thread)
{
    HANDLE handle = handle_from_number(thread->handle);
    if (handle)
        WaitForSingleObject(handle, INFINITE);
    handle_close(&handle);
    *thread = (struct os_thread){0};
}

bool os_semaphore_open(struct os_semaphore *ret, unsigned count, struct error *err)
{
    HANDLE semaphore = CreateSemaphoreW(NULL, (LONG)count, LONG_MAX, NULL);
    if (!semaphore)
        return error_win32(err, GetLastError(), "CreateSemaphore");
    *ret = (struct os_semaphore){.handle = (intptr_t)semaphore};
    return true;
}

void os_semaphore_wait(const struct os_semaphore *semaphore)
{
    WaitForSingleObject(handle_from_number(semaphore->handle), INFINITE);
}

void os_semaphore_post(const struct os_semaphore *semaphore)
{
    ReleaseSemaphore(handle_from_number(semaphore->handle), 1, NULL);
}

void os_semaphore_close(struct os_semaphore *semaphore)
{
    HANDLE handle = handle_from_number(semaphore->handle);
    handle_close(&handle);
    *semaphore = (struct os_semaphore){0};
}
