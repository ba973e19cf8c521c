/* SPDX-License-Identifier: MIT */
#include "hcn/network.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/os.h"
#include "base/text.h"
#include "hcn/call.h"
#include "hcn/document.h"
#include "hcn/hcn_error.h"
#include "win32/named_mutex.h"

/* WSL retries a refused creation the same way: HNS may be busy with another network. */
#define CREATE_RETRY_MS 3000u
#define RETRY_PAUSE_MS 100u

#define MUTEX_NAME "wrun-hcn"

/* 6d1f8c52-3b0e-5a47-9c2d-77e1a0b4c6f3 */
const struct guid hcn_own_nat_id = {{0x6D, 0x1F, 0x8C, 0x52, 0x3B, 0x0E, 0x5A, 0x47, 0x9C, 0x2D,
                                     0x77, 0xE1, 0xA0, 0xB4, 0xC6, 0xF3}};

/* ---- exchanges ---- */

static HRESULT enumerate(struct hcn_call *call)
{
    call->function = "HcnEnumerateNetworks";
    return call->api->HcnEnumerateNetworks(call->settings, &call->answer, &call->record);
}

static HRESULT query(struct hcn_call *call)
{
    HCN_NETWORK network = NULL;
    call->function = "HcnOpenNetwork";
    HRESULT hr = call->api->HcnOpenNetwork(&call->id, &network, &call->record);
    if (FAILED(hr))
        return hr;
    call->function = "HcnQueryNetworkProperties";
    hr =
        call->api->HcnQueryNetworkProperties(network, call->settings, &call->answer, &call->record);
    call->api->HcnCloseNetwork(network);
    return hr;
}

static HRESULT create(struct hcn_call *call)
{
    HCN_NETWORK network = NULL;
    call->function = "HcnCreateNetwork";
    HRESULT hr = call->api->HcnCreateNetwork(&call->id, call->settings, &network, &call->record);
    if (SUCCEEDED(hr))
        call->api->HcnCloseNetwork(network);
    return hr;
}

static bool query_network(const struct hcn_api *api, const struct guid *id, struct hcn_network *ret,
                          struct error *err)
{
    CLEANUP(str_free) char *answer = NULL;
    const struct hcn_call_spec spec = {.exchange = query, .id = id, .settings = HCN_DOCUMENT_QUERY};
    return hcn_call_with_deadline(api, &spec, &answer, err) && hcn_network_parse(answer, ret, err);
}

/* ---- lists ---- */

static int compare(const void *left, const void *right)
{
    const struct hcn_network *a = left;
    const struct hcn_network *b = right;
    const char *x = a->name;
    const char *y = b->name;
    while (*x && char_to_lower(*x) == char_to_lower(*y)) {
        x++;
        y++;
    }
    return (unsigned char)char_to_lower(*x) - (unsigned char)char_to_lower(*y);
}

bool hcn_network_list(const struct hcn_api *api, struct hcn_network_list *ret, struct error *err)
{
    CLEANUP(str_free) char *answer = NULL;
    CLEANUP(hcn_id_list_clear) struct hcn_id_list ids = {0};
    CLEANUP(hcn_network_list_clear) struct hcn_network_list list = {0};
    const struct hcn_call_spec spec = {.exchange = enumerate, .settings = HCN_DOCUMENT_QUERY};
    if (!hcn_call_with_deadline(api, &spec, &answer, err) || !hcn_id_list_parse(answer, &ids, err))
        return error_wrap(err, "list the networks");

    list.items = xcalloc(ids.count + 1, sizeof(*list.items));
    for (size_t i = 0; i < ids.count; i++) {
        if (query_network(api, &ids.ids[i], &list.items[list.count], err))
            list.count++;
        else if (hcn_error_is_not_found(err))
            error_clear(err);
        else
            return error_wrap(err, "list the networks");
    }
    qsort(list.items, list.count, sizeof(*list.items), compare);
    *ret = TAKE(list);
    return true;
}

void hcn_network_list_clear(struct hcn_network_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        hcn_network_clear(&list->items[i]);
    free(list->items);
    *list = (struct hcn_network_list){0};
}

/* ---- find or create ---- */

static bool is_nat(const struct hcn_network *network)
{
    return str_equal_nocase(network->type, "NAT");
}

