/* SPDX-License-Identifier: MIT */
/* The HCN calls against a small host network service of the test's own. */
#include <wchar.h>

#include "base/os.h"
#include "base/text.h"
#include "check.h"
#include "hcn/api.h"
#include "hcn/call.h"
#include "hcn/endpoint.h"
#include "hcn/hcn_error.h"
#include "hcn/netns.h"
#include "hcn/network.h"
#include "win32/utf16.h"

#define OBJECTS 8
#define NOT_FOUND ((HRESULT)0x80070490)

struct object {
    GUID id;
    wchar_t *properties; /* what a query answers; NULL = a free place */
    LONG open;
};

struct failure {
    const char *function;
    HRESULT hr;
    unsigned times;
};

static struct {
    struct object objects[OBJECTS];
    struct failure failures[4];
    const wchar_t *record;  /* of a failing call */
    const wchar_t *listing; /* of an enumeration; NULL = all objects */
    HANDLE hang;            /* HcnDeleteEndpoint waits for it; NULL = does not */
    LONG strings;
    LONG open;
    CRITICAL_SECTION lock;
    char log[8192];
} hns;

static void note(const char *function, const GUID *id)
{
    size_t used = strlen(hns.log);
    snprintf(hns.log + used, sizeof(hns.log) - used, id ? "%s(%02x) " : "%s ", function,
             id ? (unsigned)(id->Data1 & 0xFF) : 0);
}

static PWSTR new_text(const wchar_t *text)
{
    InterlockedIncrement(&hns.strings);
    return _wcsdup(text);
}

static void WINAPI free_text(void *memory)
{
    if (memory)
        InterlockedDecrement(&hns.strings);
    free(memory);
}

static HRESULT enter(const char *function, const GUID *id, PWSTR *record)
{
    EnterCriticalSection(&hns.lock);
    note(function, id);
    HRESULT hr = S_OK;
    for (size_t i = 0; i < ARRAY_SIZE(hns.failures); i++) {
        struct failure *failure = &hns.failures[i];
        if (failure->times > 0 && str_equal(failure->function, function)) {
            failure->times--;
            hr = failure->hr;
            break;
        }
    }
    LeaveCriticalSection(&hns.lock);
    if (FAILED(hr) && hns.record)
        *record = new_text(hns.record);
    return hr;
}

static struct object *find(const GUID *id)
{
    for (size_t i = 0; i < OBJECTS; i++)
        if (hns.objects[i].properties && memcmp(&hns.objects[i].id, id, sizeof(*id)) == 0)
            return &hns.objects[i];
    return NULL;
}

static struct object *add(const GUID *id, const wchar_t *properties)
{
    for (size_t i = 0; i < OBJECTS; i++)
        if (!hns.objects[i].properties) {
            hns.objects[i] = (struct object){.id = *id, .properties = _wcsdup(properties)};
            return &hns.objects[i];
        }
    fail_msg("too many objects");
    return NULL;
}

static void id_text(const GUID *id, wchar_t text[40])
{
    swprintf(text, 40, L"%08lX-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X", id->Data1, id->Data2,
             id->Data3, id->Data4[0], id->Data4[1], id->Data4[2], id->Data4[3], id->Data4[4],
             id->Data4[5], id->Data4[6], id->Data4[7]);
}

/* ---- the API ---- */

static HRESULT enumerate(const char *function, PCWSTR query, PWSTR *answer, PWSTR *record)
{
    HRESULT hr = enter(function, NULL, record);
    assert_non_null(wcsstr(query, L"\"SchemaVersion\":{\"Major\":2,\"Minor\":0}"));
    if (FAILED(hr))
        return hr;
    if (hns.listing) {
        *answer = new_text(hns.listing);
        return S_OK;
    }
    wchar_t text[1024] = L"[";
    for (size_t i = 0; i < OBJECTS; i++) {
        wchar_t id[40];
        if (!hns.objects[i].properties)
            continue;
        id_text(&hns.objects[i].id, id);
        swprintf(text + wcslen(text), ARRAY_SIZE(text) - wcslen(text), L"%ls\"%ls\"",
                 text[1] ? L"," : L"", id);
    }
    wcscat(text, L"]");
    *answer = new_text(text);
    return S_OK;
}

