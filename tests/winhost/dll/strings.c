/* SPDX-License-Identifier: MIT */
/* strings: every result string is allocated as COM does and watched with a malloc spy, which sees
 * what is freed with CoTaskMemFree. A string that is never seen there was leaked or freed with
 * another function. */
#define COBJMACROS
#include "objects.h"

#include <objidl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GIVEN_MAX 4096

static SRWLOCK lock = SRWLOCK_INIT;
static void *given[GIVEN_MAX];
static unsigned given_count;
static bool spying;

static void forget(const void *pointer)
{
    AcquireSRWLockExclusive(&lock);
    for (unsigned i = 0; i < given_count; i++) {
        if (given[i] == pointer) {
            given[i] = given[--given_count];
            break;
        }
    }
    ReleaseSRWLockExclusive(&lock);
}

/* ---- IMallocSpy: only PreFree is of interest, the rest passes its argument on ---- */

static HRESULT WINAPI spy_query(IMallocSpy *spy, REFIID id, void **ret)
{
    (void)id;
    *ret = spy;
    return S_OK;
}
static ULONG WINAPI spy_reference(IMallocSpy *spy)
{
    (void)spy;
    return 1;
}
static SIZE_T WINAPI spy_pre_alloc(IMallocSpy *spy, SIZE_T size)
{
    (void)spy;
    return size;
}
static void *WINAPI spy_post_alloc(IMallocSpy *spy, void *memory)
{
    (void)spy;
    return memory;
}
static void *WINAPI spy_pre_free(IMallocSpy *spy, void *memory, BOOL spyed)
{
    (void)spy;
    (void)spyed;
    forget(memory);
    return memory;
}
static void WINAPI spy_post_free(IMallocSpy *spy, BOOL spyed)
{
    (void)spy;
    (void)spyed;
}
static SIZE_T WINAPI spy_pre_realloc(IMallocSpy *spy, void *memory, SIZE_T size, void **ret,
                                     BOOL spyed)
{
    (void)spy;
    (void)spyed;
    *ret = memory;
    return size;
}
static void *WINAPI spy_post_realloc(IMallocSpy *spy, void *memory, BOOL spyed)
{
    (void)spy;
    (void)spyed;
    return memory;
}
static void *WINAPI spy_pre_look(IMallocSpy *spy, void *memory, BOOL spyed)
{
    (void)spy;
    (void)spyed;
    return memory;
}
static SIZE_T WINAPI spy_post_size(IMallocSpy *spy, SIZE_T size, BOOL spyed)
{
    (void)spy;
    (void)spyed;
    return size;
}
static int WINAPI spy_post_did(IMallocSpy *spy, void *memory, BOOL spyed, int actual)
{
    (void)spy;
    (void)memory;
    (void)spyed;
    return actual;
}
static void WINAPI spy_minimize(IMallocSpy *spy)
{
    (void)spy;
}

static IMallocSpyVtbl spy_functions = {
    .QueryInterface = spy_query,
    .AddRef = spy_reference,
    .Release = spy_reference,
    .PreAlloc = spy_pre_alloc,
    .PostAlloc = spy_post_alloc,
    .PreFree = spy_pre_free,
    .PostFree = spy_post_free,
    .PreRealloc = spy_pre_realloc,
    .PostRealloc = spy_post_realloc,
    .PreGetSize = spy_pre_look,
    .PostGetSize = spy_post_size,
    .PreDidAlloc = spy_pre_look,
    .PostDidAlloc = spy_post_did,
    .PreHeapMinimize = spy_minimize,
    .PostHeapMinimize = spy_minimize,
};
static IMallocSpy spy = {&spy_functions};

/* ---- giving ---- */

/* A process has one malloc spy. The DLL that registered it watches for the other one too. */
__declspec(dllexport) void SimhostWatchString(void *text);

void SimhostWatchString(void *text)
{
    AcquireSRWLockExclusive(&lock);
    if (given_count < GIVEN_MAX)
        given[given_count++] = text;
    ReleaseSRWLockExclusive(&lock);
}

static void watch(void *text)
{
    static const WCHAR *const dlls[] = {L"vmcompute.dll", L"computenetwork.dll"};
    AcquireSRWLockExclusive(&lock);
    spying = spying || CoRegisterMallocSpy(&spy) == S_OK;
    bool ours = spying;
    ReleaseSRWLockExclusive(&lock);
    if (ours) {
        SimhostWatchString(text);
        return;
    }
    for (size_t i = 0; i < sizeof(dlls) / sizeof(dlls[0]); i++) {
        HMODULE dll = GetModuleHandleW(dlls[i]);
        void (*theirs)(void *) = NULL;
        FARPROC address = dll ? GetProcAddress(dll, "SimhostWatchString") : NULL;
        memcpy(&theirs, &address, sizeof(theirs));
        if (theirs && theirs != SimhostWatchString)
            theirs(text);
    }
}

PWSTR string_give(const char *utf8)
{
    int count = MultiByteToWideChar(CP_UTF8, 0, utf8, -1, NULL, 0);
    PWSTR text = CoTaskMemAlloc((size_t)count * sizeof(WCHAR));
    MultiByteToWideChar(CP_UTF8, 0, utf8, -1, text, count);
    watch(text);
    return text;
}

void strings_report(void)
{
    if (!TryAcquireSRWLockExclusive(&lock))
        return;
    unsigned left = given_count;
    ReleaseSRWLockExclusive(&lock);
    if (left == 0)
        return;
    char text[96];
    snprintf(text, sizeof(text), "%u returned strings were not freed with CoTaskMemFree", left);
    client_violation(text);
}

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved);

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved)
{
    (void)instance;
    (void)reserved;
    if (reason == DLL_PROCESS_DETACH)
        strings_report();
    return TRUE;
}
