/* SPDX-License-Identifier: MIT */
#include "hcn/endpoint.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "hcn/call.h"
#include "hcn/hcn_error.h"
#include "hcn/netns.h"

/* ---- exchanges ---- */

static HRESULT enumerate(struct hcn_call *call)
{
    call->function = "HcnEnumerateEndpoints";
    return call->api->HcnEnumerateEndpoints(call->settings, &call->answer, &call->record);
}

static HRESULT query(struct hcn_call *call)
{
    HCN_ENDPOINT endpoint = NULL;
    call->function = "HcnOpenEndpoint";
    HRESULT hr = call->api->HcnOpenEndpoint(&call->id, &endpoint, &call->record);
    if (FAILED(hr))
        return hr;
    call->function = "HcnQueryEndpointProperties";
    hr = call->api->HcnQueryEndpointProperties(endpoint, call->settings, &call->answer,
                                               &call->record);
    call->api->HcnCloseEndpoint(endpoint);
    return hr;
}

static HRESULT create_on(struct hcn_call *call, HCN_NETWORK network)
{
    HCN_ENDPOINT endpoint = NULL;
    call->function = "HcnCreateEndpoint";
    HRESULT hr =
        call->api->HcnCreateEndpoint(network, &call->id, call->settings, &endpoint, &call->record);
    if (FAILED(hr))
        return hr;
    call->function = "HcnQueryEndpointProperties";
    hr = call->api->HcnQueryEndpointProperties(endpoint, L"" HCN_DOCUMENT_QUERY, &call->answer,
                                               &call->record);
    call->api->HcnCloseEndpoint(endpoint);
    return hr;
}

static HRESULT create(struct hcn_call *call)
{
    HCN_NETWORK network = NULL;
    call->function = "HcnOpenNetwork";
    HRESULT hr = call->api->HcnOpenNetwork(&call->network, &network, &call->record);
    if (FAILED(hr))
        return hr;
    hr = create_on(call, network);
    call->api->HcnCloseNetwork(network);
    return hr;
}

static HRESULT modify(struct hcn_call *call)
{
    HCN_NAMESPACE name_space = NULL;
    call->function = "HcnOpenNamespace";
    HRESULT hr = call->api->HcnOpenNamespace(&call->id, &name_space, &call->record);
    if (FAILED(hr))
        return hr;
    call->function = "HcnModifyNamespace";
    hr = call->api->HcnModifyNamespace(name_space, call->settings, &call->record);
    call->api->HcnCloseNamespace(name_space);
    return hr;
}

static HRESULT delete (struct hcn_call *call)
{
    call->function = "HcnDeleteEndpoint";
    return call->api->HcnDeleteEndpoint(&call->id, &call->record);
}

/* ---- calls ---- */

char *hcn_endpoint_name(const struct guid *id)
{
    const uint8_t *b = id->bytes;
    return str_format(HCN_ENDPOINT_PREFIX "%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4],
                      b[5]);
}

bool hcn_endpoint_create(const struct hcn_api *api, const struct guid *id,
                         const struct hcn_endpoint_spec *spec, struct hcn_endpoint *ret,
                         struct error *err)
{
    CLEANUP(str_free) char *settings = NULL;
    CLEANUP(str_free) char *answer = NULL;
    if (!hcn_document_endpoint(spec, &settings, err))
        return false;
    const struct hcn_call_spec call = {
        .exchange = create, .id = id, .network = &spec->network, .settings = settings};
    return (hcn_call_with_deadline(api, &call, &answer, err)
            && hcn_endpoint_parse(answer, ret, err))
        || error_wrap(err, "create the network endpoint '%s'", spec->name);
}

bool hcn_endpoint_query(const struct hcn_api *api, const struct guid *id, struct hcn_endpoint *ret,
                        struct error *err)
{
    CLEANUP(str_free) char *answer = NULL;
    const struct hcn_call_spec call = {.exchange = query, .id = id, .settings = HCN_DOCUMENT_QUERY};
    return (hcn_call_with_deadline(api, &call, &answer, err)
            && hcn_endpoint_parse(answer, ret, err))
        || error_wrap(err, "query the network endpoint");
}