static HRESULT open_object(const char *function, const GUID *id, void **object, PWSTR *record)
{
    HRESULT hr = enter(function, id, record);
    if (FAILED(hr))
        return hr;
    *object = find(id);
    if (!*object)
        return NOT_FOUND;
    InterlockedIncrement(&hns.open);
    return S_OK;
}

static HRESULT create_object(const char *function, const GUID *id, PCWSTR settings, void **object,
                             PWSTR *record)
{
    HRESULT hr = enter(function, id, record);
    if (FAILED(hr))
        return hr;
    /* The settings come back as the properties, with the id in upper case. */
    wchar_t text[1024];
    wchar_t guid[40];
    id_text(id, guid);
    swprintf(text, ARRAY_SIZE(text), L"{\"ID\":\"%ls\",%ls", guid, settings + 1);
    *object = add(id, text);
    InterlockedIncrement(&hns.open);
    return S_OK;
}

static HRESULT query_object(const char *function, void *object, PCWSTR query, PWSTR *answer,
                            PWSTR *record)
{
    HRESULT hr = enter(function, NULL, record);
    assert_int_equal(wcscmp(query, L"{\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}"), 0);
    if (SUCCEEDED(hr))
        *answer = new_text(((struct object *)object)->properties);
    return hr;
}

static HRESULT delete_object(const char *function, const GUID *id, PWSTR *record)
{
    HRESULT hr = enter(function, id, record);
    if (FAILED(hr))
        return hr;
    struct object *object = find(id);
    if (!object)
        return NOT_FOUND;
    free(object->properties);
    object->properties = NULL;
    return S_OK;
}

static HRESULT WINAPI close_object(void *object)
{
    assert_non_null(object);
    InterlockedDecrement(&hns.open);
    return S_OK;
}

static HRESULT WINAPI enumerate_networks(PCWSTR query, PWSTR *answer, PWSTR *record)
{
    return enumerate("EnumerateNetworks", query, answer, record);
}

static HRESULT WINAPI create_network(REFGUID id, PCWSTR settings, HCN_NETWORK *network,
                                     PWSTR *record)
{
    return create_object("CreateNetwork", id, settings, network, record);
}

static HRESULT WINAPI open_network(REFGUID id, HCN_NETWORK *network, PWSTR *record)
{
    return open_object("OpenNetwork", id, network, record);
}

static HRESULT WINAPI query_network(HCN_NETWORK network, PCWSTR query, PWSTR *answer, PWSTR *record)
{
    return query_object("QueryNetwork", network, query, answer, record);
}

static HRESULT WINAPI enumerate_namespaces(PCWSTR query, PWSTR *answer, PWSTR *record)
{
    return enumerate("EnumerateNamespaces", query, answer, record);
}

static HRESULT WINAPI create_namespace(REFGUID id, PCWSTR settings, HCN_NAMESPACE *name_space,
                                       PWSTR *record)
{
    return create_object("CreateNamespace", id, settings, name_space, record);
}

static HRESULT WINAPI open_namespace(REFGUID id, HCN_NAMESPACE *name_space, PWSTR *record)
{
    return open_object("OpenNamespace", id, name_space, record);
}

static HRESULT WINAPI modify_namespace(HCN_NAMESPACE name_space, PCWSTR settings, PWSTR *record)
{
    assert_non_null(name_space);
    return enter(wcsstr(settings, L"\"RequestType\":\"Add\"") ? "Attach" : "Detach", NULL, record);
}

static HRESULT WINAPI query_namespace(HCN_NAMESPACE name_space, PCWSTR query, PWSTR *answer,
                                      PWSTR *record)
{
    return query_object("QueryNamespace", name_space, query, answer, record);
}

static HRESULT WINAPI delete_namespace(REFGUID id, PWSTR *record)
{
    return delete_object("DeleteNamespace", id, record);
}

