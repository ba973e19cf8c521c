/* SPDX-License-Identifier: MIT */
/* dll: system DLLs bound at run time, from System32 and nowhere else.
 *
 * wrun.exe runs elevated and must start on any machine, so nothing beyond the basic DLLs is linked:
 * a missing vmcompute.dll is an ordinary error on the path that needs it. Each module keeps one
 * struct of function pointers per DLL and fills it from an X-macro:
 *
 *     static const struct dll_symbol symbols[] = {
 *     #define X(name) {#name, offsetof(struct layer_api, name), DLL_REQUIRED},
 *         LAYER_FUNCTIONS(X)
 *     #undef X
 *     };
 *     dll_bind(L"vmcompute.dll", symbols, ARRAY_SIZE(symbols), &api, err); */
#pragma once

#include "base/error.h"
#include "win32/windows_lean.h"

enum dll_presence { DLL_OPTIONAL, DLL_REQUIRED };

struct dll_symbol {
    const char *name;
    size_t offset; /* of the function pointer in the table */
    enum dll_presence presence;
};

/* First statement of wmain: DLL search in System32 only, no current directory, heap corruption ends
 * the process. */
void dll_harden_process(void);

/* Loads System32\name and stores the address of each symbol in 'table'. ERR_UNSUPPORTED names the
 * missing DLL or function and hints at the Windows feature to enable. The DLL stays loaded. */
bool dll_bind(const wchar_t *name, const struct dll_symbol *symbols, size_t count, void *table,
              struct error *err) MUST_USE;
