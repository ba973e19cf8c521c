/* SPDX-License-Identifier: MIT */
#include "hcn/netns.h"

#include "base/alloc.h"
#include "base/os.h"
#include "hcn/call.h"
#include "hcn/document.h"
#include "hcn/hcn_error.h"

#define DELETE_RETRY_MS 5000u
#define RETRY_PAUSE_MS 100u

static HRESULT query(struct hcn_call *call)
{
    HCN_NAMESPACE name_space = NULL;
    call->function = "HcnOpenNamespace";
    HRESULT hr = call->api->HcnOpenNamespace(&call->id, &name_space, &call->record);
    if (FAILED(hr))
        return hr;
    call->function = "HcnQueryNamespaceProperties";
    hr = call->api->HcnQueryNamespaceProperties(name_space, call->settings, &call->answer,
                                                &call->record);
    call->api->HcnCloseNamespace(name_space);
    return hr;
}

static HRESULT create(struct hcn_call *call)
{
    HCN_NAMESPACE name_space = NULL;
    call->function = "HcnCreateNamespace";
    HRESULT hr =
        call->api->HcnCreateNamespace(&call->id, call->settings, &name_space, &call->record);
    if (FAILED(hr))
        return hr;
    call->function = "HcnQueryNamespaceProperties";
    hr = call->api->HcnQueryNamespaceProperties(name_space, L"" HCN_DOCUMENT_QUERY, &call->answer,
                                                &call->record);
    call->api->HcnCloseNamespace(name_space);
    return hr;
}

static HRESULT delete (struct hcn_call *call)
{
    call->function = "HcnDeleteNamespace";
    return call->api->HcnDeleteNamespace(&call->id, &call->record);
}

bool hcn_namespace_create(const struct hcn_api *api, const struct guid *id, struct guid *ret_id,
                          struct error *err)
{
    CLEANUP(str_free) char *answer = NULL;
    CLEANUP(hcn_namespace_clear) struct hcn_namespace name_space = {0};
    const struct hcn_call_spec spec = {
        .exchange = create, .id = id, .settings = HCN_DOCUMENT_NAMESPACE};
    if (!hcn_call_with_deadline(api, &spec, &answer, err)
        || !hcn_namespace_parse(answer, &name_space, err))
        return false;
    *ret_id = name_space.id;
    return true;
}

bool hcn_namespace_query(const struct hcn_api *api, const struct guid *id,
                         struct hcn_namespace *ret, struct error *err)
{
    CLEANUP(str_free) char *answer = NULL;
    const struct hcn_call_spec spec = {.exchange = query, .id = id, .settings = HCN_DOCUMENT_QUERY};
    return (hcn_call_with_deadline(api, &spec, &answer, err)
            && hcn_namespace_parse(answer, ret, err))
        || error_wrap(err, "query the network namespace");
}

static bool may_pass(const struct error *err)
{
    return err->code == HCN_E_REQUEST_UNSUPPORTED || err->code == HCN_E_ENTITY_HAS_REFERENCES;
}

bool hcn_namespace_delete(const struct hcn_api *api, const struct guid *id, struct error *err)
{
    const struct hcn_call_spec spec = {.exchange = delete, .id = id};
    uint64_t deadline = os_monotonic_ms() + DELETE_RETRY_MS;
    while (!hcn_call_with_deadline(api, &spec, NULL, err)) {
        if (hcn_error_is_not_found(err)) {
            error_clear(err);
            return true;
        }
        if (!may_pass(err) || os_monotonic_ms() >= deadline)
            return error_wrap(err, "delete the network namespace");
        error_clear(err);
        os_sleep_ms(RETRY_PAUSE_MS);
    }
    return true;
}