static bool request(const struct hcn_api *api, enum hcn_request kind, const struct guid *name_space,
                    const struct guid *endpoint, struct error *err)
{
    CLEANUP(str_free) char *settings = NULL;
    if (!hcn_document_modify(kind, endpoint, &settings, err))
        return false;
    const struct hcn_call_spec call = {.exchange = modify, .id = name_space, .settings = settings};
    return hcn_call_with_deadline(api, &call, NULL, err);
}

static bool is_member(const struct hcn_api *api, const struct guid *name_space,
                      const struct guid *endpoint)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(hcn_namespace_clear) struct hcn_namespace found = {0};
    if (!hcn_namespace_query(api, name_space, &found, &ignored))
        return false;
    for (size_t i = 0; i < found.endpoints.count; i++)
        if (guid_equal(&found.endpoints.ids[i], endpoint))
            return true;
    return false;
}

bool hcn_endpoint_attach(const struct hcn_api *api, const struct guid *name_space,
                         const struct guid *endpoint, struct error *err)
{
    if (request(api, HCN_ADD, name_space, endpoint, err))
        return true;
    bool said_to_be = err->code == HCN_E_ENDPOINT_ALREADY_ATTACHED
        || err->code == HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS;
    if (said_to_be && is_member(api, name_space, endpoint)) {
        error_clear(err);
        return true;
    }
    return error_wrap(err, "attach the network endpoint");
}

static bool absent_is_success(struct error *err)
{
    if (!hcn_error_is_not_found(err))
        return false;
    error_clear(err);
    return true;
}

bool hcn_endpoint_detach(const struct hcn_api *api, const struct guid *name_space,
                         const struct guid *endpoint, struct error *err)
{
    return request(api, HCN_REMOVE, name_space, endpoint, err) || absent_is_success(err)
        || error_wrap(err, "detach the network endpoint");
}

bool hcn_endpoint_delete(const struct hcn_api *api, const struct guid *id, struct error *err)
{
    const struct hcn_call_spec call = {.exchange = delete, .id = id};
    return hcn_call_with_deadline(api, &call, NULL, err) || absent_is_success(err)
        || error_wrap(err, "delete the network endpoint");
}

/* Keeps the id if the endpoint is one of ours; one that vanishes meanwhile is not. */
static bool collect(const struct hcn_api *api, const struct guid *id, struct hcn_id_list *list,
                    struct error *err)
{
    CLEANUP(hcn_endpoint_clear) struct hcn_endpoint endpoint = {0};
    if (!hcn_endpoint_query(api, id, &endpoint, err))
        return absent_is_success(err);
    if (hcn_endpoint_name_is_ours(endpoint.name))
        list->ids[list->count++] = endpoint.id;
    return true;
}

bool hcn_endpoint_list_ours(const struct hcn_api *api, struct hcn_id_list *ret, struct error *err)
{
    CLEANUP(str_free) char *answer = NULL;
    CLEANUP(hcn_id_list_clear) struct hcn_id_list all = {0};
    CLEANUP(hcn_id_list_clear) struct hcn_id_list ours = {0};
    const struct hcn_call_spec call = {.exchange = enumerate, .settings = HCN_DOCUMENT_QUERY};
    if (!hcn_call_with_deadline(api, &call, &answer, err) || !hcn_id_list_parse(answer, &all, err))
        return error_wrap(err, "list the network endpoints");
    ours.ids = xcalloc(all.count + 1, sizeof(*ours.ids));
    for (size_t i = 0; i < all.count; i++)
        if (!collect(api, &all.ids[i], &ours, err))
            return error_wrap(err, "list the network endpoints");
    *ret = TAKE(ours);
    return true;
}
