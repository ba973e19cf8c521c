/* SPDX-License-Identifier: MIT */
/* computenetwork: the exports of computenetwork.dll. Three kinds of objects with the same nine
 * functions each, hence the macros; the prototypes are those of the SDK's computenetwork.h. */
#include <string.h>

#include "objects.h"

#define DLL "computenetwork"
#define EXPORT HRESULT WINAPI

static HRESULT finish(struct request *request, PWSTR *response, PWSTR *record)
{
    struct reply reply = client_call(request);
    HRESULT hr = reply.hr;
    const char *text = reply_value(&reply, "response");
    if (response && text)
        *response = string_give(text);
    text = reply_value(&reply, "result");
    if (record && text)
        *record = string_give(text);
    reply_clear(&reply);
    return hr;
}

static HRESULT enumerate(const char *function, PCWSTR query, PWSTR *ret, PWSTR *record)
{
    struct request request;
    if (!ret)
        return E_POINTER;
    request_begin(&request, DLL, function);
    request_text(&request, "query", query);
    return finish(&request, ret, record);
}

/* Sends and makes a handle, when the caller wants one. */
static HRESULT finish_handle(struct request *request, enum object_kind kind, void **ret,
                             PWSTR *record)
{
    struct reply reply = client_call(request);
    HRESULT hr = reply.hr;
    const char *text = reply_value(&reply, "result");
    if (ret && reply_value(&reply, "handle"))
        *ret = object_new(kind, reply_number(&reply, "handle"));
    if (record && text)
        *record = string_give(text);
    reply_clear(&reply);
    return hr;
}

static HRESULT open_or_create(const char *function, enum object_kind kind, const GUID *id,
                              PCWSTR settings, void **ret, PWSTR *record)
{
    struct request request;
    bool creates = strncmp(function, "HcnCreate", 9) == 0;
    if (!id || !ret || (creates && !settings))
        return E_INVALIDARG;
    request_begin(&request, DLL, function);
    request_guid(&request, "id", id);
    if (creates)
        request_text(&request, "settings", settings);
    return finish_handle(&request, kind, ret, record);
}

static HRESULT on_object(const char *function, enum object_kind kind, void *handle,
                         const char *name, PCWSTR text, PWSTR *response, PWSTR *record)
{
    struct request request;
    const struct object *object = object_of(handle, kind, function);
    if (!object)
        return E_HANDLE_CLOSED;
    request_begin(&request, DLL, function);
    request_number(&request, "object", object->number);
    if (name)
        request_text(&request, name, text);
    return finish(&request, response, record);
}

static HRESULT close_object(const char *function, enum object_kind kind, void *handle)
{
    struct request request;
    const struct object *object = object_of(handle, kind, function);
    if (!object)
        return E_HANDLE_CLOSED;
    request_begin(&request, DLL, function);
    request_number(&request, "object", object->number);
    object_close(handle, kind, function);
    return finish(&request, NULL, NULL);
}

static HRESULT delete_object(const char *function, const GUID *id, PWSTR *record)
{
    struct request request;
    if (!id)
        return E_INVALIDARG;
    request_begin(&request, DLL, function);
    request_guid(&request, "id", id);
    return finish(&request, NULL, record);
}

#define OBJECT_FUNCTIONS(Name, Plural, KIND)                                                       \
    EXPORT HcnEnumerate##Plural(PCWSTR query, PWSTR *ret, PWSTR *record)                           \
    {                                                                                              \
        return enumerate(__func__, query, ret, record);                                            \
    }                                                                                              \
    EXPORT HcnOpen##Name(const GUID *id, void **ret, PWSTR *record)                                \
    {                                                                                              \
        return open_or_create(__func__, KIND, id, NULL, ret, record);                              \
    }                                                                                              \
    EXPORT HcnModify##Name(void *handle, PCWSTR settings, PWSTR *record)                           \
    {                                                                                              \
        return on_object(__func__, KIND, handle, "settings", settings, NULL, record);              \
    }                                                                                              \
    EXPORT HcnQuery##Name##Properties(void *handle, PCWSTR query, PWSTR *ret, PWSTR *record)       \
    {                                                                                              \
        return ret ? on_object(__func__, KIND, handle, "query", query, ret, record) : E_POINTER;   \
    }                                                                                              \
    EXPORT HcnDelete##Name(const GUID *id, PWSTR *record)                                          \
    {                                                                                              \
        return delete_object(__func__, id, record);                                                \
    }                                                                                              \
    EXPORT HcnClose##Name(void *handle)                                                            \
    {                                                                                              \
        return close_object(__func__, KIND, handle);                                               \
    }

OBJECT_FUNCTIONS(Network, Networks, OBJECT_NETWORK)
OBJECT_FUNCTIONS(Namespace, Namespaces, OBJECT_NAMESPACE)
OBJECT_FUNCTIONS(Endpoint, Endpoints, OBJECT_ENDPOINT)

EXPORT HcnCreateNetwork(const GUID *id, PCWSTR settings, void **ret, PWSTR *record)
{
    return open_or_create(__func__, OBJECT_NETWORK, id, settings, ret, record);
}

EXPORT HcnCreateNamespace(const GUID *id, PCWSTR settings, void **ret, PWSTR *record)
{
    return open_or_create(__func__, OBJECT_NAMESPACE, id, settings, ret, record);
}

EXPORT HcnCreateEndpoint(void *network, const GUID *id, PCWSTR settings, void **ret, PWSTR *record)
{
    struct request request;
    if (!network || !id || !settings || !ret)
        return E_INVALIDARG;
    const struct object *object = object_of(network, OBJECT_NETWORK, __func__);
    if (!object)
        return E_HANDLE_CLOSED;
    request_begin(&request, DLL, __func__);
    request_number(&request, "network", object->number);
    request_guid(&request, "id", id);
    request_text(&request, "settings", settings);
    return finish_handle(&request, OBJECT_ENDPOINT, ret, record);
}
