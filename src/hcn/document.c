/* SPDX-License-Identifier: MIT */
#include "hcn/document.h"

#include <string.h>

#include "base/json_write.h"
#include "base/text.h"

/* The digits after HCN_ENDPOINT_PREFIX. */
#define NAME_DIGITS 12

static void put_schema_version(struct json_writer *w)
{
    JSON_OBJECT(w, "SchemaVersion") {
        json_uint(w, "Major", 2);
        json_uint(w, "Minor", 0);
    }
}

static void put_guid(struct json_writer *w, const char *key, const struct guid *guid)
{
    char text[GUID_TEXT_SIZE];
    guid_format(guid, text);
    json_string(w, key, text);
}

static void put_subnet(struct json_writer *w, const struct hcn_network_spec *spec)
{
    JSON_OBJECT(w, NULL) {
        json_string(w, "IpAddressPrefix", spec->subnet);
        if (spec->gateway)
            JSON_ARRAY(w, "Routes") {
                JSON_OBJECT(w, NULL) {
                    json_string(w, "NextHop", spec->gateway);
                    json_string(w, "DestinationPrefix", "0.0.0.0/0");
                }
            }
    }
}

bool hcn_document_network(const struct hcn_network_spec *spec, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);

    JSON_OBJECT(&w, NULL) {
        json_string(&w, "Name", spec->name);
        json_string(&w, "Type", spec->type);
        if (spec->subnet)
            JSON_ARRAY(&w, "Ipams") {
                JSON_OBJECT(&w, NULL) {
                    json_string(&w, "Type", "Static");
                    JSON_ARRAY(&w, "Subnets") {
                        put_subnet(&w, spec);
                    }
                }
            }
        put_schema_version(&w);
    }
    return json_writer_finish(&w, ret, err) || error_wrap(err, "compose the network document");
}

static void put_port(struct json_writer *w, const struct hcn_port *port)
{
    JSON_OBJECT(w, NULL) {
        json_string(w, "Type", "PortMapping");
        JSON_OBJECT(w, "Settings") {
            json_uint(w, "Protocol", port->protocol);
            json_uint(w, "InternalPort", port->container_port);
            json_opt_uint(w, "ExternalPort", port->host_port);
        }
    }
}

static bool has_items(const struct strlist *list)
{
    return list && list->count > 0;
}

static void put_strings(struct json_writer *w, const char *key, const struct strlist *list)
{
    if (!has_items(list))
        return;
    JSON_ARRAY(w, key) {
        for (size_t i = 0; i < list->count; i++)
            json_string(w, NULL, list->items[i]);
    }
}

bool hcn_document_endpoint(const struct hcn_endpoint_spec *spec, char **ret, struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);

    JSON_OBJECT(&w, NULL) {
        json_string(&w, "Name", spec->name);
        put_guid(&w, "HostComputeNetwork", &spec->network);
        if (spec->port_count > 0)
            JSON_ARRAY(&w, "Policies") {
                for (size_t i = 0; i < spec->port_count; i++)
                    put_port(&w, &spec->ports[i]);
            }
        if (has_items(spec->dns_search) || has_items(spec->dns_servers))
            JSON_OBJECT(&w, "Dns") {
                put_strings(&w, "Search", spec->dns_search);
                put_strings(&w, "ServerList", spec->dns_servers);
            }
        put_schema_version(&w);
    }
    return json_writer_finish(&w, ret, err) || error_wrap(err, "compose the endpoint document");
}

bool hcn_document_modify(enum hcn_request request, const struct guid *endpoint, char **ret,
                         struct error *err)
{
    CLEANUP(json_writer_close) struct json_writer w;
    json_writer_open(&w);

    JSON_OBJECT(&w, NULL) {
        json_string(&w, "ResourceType", "Endpoint");
        json_string(&w, "RequestType", request == HCN_ADD ? "Add" : "Remove");
        JSON_OBJECT(&w, "Settings") {
            put_guid(&w, "EndpointId", endpoint);
        }
    }
    return json_writer_finish(&w, ret, err) || error_wrap(err, "compose the namespace request");
}

bool hcn_endpoint_name_is_ours(const char *name)
{
    if (!str_starts_with(name, HCN_ENDPOINT_PREFIX))
        return false;
    const char *digits = name + strlen(HCN_ENDPOINT_PREFIX);
    size_t count = 0;
    while (char_is_digit(digits[count]) || (digits[count] >= 'a' && digits[count] <= 'f'))
        count++;
    return count == NAME_DIGITS && digits[count] == '\0';
}
