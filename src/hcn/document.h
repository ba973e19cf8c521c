/* SPDX-License-Identifier: MIT */
/* document: the settings and queries that the host network service (HNS) is sent.
 *
 * Schema 2.0 only (Windows 10 1809, Server 2019 and later), with the members that hcsshim's hcn
 * package sends: HNS refuses unknown ones with 0x803B001B. Addresses and routes are never sent; HNS
 * gives each endpoint an address and the network's own gateway, so no setting of ours can
 * contradict the network (docs/fidelity.md). */
#pragma once

#include <stdint.h>

#include "base/error.h"
#include "base/guid.h"
#include "base/strlist.h"

/* All pointers are borrowed; NULL and {0} leave the member out. */
struct hcn_network_spec {
    const char *name;
    const char *type;    /* "NAT" */
    const char *subnet;  /* 172.20.0.0/16; NULL = HNS chooses */
    const char *gateway; /* goes with the subnet */
};

enum hcn_protocol { HCN_TCP = 6, HCN_UDP = 17 };

struct hcn_port {
    enum hcn_protocol protocol;
    uint16_t container_port;
    uint16_t host_port; /* 0 = HNS chooses; read it back */
};

struct hcn_endpoint_spec {
    const char *name; /* HCN_ENDPOINT_PREFIX and 12 hex digits */
    struct guid network;
    const struct hcn_port *ports;
    size_t port_count;
    const struct strlist *dns_servers; /* NULL or empty = the host's */
    const struct strlist *dns_search;
};

/* By this wrun's endpoints are known among those of others. */
#define HCN_ENDPOINT_PREFIX "wrun-"

enum hcn_request { HCN_ADD, HCN_REMOVE };

/* Each composes one document, owned by the caller; they fail (ERR_INTEGRITY) on text that is not
 * UTF-8. */
bool hcn_document_network(const struct hcn_network_spec *spec, char **ret, struct error *err)
    MUST_USE;
bool hcn_document_endpoint(const struct hcn_endpoint_spec *spec, char **ret, struct error *err)
    MUST_USE;
/* Adds an endpoint to a namespace or takes it out. */
bool hcn_document_modify(enum hcn_request request, const struct guid *endpoint, char **ret,
                         struct error *err) MUST_USE;

/* A namespace of type Host (the default), as containerd makes it. */
#define HCN_DOCUMENT_NAMESPACE "{\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}"
/* Everything, answered in the shape of schema 2. */
#define HCN_DOCUMENT_QUERY "{\"SchemaVersion\":{\"Major\":2,\"Minor\":0}}"

/* Is this the name of an endpoint that wrun made? */
bool hcn_endpoint_name_is_ours(const char *name);
