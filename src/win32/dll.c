/* SPDX-License-Identifier: MIT */
#include "win32/dll.h"

#include <string.h>

#include "base/alloc.h"
#include "win32/hresult.h"
#include "win32/utf16.h"

#define FEATURE_HINT                                                                               \
    "enable the Windows feature 'Containers' (Enable-WindowsOptionalFeature -Online "              \
    "-FeatureName Containers), then reboot"

void dll_harden_process(void)
{
    /* Failure leaves the defaults of Windows, which is no reason not to start. */
    SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
    SetDllDirectoryW(L"");
    HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
}

static bool missing_function(const wchar_t *name, const char *function, struct error *err)
{
    error_set(err, ERR_UNSUPPORTED, "%ls has no function %s: this Windows is too old", name,
              function);
    return error_hint(err, "wrun needs Windows 10 1809, Windows Server 2019 or later");
}

bool dll_bind(const wchar_t *name, const struct dll_symbol *symbols, size_t count, void *table,
              struct error *err)
{
    HMODULE module = LoadLibraryExW(name, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (!module) {
        error_win32(err, GetLastError(), "load %ls", name);
        err->kind = ERR_UNSUPPORTED;
        return error_hint(err, FEATURE_HINT);
    }

    for (size_t i = 0; i < count; i++) {
        FARPROC address = GetProcAddress(module, symbols[i].name);
        if (!address && symbols[i].presence == DLL_REQUIRED)
            return missing_function(name, symbols[i].name, err);
        memcpy((char *)table + symbols[i].offset, &address, sizeof(address));
    }
    return true;
}