static const struct hcn_network *find_nat(const struct hcn_network_list *list)
{
    const struct hcn_network *first = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const struct hcn_network *network = &list->items[i];
        if (is_nat(network) && str_equal_nocase(network->name, "nat"))
            return network;
        if (is_nat(network) && !first)
            first = network;
    }
    return first;
}

static const struct hcn_network *find_wanted(const struct hcn_network_list *list,
                                             const char *wanted)
{
    CLEANUP(error_clear) struct error ignored = {0};
    struct guid id = {0};
    bool by_id = guid_parse(wanted, &id, &ignored);
    for (size_t i = 0; i < list->count; i++)
        if (str_equal_nocase(list->items[i].name, wanted)
            || (by_id && guid_equal(&list->items[i].id, &id)))
            return &list->items[i];
    return NULL;
}

static bool not_found(const struct hcn_network_list *list, const char *wanted, struct error *err)
{
    CLEANUP(strlist_clear) struct strlist names = {0};
    for (size_t i = 0; i < list->count; i++)
        strlist_addf(&names, "'%s'", list->items[i].name);
    CLEANUP(str_free) char *joined = strlist_join(&names, ", ");
    error_set(err, ERR_NOT_FOUND, "there is no network '%s'", wanted);
    return list->count > 0 ? error_hint(err, "this host has %s", joined)
                           : error_hint(err, "this host has no network at all");
}

/* What will not get better by waiting: our document, our rights, an unknown field. */
static bool is_final(const struct error *err)
{
    return err->kind == ERR_DENIED || err->kind == ERR_USAGE || err->kind == ERR_UNSUPPORTED
        || err->kind == ERR_BUSY;
}

static bool create_nat(const struct hcn_api *api, struct error *err)
{
    CLEANUP(str_free) char *settings = NULL;
    const struct hcn_network_spec nat = {.name = "nat", .type = "NAT"};
    if (!hcn_document_network(&nat, &settings, err))
        return false;
    const struct hcn_call_spec spec = {
        .exchange = create, .id = &hcn_own_nat_id, .settings = settings};
    uint64_t deadline = os_monotonic_ms() + CREATE_RETRY_MS;
    while (!hcn_call_with_deadline(api, &spec, NULL, err)) {
        if (err->code == HCN_E_NETWORK_ALREADY_EXISTS) {
            error_clear(err);
            return true;
        }
        if (is_final(err) || os_monotonic_ms() >= deadline)
            return error_wrap(err, "create the network 'nat'");
        error_clear(err);
        os_sleep_ms(RETRY_PAUSE_MS);
    }
    return true;
}

static bool find(const struct hcn_api *api, const char *wanted, struct hcn_network *ret,
                 struct error *err)
{
    CLEANUP(hcn_network_list_clear) struct hcn_network_list list = {0};
    if (!hcn_network_list(api, &list, err))
        return false;
    const struct hcn_network *network = wanted ? find_wanted(&list, wanted) : find_nat(&list);
    if (!network)
        return not_found(&list, wanted ? wanted : "nat", err);
    *ret = (struct hcn_network){
        .id = network->id, .name = xstrdup(network->name), .type = xstrdup(network->type)};
    return true;
}

static bool find_or_create(const struct hcn_api *api, const char *wanted, struct hcn_network *ret,
                           struct error *err)
{
    if (find(api, wanted, ret, err))
        return true;
    if (wanted || err->kind != ERR_NOT_FOUND)
        return false;
    error_clear(err);
    return create_nat(api, err) && find(api, NULL, ret, err);
}

bool hcn_network_find_or_create_nat(const struct hcn_api *api, const char *wanted,
                                    struct guid *ret_id, char **ret_name, struct error *err)
{
    /* Without the mutex two processes can at worst collide on hcn_own_nat_id, so failing to get it
     * is no reason to stop. */
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(named_mutex_release) struct named_mutex mutex = {0};
    if (!named_mutex_acquire(MUTEX_NAME, NULL, &mutex, &ignored))
        error_clear(&ignored);

    CLEANUP(hcn_network_clear) struct hcn_network network = {0};
    if (!find_or_create(api, wanted, &network, err))
        return false;
    *ret_id = network.id;
    *ret_name = TAKE(network.name);
    return true;
}