static HRESULT WINAPI enumerate_endpoints(PCWSTR query, PWSTR *answer, PWSTR *record)
{
    return enumerate("EnumerateEndpoints", query, answer, record);
}

static HRESULT WINAPI create_endpoint(HCN_NETWORK network, REFGUID id, PCWSTR settings,
                                      HCN_ENDPOINT *endpoint, PWSTR *record)
{
    assert_non_null(network);
    return create_object("CreateEndpoint", id, settings, endpoint, record);
}

static HRESULT WINAPI open_endpoint(REFGUID id, HCN_ENDPOINT *endpoint, PWSTR *record)
{
    return open_object("OpenEndpoint", id, endpoint, record);
}

static HRESULT WINAPI query_endpoint(HCN_ENDPOINT endpoint, PCWSTR query, PWSTR *answer,
                                     PWSTR *record)
{
    return query_object("QueryEndpoint", endpoint, query, answer, record);
}

static HRESULT WINAPI delete_endpoint(REFGUID id, PWSTR *record)
{
    if (hns.hang)
        WaitForSingleObject(hns.hang, INFINITE);
    return delete_object("DeleteEndpoint", id, record);
}

static const struct hcn_api api = {
    .HcnEnumerateNetworks = enumerate_networks,
    .HcnCreateNetwork = create_network,
    .HcnOpenNetwork = open_network,
    .HcnQueryNetworkProperties = query_network,
    .HcnCloseNetwork = close_object,
    .HcnEnumerateNamespaces = enumerate_namespaces,
    .HcnCreateNamespace = create_namespace,
    .HcnOpenNamespace = open_namespace,
    .HcnModifyNamespace = modify_namespace,
    .HcnQueryNamespaceProperties = query_namespace,
    .HcnDeleteNamespace = delete_namespace,
    .HcnCloseNamespace = close_object,
    .HcnEnumerateEndpoints = enumerate_endpoints,
    .HcnCreateEndpoint = create_endpoint,
    .HcnOpenEndpoint = open_endpoint,
    .HcnQueryEndpointProperties = query_endpoint,
    .HcnDeleteEndpoint = delete_endpoint,
    .HcnCloseEndpoint = close_object,
    .CoTaskMemFree = free_text,
};

/* ---- around each test ---- */

static int set_up(void **state)
{
    (void)state;
    memset(&hns, 0, sizeof(hns));
    InitializeCriticalSection(&hns.lock);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(hns.strings, 0);
    assert_int_equal(hns.open, 0);
    for (size_t i = 0; i < OBJECTS; i++)
        free(hns.objects[i].properties);
    DeleteCriticalSection(&hns.lock);
    return 0;
}

#define hcn_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* xx000000-0000-0000-0000-000000000000: Data1 of the Windows form ends in 'number' as logged. */
static struct guid guid_of(uint8_t number)
{
    return (struct guid){{1, 0, 0, number}};
}

static void add_network(uint8_t number, const wchar_t *name, const wchar_t *more)
{
    struct guid guid = guid_of(number);
    GUID id = hcn_guid_to_windows(&guid);
    wchar_t text[256];
    wchar_t id_string[40];
    id_text(&id, id_string);
    swprintf(text, ARRAY_SIZE(text), L"{\"ID\":\"%ls\",\"Name\":\"%ls\"%ls}", id_string, name,
             more);
    add(&id, text);
}

static void fail_at(const char *function, uint32_t hr, unsigned times)
{
    for (size_t i = 0; i < ARRAY_SIZE(hns.failures); i++)
        if (hns.failures[i].times == 0) {
            hns.failures[i] = (struct failure){function, (HRESULT)hr, times};
            return;
        }
    fail_msg("too many failures");
}

static unsigned times_called(const char *function)
{
    unsigned count = 0;
    for (const char *at = hns.log; (at = strstr(at, function)) != NULL; at++)
        count++;
    return count;
}

