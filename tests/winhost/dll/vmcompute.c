/* SPDX-License-Identifier: MIT */
/* vmcompute: the exports of vmcompute.dll (host compute service v1, container layers, HNSCall). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objects.h"

#include <objbase.h>

#include "pipes.h"

#define DLL "vmcompute"
#define OPERATION_PENDING ((HRESULT)0xC0370103)
#define EXPORT HRESULT WINAPI

/* ABI of the real DLL, which has no public header. */
struct driver_info {
    int flavour;
    PCWSTR home_dir;
};
struct layer_descriptor {
    GUID id;
    DWORD flags;
    PCWSTR path;
};
struct process_information {
    DWORD process_id;
    DWORD reserved;
    HANDLE std_input, std_output, std_error;
};
_Static_assert(sizeof(struct driver_info) == 16, "x64 ABI");
_Static_assert(sizeof(struct layer_descriptor) == 32, "x64 ABI");
_Static_assert(sizeof(struct process_information) == 32, "x64 ABI");

/* ---- helpers ---- */

static void give(const struct reply *reply, const char *name, PWSTR *ret)
{
    const char *value = reply_value(reply, name);
    if (ret && value)
        *ret = string_give(value);
}

/* Sends the request; 'response' and 'result' go to the caller's strings (either may be NULL). */
static HRESULT finish(struct request *request, PWSTR *response, PWSTR *result)
{
    struct reply reply = client_call(request);
    HRESULT hr = reply.hr;
    give(&reply, "response", response);
    give(&reply, "result", result);
    reply_clear(&reply);
    return hr;
}

/* Begins a call on a handle; false when the handle is not open. */
static bool begin_on(struct request *request, const char *function, void *handle,
                     enum object_kind kind)
{
    const struct object *object = object_of(handle, kind, function);
    if (!object)
        return false;
    request_begin(request, DLL, function);
    request_number(request, kind == OBJECT_PROCESS ? "process" : "handle", object->number);
    return true;
}

/* As above, sends, and makes a new handle from the reply. */
static HRESULT finish_handle(struct request *request, enum object_kind kind, HANDLE *ret,
                             PWSTR *result)
{
    struct reply reply = client_call(request);
    HRESULT hr = reply.hr;
    if (reply_value(&reply, "handle")) {
        *ret = object_new(kind, reply_number(&reply, "handle"));
        events_listen();
    }
    give(&reply, "result", result);
    reply_clear(&reply);
    return hr;
}

/* ---- compute systems ---- */

EXPORT HcsEnumerateComputeSystems(PCWSTR query, PWSTR *systems, PWSTR *result)
{
    struct request request;
    if (!systems)
        return E_POINTER;
    request_begin(&request, DLL, __func__);
    request_text(&request, "query", query);
    return finish(&request, systems, result);
}

EXPORT HcsCreateComputeSystem(PCWSTR id, PCWSTR document, HANDLE identity, HANDLE *system,
                              PWSTR *result)
{
    struct request request;
    if (!id || !document || !system)
        return E_INVALIDARG;
    request_begin(&request, DLL, __func__);
    request_text(&request, "id", id);
    request_number(&request, "identity", (uint64_t)(uintptr_t)identity);
    request_text(&request, "configuration", document);
    return finish_handle(&request, OBJECT_SYSTEM, system, result);
}

EXPORT HcsOpenComputeSystem(PCWSTR id, HANDLE *system, PWSTR *result)
{
    struct request request;
    if (!id || !system)
        return E_INVALIDARG;
    request_begin(&request, DLL, __func__);
    request_text(&request, "id", id);
    return finish_handle(&request, OBJECT_SYSTEM, system, result);
}

EXPORT HcsCloseComputeSystem(HANDLE system)
{
    struct request request;
    if (!begin_on(&request, __func__, system, OBJECT_SYSTEM))
        return E_HANDLE_CLOSED;
    object_close(system, OBJECT_SYSTEM, __func__);
    return finish(&request, NULL, NULL);
}

