/* SPDX-License-Identifier: MIT */
#include "hcn/result.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json_read.h"
#include "base/text.h"

static bool parse(const char *text, enum json_type type, struct json_document *ret,
                  struct error *err)
{
    CLEANUP(json_document_clear) struct json_document document = {0};
    if (!json_parse(text, strlen(text), &json_default_limits, &document, err))
        return false;
    if (document.root->type != type)
        return json_error(document.root, err, "not %s", type == JSON_MAP ? "an object" : "a list");
    *ret = TAKE(document);
    return true;
}

static const struct json_value *member(const struct json_value *map, const char *key,
                                       enum json_type type)
{
    const struct json_value *value = json_member_nocase(map, key);
    return value && value->type == type ? value : NULL;
}

/* The text of a string member, or 'otherwise'. */
static char *member_text(const struct json_value *map, const char *key, const char *otherwise)
{
    const struct json_value *value = member(map, key, JSON_STRING);
    if (value && *value->text)
        return xstrdup(value->text);
    return otherwise ? xstrdup(otherwise) : NULL;
}

/* The text of an enumeration, whose values come as names or as numbers. 'zero' is the name of its
 * default, which is also meant when the member is absent. */
static char *member_enum(const struct json_value *map, const char *key, const char *zero)
{
    const struct json_value *number = member(map, key, JSON_NUMBER);
    if (number && !str_equal(number->text, "0"))
        return xstrdup(number->text);
    return member_text(map, key, zero);
}

/* A GUID member; absent or "" leaves *ret alone. */
static bool member_guid(const struct json_value *map, const char *key, struct guid *ret,
                        struct error *err)
{
    const struct json_value *value = member(map, key, JSON_STRING);
    if (!value || !*value->text)
        return true;
    return guid_parse(value->text, ret, err) || error_wrap(err, "%s", key);
}

static bool own_id(const struct json_value *map, struct guid *ret, struct error *err)
{
    struct guid id = {0};
    if (!member_guid(map, "ID", &id, err))
        return false;
    if (guid_is_zero(&id))
        return error_set(err, ERR_INTEGRITY, "ID is missing");
    *ret = id;
    return true;
}

/* ---- error records ---- */

struct hcn_error_record hcn_error_record_parse(const char *text)
{
    CLEANUP(error_clear) struct error ignored = {0};
    CLEANUP(json_document_clear) struct json_document json = {0};
    if (!text || !*text || !parse(text, JSON_MAP, &json, &ignored))
        return (struct hcn_error_record){0};

    enum { LONGEST = 500 };
    struct hcn_error_record record = {0};
    const struct json_value *error = member(json.root, "Error", JSON_STRING);
    if (error && *error->text)
        record.text = str_printable(error->text, LONGEST);
    const struct json_value *success = member(json.root, "Success", JSON_BOOLEAN);
    record.is_failure = success ? !success->boolean : record.text != NULL;

    /* Unsigned in the schema; signed numbers are taken too. */
    const struct json_value *code = member(json.root, "ErrorCode", JSON_NUMBER);
    int64_t number = 0;
    if (code && json_to_int64(code, &number, &ignored) && number >= INT32_MIN
        && number <= (int64_t)UINT32_MAX)
        record.code = (uint32_t)number;
    return record;
}

void hcn_error_record_clear(struct hcn_error_record *record)
{
    str_free(&record->text);
    *record = (struct hcn_error_record){0};
}

char *hcn_error_unknown_field(const char *text)
{
    static const char marker[] = ",UnknownField}}";
    const char *end = text ? strstr(text, marker) : NULL;
    if (!end)
        return NULL;
    const char *begin = end;
    while (begin > text && begin[-1] != '{')
        begin--;
    if (begin == text || begin == end)
        return NULL;
    return xstrndup(begin, (size_t)(end - begin));
}

/* ---- lists of ids ---- */

static void add_id(struct hcn_id_list *list, const struct guid *id)
{
    list->ids = xrealloc_array(list->ids, list->count + 1, sizeof(*list->ids));
    list->ids[list->count++] = *id;
}

bool hcn_id_list_parse(const char *text, struct hcn_id_list *ret, struct error *err)
{
    CLEANUP(hcn_id_list_clear) struct hcn_id_list list = {0};
    CLEANUP(json_document_clear) struct json_document json = {0};
    if (text && *text && !parse(text, JSON_LIST, &json, err))
        return error_wrap(err, "list of ids");

    const struct json_value *value = json.root ? json.root->first : NULL;
    for (; value; value = value->next) {
        struct guid id;
        if (value->type != JSON_STRING)
            return json_error(value, err, "list of ids: not a string");
        if (!guid_parse(value->text, &id, err))
            return error_wrap(err, "list of ids");
        add_id(&list, &id);
    }
    *ret = TAKE(list);
    return true;
}

