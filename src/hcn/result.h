/* SPDX-License-Identifier: MIT */
/* result: reading what HNS answers.
 *
 * The case of member names and of GUIDs varies between answers, and members with their default
 * value are absent (Type of a NAT network, Type of a Host namespace), hence: names are matched
 * without case and absence is given its meaning here. */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/guid.h"

struct hcn_error_record {
    bool is_failure; /* "Success":false was there, or an error text without Success */
    uint32_t code;   /* HRESULT; 0 = not told */
    char *text;      /* localized; NULL = none */
};

/* Never fails: what is no error record reads as "no failure". */
struct hcn_error_record hcn_error_record_parse(const char *text);
void hcn_error_record_clear(struct hcn_error_record *record);
/* The field in "{{Field,UnknownField}}", owned by the caller, or NULL. */
char *hcn_error_unknown_field(const char *text);

struct hcn_id_list {
    struct guid *ids;
    size_t count;
};

/* The answer to an HcnEnumerate call: NULL and "" are an empty list, ids may have braces. */
bool hcn_id_list_parse(const char *text, struct hcn_id_list *ret, struct error *err) MUST_USE;
void hcn_id_list_clear(struct hcn_id_list *list);

struct hcn_network {
    struct guid id;
    char *name; /* "" = none */
    char *type; /* absent = "NAT" */
};

bool hcn_network_parse(const char *text, struct hcn_network *ret, struct error *err) MUST_USE;
void hcn_network_clear(struct hcn_network *network);

struct hcn_endpoint {
    struct guid id;
    char *name;
    struct guid network;    /* zero = not told */
    struct guid name_space; /* zero = in none */
    char *ip_address;       /* the first one; NULL = none yet */
    uint64_t prefix_length;
    char *gateway; /* of the first route; NULL = none */
    char *mac_address;
};

bool hcn_endpoint_parse(const char *text, struct hcn_endpoint *ret, struct error *err) MUST_USE;
void hcn_endpoint_clear(struct hcn_endpoint *endpoint);

struct hcn_namespace {
    struct guid id;
    char *type; /* absent = "Host" */
    struct hcn_id_list endpoints;
    bool has_containers;
};

bool hcn_namespace_parse(const char *text, struct hcn_namespace *ret, struct error *err) MUST_USE;
void hcn_namespace_clear(struct hcn_namespace *name_space);