TEST(turns_guids_into_windows_order)
{
    struct error err = {0};
    struct guid guid;
    assert_ok(guid_parse("00112233-4455-6677-8899-aabbccddeeff", &guid, &err));
    GUID id = hcn_guid_to_windows(&guid);
    assert_int_equal(id.Data1, 0x00112233);
    assert_int_equal(id.Data2, 0x4455);
    assert_int_equal(id.Data3, 0x6677);
    assert_int_equal(id.Data4[0], 0x88);
    assert_int_equal(id.Data4[7], 0xFF);
}

/* ---- networks ---- */

static void expect_network(const char *wanted, uint8_t number, const char *name)
{
    struct error err = {0};
    struct guid id = {0};
    CLEANUP(str_free) char *found = NULL;
    assert_ok(hcn_network_find_or_create_nat(&api, wanted, &id, &found, &err));
    struct guid expected = guid_of(number);
    assert_true(guid_equal(&id, &expected));
    assert_string_equal(found, name);
}

TEST(prefers_the_network_called_nat)
{
    add_network(1, L"Default Switch", L",\"Type\":\"ICS\"");
    add_network(2, L"another", L"");
    add_network(3, L"NAT", L",\"Type\":\"nat\"");
    add_network(4, L"nat", L",\"Type\":\"Transparent\"");
    expect_network(NULL, 3, "NAT");
    assert_int_equal(times_called("CreateNetwork"), 0);
}

TEST(takes_the_first_nat_network_there_is)
{
    add_network(1, L"Default Switch", L",\"Type\":\"ICS\"");
    add_network(2, L"zebra", L",\"Type\":\"NAT\"");
    add_network(3, L"Apple", L"");
    add_network(4, L"aardvark", L",\"Type\":\"L2Bridge\"");
    expect_network(NULL, 3, "Apple");
}

TEST(finds_the_network_asked_for)
{
    add_network(1, L"nat", L"");
    add_network(2, L"Ext", L",\"Type\":\"Transparent\"");
    expect_network("ext", 2, "Ext");
    expect_network("{01000002-0000-0000-0000-000000000000}", 2, "Ext");

    struct error err = {0};
    struct guid id = {0};
    char *name = NULL;
    assert_false(hcn_network_find_or_create_nat(&api, "exx", &id, &name, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "there is no network 'exx'"));
    assert_string_equal(err.hint, "this host has 'Ext', 'nat'");
    assert_null(name);
    assert_int_equal(times_called("CreateNetwork"), 0);
    error_clear(&err);
}

TEST(makes_a_nat_network_where_there_is_none)
{
    struct error err = {0};
    struct guid id = {0};
    CLEANUP(str_free) char *name = NULL;
    add_network(1, L"Default Switch", L",\"Type\":\"ICS\"");
    /* HNS is busy at first. */
    fail_at("CreateNetwork", 0x80004005, 2);
    assert_ok(hcn_network_find_or_create_nat(&api, NULL, &id, &name, &err));
    assert_true(guid_equal(&id, &hcn_own_nat_id));
    assert_string_equal(name, "nat");
    assert_int_equal(times_called("CreateNetwork"), 3);
    GUID own = hcn_guid_to_windows(&hcn_own_nat_id);
    const struct object *network = find(&own);
    assert_non_null(network);
    if (network)
        assert_non_null(wcsstr(network->properties,
                               L"\"Name\":\"nat\",\"Type\":\"NAT\",\"SchemaVersion\":"
                               L"{\"Major\":2,\"Minor\":0}}"));
}

TEST(uses_the_network_that_another_process_made_first)
{
    struct error err = {0};
    struct guid id = {0};
    CLEANUP(str_free) char *name = NULL;
    hns.record = L"{\"Success\":false,\"ErrorCode\":2151350288}";
    fail_at("CreateNetwork", HCN_E_NETWORK_ALREADY_EXISTS, 1);
    /* Created, but not by us, between our two looks. */
    hns.listing = L"[]";
    assert_fails(hcn_network_find_or_create_nat(&api, NULL, &id, &name, &err), ERR_NOT_FOUND,
                 "there is no network 'nat'");
    assert_int_equal(times_called("EnumerateNetworks"), 2);
    hns.listing = NULL;
    add_network(7, L"nat", L"");
    expect_network(NULL, 7, "nat");
}