void hcn_id_list_clear(struct hcn_id_list *list)
{
    free(list->ids);
    *list = (struct hcn_id_list){0};
}

/* ---- objects ---- */

bool hcn_network_parse(const char *text, struct hcn_network *ret, struct error *err)
{
    CLEANUP(json_document_clear) struct json_document json = {0};
    CLEANUP(hcn_network_clear) struct hcn_network network = {0};
    if (!parse(text, JSON_MAP, &json, err) || !own_id(json.root, &network.id, err))
        return error_wrap(err, "properties of a network");
    network.name = member_text(json.root, "Name", "");
    network.type = member_enum(json.root, "Type", "NAT");
    *ret = TAKE(network);
    return true;
}

void hcn_network_clear(struct hcn_network *network)
{
    str_free(&network->name);
    str_free(&network->type);
    *network = (struct hcn_network){0};
}

/* The first element of a list member; NULL = none. */
static const struct json_value *first_of(const struct json_value *map, const char *key)
{
    const struct json_value *list = member(map, key, JSON_LIST);
    return list ? list->first : NULL;
}

bool hcn_endpoint_parse(const char *text, struct hcn_endpoint *ret, struct error *err)
{
    CLEANUP(json_document_clear) struct json_document json = {0};
    CLEANUP(hcn_endpoint_clear) struct hcn_endpoint endpoint = {0};
    if (!parse(text, JSON_MAP, &json, err) || !own_id(json.root, &endpoint.id, err)
        || !member_guid(json.root, "HostComputeNetwork", &endpoint.network, err)
        || !member_guid(json.root, "HostComputeNamespace", &endpoint.name_space, err))
        return error_wrap(err, "properties of an endpoint");

    endpoint.name = member_text(json.root, "Name", "");
    endpoint.mac_address = member_text(json.root, "MacAddress", NULL);
    endpoint.gateway = member_text(first_of(json.root, "Routes"), "NextHop", NULL);
    const struct json_value *address = first_of(json.root, "IpConfigurations");
    endpoint.ip_address = member_text(address, "IpAddress", NULL);
    const struct json_value *length = member(address, "PrefixLength", JSON_NUMBER);
    if (length && !json_to_uint64(length, &endpoint.prefix_length, err))
        return error_wrap(err, "properties of an endpoint");
    *ret = TAKE(endpoint);
    return true;
}

void hcn_endpoint_clear(struct hcn_endpoint *endpoint)
{
    str_free(&endpoint->name);
    str_free(&endpoint->ip_address);
    str_free(&endpoint->gateway);
    str_free(&endpoint->mac_address);
    *endpoint = (struct hcn_endpoint){0};
}

static bool add_resource(const struct json_value *resource, struct hcn_namespace *name_space,
                         struct error *err)
{
    const struct json_value *type = member(resource, "Type", JSON_STRING);
    if (!type)
        return true;
    if (str_equal_nocase(type->text, "Container"))
        name_space->has_containers = true;
    if (!str_equal_nocase(type->text, "Endpoint"))
        return true;
    struct guid id = {0};
    if (!own_id(member(resource, "Data", JSON_MAP), &id, err))
        return error_wrap(err, "endpoint of a namespace");
    add_id(&name_space->endpoints, &id);
    return true;
}

bool hcn_namespace_parse(const char *text, struct hcn_namespace *ret, struct error *err)
{
    CLEANUP(json_document_clear) struct json_document json = {0};
    CLEANUP(hcn_namespace_clear) struct hcn_namespace name_space = {0};
    if (!parse(text, JSON_MAP, &json, err) || !own_id(json.root, &name_space.id, err))
        return error_wrap(err, "properties of a namespace");
    name_space.type = member_enum(json.root, "Type", "Host");
    const struct json_value *resource = first_of(json.root, "Resources");
    for (; resource; resource = resource->next)
        if (!add_resource(resource, &name_space, err))
            return error_wrap(err, "properties of a namespace");
    *ret = TAKE(name_space);
    return true;
}

void hcn_namespace_clear(struct hcn_namespace *name_space)
{
    str_free(&name_space->type);
    hcn_id_list_clear(&name_space->endpoints);
    *name_space = (struct hcn_namespace){0};
}
