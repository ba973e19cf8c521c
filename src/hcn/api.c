/* SPDX-License-Identifier: MIT */
#include "hcn/api.h"

#include "win32/dll.h"

static const struct dll_symbol symbols[] = {
#define X(name) {#name, offsetof(struct hcn_api, name), DLL_REQUIRED},
    HCN_FUNCTIONS(X)
#undef X
};

static const struct dll_symbol memory_symbols[] = {
    {"CoTaskMemFree", offsetof(struct hcn_api, CoTaskMemFree), DLL_REQUIRED},
};

bool hcn_api_bind(struct hcn_api *ret, struct error *err)
{
    struct hcn_api api = {0};
    if (!dll_bind(L"computenetwork.dll", symbols, ARRAY_SIZE(symbols), &api, err)
        || !dll_bind(L"ole32.dll", memory_symbols, ARRAY_SIZE(memory_symbols), &api, err))
        return false;
    *ret = api;
    return true;
}