TEST(explains_a_network_that_cannot_be_made)
{
    struct error err = {0};
    struct guid id = {0};
    char *name = NULL;
    fail_at("CreateNetwork", 0x80071392, 100);
    assert_false(hcn_network_find_or_create_nat(&api, NULL, &id, &name, &err));
    assert_non_null(strstr(err.message, "HcnCreateNetwork: another NAT of this host"));
    assert_non_null(strstr(err.hint, "Remove-NetNat"));
    assert_int_equal(times_called("CreateNetwork"), 1);
    error_clear(&err);
}

TEST(skips_networks_that_vanish)
{
    add_network(2, L"nat", L"");
    hns.listing = L"[\"01000001-0000-0000-0000-000000000000\","
                  L"\"{01000002-0000-0000-0000-000000000000}\"]";
    expect_network(NULL, 2, "nat");

    struct error err = {0};
    struct hcn_network_list list = {0};
    fail_at("OpenNetwork", 0x80070005, 1);
    assert_fails(hcn_network_list(&api, &list, &err), ERR_DENIED, "list the networks");
    hns.listing = L"{}";
    assert_fails(hcn_network_list(&api, &list, &err), ERR_INTEGRITY, "not a list");
    assert_null(list.items);
}

/* ---- namespaces ---- */

TEST(creates_and_deletes_namespaces)
{
    struct error err = {0};
    const struct guid id = guid_of(9);
    struct guid made = {0};
    assert_ok(hcn_namespace_create(&api, &id, &made, &err));
    assert_true(guid_equal(&made, &id));
    CLEANUP(hcn_namespace_clear) struct hcn_namespace found = {0};
    assert_ok(hcn_namespace_query(&api, &id, &found, &err));
    assert_string_equal(found.type, "Host");
    assert_ok(hcn_namespace_delete(&api, &id, &err));
    assert_ok(hcn_namespace_delete(&api, &id, &err));
    struct hcn_namespace gone = {0};
    assert_fails(hcn_namespace_query(&api, &id, &gone, &err), ERR_NOT_FOUND, "network namespace");
    assert_string_equal(hns.log,
                        "CreateNamespace(09) QueryNamespace OpenNamespace(09) "
                        "QueryNamespace DeleteNamespace(09) DeleteNamespace(09) "
                        "OpenNamespace(09) ");
}

TEST(repeats_a_deletion_that_comes_too_early)
{
    struct error err = {0};
    const struct guid id = guid_of(9);
    struct guid made = {0};
    assert_ok(hcn_namespace_create(&api, &id, &made, &err));
    fail_at("DeleteNamespace", HCN_E_REQUEST_UNSUPPORTED, 3);
    assert_ok(hcn_namespace_delete(&api, &id, &err));
    assert_int_equal(times_called("DeleteNamespace"), 4);

    fail_at("DeleteNamespace", 0x80070005, 1);
    assert_fails(hcn_namespace_delete(&api, &id, &err), ERR_DENIED,
                 "delete the network namespace: HcnDeleteNamespace");

    fail_at("DeleteNamespace", HCN_E_REQUEST_UNSUPPORTED, 1000);
    uint64_t began = os_monotonic_ms();
    assert_fails(hcn_namespace_delete(&api, &id, &err), ERR_BUSY, "HCN_E_REQUEST_UNSUPPORTED");
    assert_true(os_monotonic_ms() - began >= 5000);
}

/* ---- endpoints ---- */