/* Six functions of one shape. */
#define SYSTEM_OPERATION(name)                                                                     \
    EXPORT name(HANDLE system, PCWSTR options, PWSTR *result)                                      \
    {                                                                                              \
        struct request request;                                                                    \
        if (!begin_on(&request, #name, system, OBJECT_SYSTEM))                                     \
            return E_HANDLE_CLOSED;                                                                \
        request_text(&request, "options", options);                                                \
        return finish(&request, NULL, result);                                                     \
    }
SYSTEM_OPERATION(HcsStartComputeSystem)
SYSTEM_OPERATION(HcsShutdownComputeSystem)
SYSTEM_OPERATION(HcsTerminateComputeSystem)
SYSTEM_OPERATION(HcsPauseComputeSystem)
SYSTEM_OPERATION(HcsResumeComputeSystem)
SYSTEM_OPERATION(HcsSaveComputeSystem)

EXPORT HcsGetComputeSystemProperties(HANDLE system, PCWSTR query, PWSTR *properties, PWSTR *result)
{
    struct request request;
    if (!properties)
        return E_POINTER;
    if (!begin_on(&request, __func__, system, OBJECT_SYSTEM))
        return E_HANDLE_CLOSED;
    request_text(&request, "propertyQuery", query);
    return finish(&request, properties, result);
}

EXPORT HcsModifyComputeSystem(HANDLE system, PCWSTR settings, PWSTR *result)
{
    struct request request;
    if (!begin_on(&request, __func__, system, OBJECT_SYSTEM))
        return E_HANDLE_CLOSED;
    request_text(&request, "configuration", settings);
    return finish(&request, NULL, result);
}

/* ---- callbacks ---- */

static HRESULT register_callback(const char *function, HANDLE handle, enum object_kind kind,
                                 notification callback, void *context, HANDLE *ret)
{
    struct request request;
    if (!callback || !ret)
        return E_INVALIDARG;
    if (!begin_on(&request, function, handle, kind))
        return E_HANDLE_CLOSED;
    HRESULT hr = finish(&request, NULL, NULL);
    if (FAILED(hr))
        return hr;
    struct object *registration = object_new(OBJECT_CALLBACK, 0);
    registration->target = handle;
    events_register(handle, callback, context);
    *ret = registration;
    return S_OK;
}

static HRESULT unregister_callback(const char *function, HANDLE handle, enum object_kind kind)
{
    struct request request;
    struct object *registration = object_of(handle, OBJECT_CALLBACK, function);
    if (!registration || !object_is(registration->target, kind, function))
        return E_HANDLE_CLOSED;
    request_begin(&request, DLL, function);
    request_number(&request, "callback", registration->target->number);
    HRESULT hr = finish(&request, NULL, NULL);
    object_close(handle, OBJECT_CALLBACK, function);
    events_register(registration->target, NULL, NULL);
    return hr;
}

EXPORT HcsRegisterComputeSystemCallback(HANDLE system, notification callback, void *context,
                                        HANDLE *ret)
{
    return register_callback(__func__, system, OBJECT_SYSTEM, callback, context, ret);
}

EXPORT HcsUnregisterComputeSystemCallback(HANDLE callback)
{
    return unregister_callback(__func__, callback, OBJECT_SYSTEM);
}

EXPORT HcsRegisterProcessCallback(HANDLE process, notification callback, void *context, HANDLE *ret)
{
    return register_callback(__func__, process, OBJECT_PROCESS, callback, context, ret);
}

EXPORT HcsUnregisterProcessCallback(HANDLE callback)
{
    return unregister_callback(__func__, callback, OBJECT_PROCESS);
}

/* ---- processes ---- */

static HANDLE open_stream(const struct reply *reply, const char *name, enum pipe_stream stream)
{
    const char *wanted = reply_value(reply, name);
    const char *token = reply_value(reply, "attach");
    return wanted && *wanted == '1' && token ? pipe_open(stream, token) : NULL;
}

EXPORT HcsCreateProcess(HANDLE system, PCWSTR parameters, struct process_information *information,
                        HANDLE *process, PWSTR *result)
{
    struct request request;
    if (!parameters || !information || !process)
        return E_INVALIDARG;
    if (!begin_on(&request, __func__, system, OBJECT_SYSTEM))
        return E_HANDLE_CLOSED;
    request_text(&request, "processParameters", parameters);
    struct reply reply = client_call(&request);
    HRESULT hr = reply.hr;
    if (SUCCEEDED(hr)) {
        *process = object_new(OBJECT_PROCESS, reply_number(&reply, "handle"));
        *information = (struct process_information){
            .process_id = (DWORD)reply_number(&reply, "pid"),
            .std_input = open_stream(&reply, "stdin", PIPE_INPUT),
            .std_output = open_stream(&reply, "stdout", PIPE_OUTPUT),
            .std_error = open_stream(&reply, "stderr", PIPE_ERROR),
        };
    }
    give(&reply, "result", result);
    reply_clear(&reply);
    return hr;
}

EXPORT HcsOpenProcess(HANDLE system, DWORD pid, HANDLE *process, PWSTR *result)
{
    struct request request;
    if (!process)
        return E_POINTER;
    if (!begin_on(&request, __func__, system, OBJECT_SYSTEM))
        return E_HANDLE_CLOSED;
    request_number(&request, "pid", pid);
    return finish_handle(&request, OBJECT_PROCESS, process, result);
}

EXPORT HcsCloseProcess(HANDLE process)
{
    struct request request;
    const struct object *object = object_of(process, OBJECT_PROCESS, __func__);
    if (!object)
        return E_HANDLE_CLOSED;
    request_begin(&request, DLL, __func__);
    request_number(&request, "handle", object->number);
    object_close(process, OBJECT_PROCESS, __func__);
    return finish(&request, NULL, NULL);
}

EXPORT HcsTerminateProcess(HANDLE process, PWSTR *result)
{
    struct request request;
    if (!begin_on(&request, __func__, process, OBJECT_PROCESS))
        return E_HANDLE_CLOSED;
    return finish(&request, NULL, result);
}

EXPORT HcsSignalProcess(HANDLE process, PCWSTR options, PWSTR *result)
{
    struct request request;
    if (!begin_on(&request, __func__, process, OBJECT_PROCESS))
        return E_HANDLE_CLOSED;
    request_text(&request, "options", options);
    return finish(&request, NULL, result);
}

EXPORT HcsGetProcessInfo(HANDLE process, struct process_information *information, PWSTR *result)
{
    struct request request;
    if (!information)
        return E_POINTER;
    if (!begin_on(&request, __func__, process, OBJECT_PROCESS))
        return E_HANDLE_CLOSED;
    struct reply reply = client_call(&request);
    HRESULT hr = reply.hr;
    *information = (struct process_information){.process_id = (DWORD)reply_number(&reply, "pid")};
    give(&reply, "result", result);
    reply_clear(&reply);
    return hr;
}

EXPORT HcsGetProcessProperties(HANDLE process, PWSTR *properties, PWSTR *result)
{
    struct request request;
    if (!properties)
        return E_POINTER;
    if (!begin_on(&request, __func__, process, OBJECT_PROCESS))
        return E_HANDLE_CLOSED;
    return finish(&request, properties, result);
}

EXPORT HcsModifyProcess(HANDLE process, PCWSTR settings, PWSTR *result)
{
    struct request request;
    if (!begin_on(&request, __func__, process, OBJECT_PROCESS))
        return E_HANDLE_CLOSED;
    request_text(&request, "settings", settings);
    return finish(&request, NULL, result);
}

/* ---- service ---- */

EXPORT HcsGetServiceProperties(PCWSTR query, PWSTR *properties, PWSTR *result)
{
    struct request request;
    if (!properties)
        return E_POINTER;
    request_begin(&request, DLL, __func__);
    request_text(&request, "query", query);
    return finish(&request, properties, result);
}

EXPORT HcsModifyServiceSettings(PCWSTR settings, PWSTR *result)
{
    struct request request;
    request_begin(&request, DLL, __func__);
    request_text(&request, "settings", settings);
    return finish(&request, NULL, result);
}

EXPORT HNSCall(PCWSTR method, PCWSTR path, PCWSTR object, PWSTR *response)
{
    struct request request;
    if (!method || !path || !response)
        return E_INVALIDARG;
    request_begin(&request, DLL, __func__);
    request_text(&request, "method", method);
    request_text(&request, "path", path);
    request_text(&request, "object", object);
    return finish(&request, response, NULL);
}

/* ---- layers ---- */

static void put_driver(struct request *request, const struct driver_info *info)
{
    (void)*(
        volatile const WCHAR *)info->home_dir; /* the real one reads it unchecked, and crashes */
    request_number(request, "driverInfo.Flavour", (uint64_t)info->flavour);
    request_text(request, "driverInfo.HomeDir", info->home_dir);
}

/* A path as the inside of a JSON string. */
static void escape(const char *text, char *ret, size_t size)
{
    size_t length = 0;
    for (; *text && length + 3 < size; text++) {
        if (*text == '\\' || *text == '"')
            ret[length++] = '\\';
        ret[length++] = *text;
    }
    ret[length] = 0;
}

static void put_descriptors(struct request *request, const struct layer_descriptor *layers,
                            size_t count)
{
    enum { ITEM_MAX = 4096 };
    char *text = calloc(count + 1, ITEM_MAX);
    size_t at = (size_t)sprintf(text, "[");
    for (size_t i = 0; i < count; i++) {
        static const char format[] =
            "%s{\"LayerId\":\"%08lx-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x\","
            "\"Flags\":%lu,\"Path\":\"%s\"}";
        const GUID *g = &layers[i].id;
        char path[ITEM_MAX / 2];
        char *utf8 = utf8_from_wide(layers[i].path ? layers[i].path : L"");
        escape(utf8, path, sizeof(path));
        free(utf8);
        at += (size_t)sprintf(text + at, format, i ? "," : "", (unsigned long)g->Data1, g->Data2,
                              g->Data3, g->Data4[0], g->Data4[1], g->Data4[2], g->Data4[3],
                              g->Data4[4], g->Data4[5], g->Data4[6], g->Data4[7],
                              (unsigned long)layers[i].flags, path);
    }
    sprintf(text + at, "]");
    request_utf8(request, "descriptors", text);
    free(text);
}

static bool begin_layer(struct request *request, const char *function,
                        const struct driver_info *info, PCWSTR id)
{
    if (!info || !id)
        return false;
    request_begin(request, DLL, function);
    put_driver(request, info);
    request_text(request, "id", id);
    return true;
}

#define LAYER_OPERATION(name)                                                                      \
    EXPORT name(const struct driver_info *info, PCWSTR id)                                         \
    {                                                                                              \
        struct request request;                                                                    \
        if (!begin_layer(&request, #name, info, id))                                               \
            return E_INVALIDARG;                                                                   \
        return finish(&request, NULL, NULL);                                                       \
    }
LAYER_OPERATION(ActivateLayer)
LAYER_OPERATION(DeactivateLayer)
LAYER_OPERATION(UnprepareLayer)
LAYER_OPERATION(DestroyLayer)

/* With a second path or none, and descriptors. */
static HRESULT layer_chain_call(const char *function, const struct driver_info *info, PCWSTR id,
                                const char *path_name, PCWSTR path,
                                const struct layer_descriptor *layers, size_t count)
{
    struct request request;
    if (!begin_layer(&request, function, info, id) || (count > 0 && !layers))
        return E_INVALIDARG;
    if (path_name)
        request_text(&request, path_name, path);
    put_descriptors(&request, layers, count);
    return finish(&request, NULL, NULL);
}

EXPORT PrepareLayer(const struct driver_info *info, PCWSTR id,
                    const struct layer_descriptor *layers, SIZE_T count)
{
    return layer_chain_call(__func__, info, id, NULL, NULL, layers, count);
}

EXPORT CreateSandboxLayer(const struct driver_info *info, PCWSTR id, PCWSTR parent,
                          const struct layer_descriptor *layers, SIZE_T count)
{
    return layer_chain_call(__func__, info, id, "parent", parent, layers, count);
}

EXPORT ImportLayer(const struct driver_info *info, PCWSTR id, PCWSTR path,
                   const struct layer_descriptor *layers, SIZE_T count)
{
    return layer_chain_call(__func__, info, id, "path", path, layers, count);
}

EXPORT ExportLayer(const struct driver_info *info, PCWSTR id, PCWSTR path,
                   const struct layer_descriptor *layers, SIZE_T count)
{
    return layer_chain_call(__func__, info, id, "path", path, layers, count);
}

EXPORT ExpandSandboxSize(const struct driver_info *info, PCWSTR id, UINT64 size)
{
    struct request request;
    if (!begin_layer(&request, __func__, info, id))
        return E_INVALIDARG;
    request_number(&request, "size", size);
    return finish(&request, NULL, NULL);
}

EXPORT LayerExists(const struct driver_info *info, PCWSTR id, UINT32 *exists)
{
    struct request request;
    if (!exists || !begin_layer(&request, __func__, info, id))
        return E_INVALIDARG;
    struct reply reply = client_call(&request);
    HRESULT hr = reply.hr;
    *exists = (UINT32)reply_number(&reply, "exists");
    reply_clear(&reply);
    return hr;
}

EXPORT GetLayerMountPath(const struct driver_info *info, PCWSTR id, SIZE_T *length, PWSTR buffer)
{
    struct request request;
    if (!length || !begin_layer(&request, __func__, info, id))
        return E_INVALIDARG;
    request_number(&request, "length(in)", *length);
    struct reply reply = client_call(&request);
    HRESULT hr = reply.hr;
    const char *mount = reply_value(&reply, "mount");
    if (SUCCEEDED(hr)) {
        SIZE_T needed = mount && *mount ? strlen(mount) + 1 : 0;
        if (buffer && *length < needed)
            hr = HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
        else if (buffer)
            MultiByteToWideChar(CP_UTF8, 0, mount, -1, buffer, (int)*length);
        *length = needed;
    }
    reply_clear(&reply);
    return hr;
}

EXPORT NameToGuid(PCWSTR name, GUID *ret)
{
    struct request request;
    if (!name || !ret)
        return E_INVALIDARG;
    request_begin(&request, DLL, __func__);
    request_text(&request, "name", name);
    struct reply reply = client_call(&request);
    HRESULT hr = reply.hr;
    const char *text = reply_value(&reply, "guid");
    if (SUCCEEDED(hr) && text) {
        WCHAR braced[40];
        _snwprintf(braced, 40, L"{%hs}", text);
        CLSIDFromString(braced, ret);
    }
    reply_clear(&reply);
    return hr;
}

static HRESULT path_call(const char *function, PCWSTR path)
{
    struct request request;
    if (!path)
        return E_INVALIDARG;
    request_begin(&request, DLL, function);
    request_text(&request, "path", path);
    return finish(&request, NULL, NULL);
}

EXPORT ProcessBaseImage(PCWSTR path)
{
    return path_call(__func__, path);
}

EXPORT ProcessUtilityImage(PCWSTR path)
{
    return path_call(__func__, path);
}

EXPORT GrantVmAccess(PCWSTR vm, PCWSTR file)
{
    struct request request;
    if (!vm || !file)
        return E_INVALIDARG;
    request_begin(&request, DLL, __func__);
    request_text(&request, "vmid", vm);
    request_text(&request, "path", file);
    return finish(&request, NULL, NULL);
}
