/* SPDX-License-Identifier: MIT */
#include "hcs/api.h"

#include "base/alloc.h"
#include "win32/dll.h"
#include "win32/hresult.h"
#include "win32/utf16.h"

static const struct dll_symbol symbols[] = {
#define X(name, ...) {#name, offsetof(struct hcs_api, name), DLL_REQUIRED},
    HCS_FUNCTIONS(X)
#undef X
};

static const struct dll_symbol memory_symbols[] = {
    {"CoTaskMemFree", offsetof(struct hcs_api, CoTaskMemFree), DLL_REQUIRED},
};

bool hcs_api_bind(struct hcs_api *ret, struct error *err)
{
    struct hcs_api api = {0};
    if (!dll_bind(L"vmcompute.dll", symbols, ARRAY_SIZE(symbols), &api, err)
        || !dll_bind(L"ole32.dll", memory_symbols, ARRAY_SIZE(memory_symbols), &api, err))
        return false;
    *ret = api;
    return true;
}

uint32_t hcs_api_code(HRESULT hr)
{
    return hresult_normalize(hr);
}

bool hcs_api_take_text(const struct hcs_api *api, PWSTR *text, char **ret, struct error *err)
{
    PWSTR taken = TAKE(*text);
    bool converted = utf16_to_utf8(taken ? taken : L"", ret, err);
    api->CoTaskMemFree(taken);
    return converted;
}

bool hcs_api_check(const struct hcs_api *api, enum hcs_call call, const char *function, HRESULT hr,
                   PWSTR *result, struct error *err)
{
    /* A result that is not Unicode is no reason to lose the error it belongs to. */
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(str_free) char *document = NULL;
    if (!hcs_api_take_text(api, result, &document, &ignored))
        document = xstrdup("");

    uint32_t code = hcs_api_code(hr);
    if (SUCCEEDED(hr) || code == HCS_E_V1_PENDING)
        return true;
    if (hcs_error_find(code))
        return hcs_error_raise(err, call, function, code, document);
    error_hresult(err, hr, "%s", function);
    error_detail(err, document);
    return hcs_error_hint(err, call);
}