TEST(creates_attaches_and_deletes_endpoints)
{
    struct error err = {0};
    const struct guid network = guid_of(1);
    const struct guid name_space = guid_of(2);
    const struct guid id = guid_of(3);
    struct guid made = {0};
    CLEANUP(str_free) char *name = hcn_endpoint_name(&id);
    assert_string_equal(name, "wrun-010000030000");
    assert_true(hcn_endpoint_name_is_ours(name));
    add_network(1, L"nat", L"");
    assert_ok(hcn_namespace_create(&api, &name_space, &made, &err));

    CLEANUP(hcn_endpoint_clear) struct hcn_endpoint endpoint = {0};
    const struct hcn_endpoint_spec spec = {.name = name, .network = network};
    assert_ok(hcn_endpoint_create(&api, &id, &spec, &endpoint, &err));
    assert_true(guid_equal(&endpoint.id, &id));
    assert_true(guid_equal(&endpoint.network, &network));
    assert_string_equal(endpoint.name, name);

    assert_ok(hcn_endpoint_attach(&api, &name_space, &id, &err));
    assert_ok(hcn_endpoint_detach(&api, &name_space, &id, &err));
    assert_ok(hcn_endpoint_delete(&api, &id, &err));
    assert_ok(hcn_endpoint_delete(&api, &id, &err));
    assert_ok(hcn_namespace_delete(&api, &name_space, &err));
    assert_ok(hcn_endpoint_detach(&api, &name_space, &id, &err));
    assert_string_equal(hns.log,
                        "CreateNamespace(02) QueryNamespace OpenNetwork(01) "
                        "CreateEndpoint(03) QueryEndpoint OpenNamespace(02) Attach "
                        "OpenNamespace(02) Detach DeleteEndpoint(03) DeleteEndpoint(03) "
                        "DeleteNamespace(02) OpenNamespace(02) ");
}

TEST(reports_endpoints_that_cannot_be_made)
{
    struct error err = {0};
    const struct guid id = guid_of(3);
    const struct hcn_endpoint_spec spec = {.name = "wrun-010000030000", .network = guid_of(1)};
    struct hcn_endpoint endpoint = {0};
    assert_fails(hcn_endpoint_create(&api, &id, &spec, &endpoint, &err), ERR_NOT_FOUND,
                 "create the network endpoint 'wrun-010000030000': HcnOpenNetwork");

    add_network(1, L"nat", L"");
    hns.record = L"{\"Success\":false,\"Error\":\"Port in use.\",\"ErrorCode\":2147942432}";
    fail_at("CreateEndpoint", 0x80070020, 1);
    assert_false(hcn_endpoint_create(&api, &id, &spec, &endpoint, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_non_null(strstr(err.message, "a host port is in use"));
    assert_non_null(strstr(err.message, "Port in use."));
    assert_non_null(strstr(err.detail, "\"Success\":false"));
    error_clear(&err);
    assert_null(endpoint.name);
}

TEST(takes_attached_already_for_success_when_it_is_true)
{
    struct error err = {0};
    const struct guid name_space = guid_of(2);
    const struct guid id = guid_of(3);
    GUID windows_id = hcn_guid_to_windows(&name_space);
    struct object *object = add(&windows_id,
                                L"{\"ID\":\"01000002-0000-0000-0000-000000000000\",\"Resources\":[{"
                                L"\"Type\":\"Endpoint\",\"Data\":{\"Id\":"
                                L"\"01000003-0000-0000-0000-000000000000\"}}]}");
    fail_at("Attach", HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS, 1);
    assert_ok(hcn_endpoint_attach(&api, &name_space, &id, &err));

    free(object->properties);
    object->properties = _wcsdup(L"{\"ID\":\"01000002-0000-0000-0000-000000000000\"}");
    fail_at("Attach", HCN_E_ENDPOINT_NAMESPACE_ALREADY_EXISTS, 1);
    assert_fails(hcn_endpoint_attach(&api, &name_space, &id, &err), ERR_BUSY,
                 "attach the network endpoint");
}

TEST(lists_only_its_own_endpoints)
{
    struct error err = {0};
    add_network(1, L"wrun-0123456789ab", L"");
    add_network(2, L"ctr1_nat", L"");
    add_network(3, L"wrun-0123456789AB", L"");
    hns.listing = L"[\"01000001-0000-0000-0000-000000000000\","
                  L"\"01000002-0000-0000-0000-000000000000\","
                  L"\"01000003-0000-0000-0000-000000000000\","
                  L"\"01000004-0000-0000-0000-000000000000\"]";
    CLEANUP(hcn_id_list_clear) struct hcn_id_list ours = {0};
    assert_ok(hcn_endpoint_list_ours(&api, &ours, &err));
    assert_int_equal(ours.count, 1);
    const struct guid expected = guid_of(1);
    assert_true(guid_equal(&ours.ids[0], &expected));
}

/* ---- calls ---- */

static HRESULT succeed_with_a_failing_record(struct hcn_call *call)
{
    call->function = "HcnTest";
    call->record = new_text(L"{\"Success\":false,\"Error\":\"x\",\"ErrorCode\":2151350273}");
    call->answer = new_text(L"lost");
    return S_OK;
}

static HRESULT succeed_with_a_record(struct hcn_call *call)
{
    call->record = new_text(L"{\"Success\":true}");
    call->answer = new_text(call->settings);
    return S_OK;
}

TEST(believes_the_error_record)
{
    struct error err = {0};
    char *answer = NULL;
    struct hcn_call_spec spec = {.exchange = succeed_with_a_failing_record};
    assert_fails(hcn_call_with_deadline(&api, &spec, &answer, &err), ERR_NOT_FOUND,
                 "HcnTest: there is no such network (HCN_E_NETWORK_NOT_FOUND, 0x803B0001): x");
    assert_null(answer);

    spec.exchange = succeed_with_a_record;
    spec.settings = "\xC3\xA4";
    assert_ok(hcn_call_with_deadline(&api, &spec, &answer, &err));
    assert_string_equal(answer, "\xC3\xA4");
    str_free(&answer);

    spec.settings = "\xFF";
    assert_fails(hcn_call_with_deadline(&api, &spec, &answer, &err), ERR_INTEGRITY, "");
}

static HRESULT hang_for_a_while(struct hcn_call *call)
{
    call->function = "HcnTest";
    WaitForSingleObject(hns.hang, INFINITE);
    call->answer = new_text(L"too late");
    return S_OK;
}

TEST(gives_up_a_call_that_hangs)
{
    struct error err = {0};
    hns.hang = CreateEventW(NULL, TRUE, FALSE, NULL);
    const struct hcn_call_spec spec = {.exchange = hang_for_a_while, .deadline_ms = 100};
    uint64_t began = os_monotonic_ms();
    assert_false(hcn_call_with_deadline(&api, &spec, NULL, &err));
    assert_true(os_monotonic_ms() - began < 2000);
    assert_non_null(strstr(err.message, "did not answer"));
    assert_non_null(strstr(err.hint, "restart the service 'hns'"));
    error_clear(&err);

    /* What comes too late is freed by the thread that was left behind. */
    SetEvent(hns.hang);
    for (unsigned i = 0; i < 100; i++)
        Sleep(5);
    assert_int_equal(hns.strings, 0);
    CloseHandle(hns.hang);
    hns.hang = NULL;
}

TEST(reports_a_service_that_cannot_be_started)
{
    struct error err = {0};
    struct hcn_network_list list = {0};
    fail_at("EnumerateNetworks", 0x800706BA, 100);
    assert_false(hcn_network_list(&api, &list, &err));
    assert_int_equal(err.code, 1722);
    assert_non_null(strstr(err.hint, "start the service 'hns'"));
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        hcn_test(turns_guids_into_windows_order),
        hcn_test(prefers_the_network_called_nat),
        hcn_test(takes_the_first_nat_network_there_is),
        hcn_test(finds_the_network_asked_for),
        hcn_test(makes_a_nat_network_where_there_is_none),
        hcn_test(uses_the_network_that_another_process_made_first),
        hcn_test(explains_a_network_that_cannot_be_made),
        hcn_test(skips_networks_that_vanish),
        hcn_test(creates_and_deletes_namespaces),
        hcn_test(repeats_a_deletion_that_comes_too_early),
        hcn_test(creates_attaches_and_deletes_endpoints),
        hcn_test(reports_endpoints_that_cannot_be_made),
        hcn_test(takes_attached_already_for_success_when_it_is_true),
        hcn_test(lists_only_its_own_endpoints),
        hcn_test(believes_the_error_record),
        hcn_test(gives_up_a_call_that_hangs),
        hcn_test(reports_a_service_that_cannot_be_started),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
