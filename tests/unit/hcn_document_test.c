/* SPDX-License-Identifier: MIT */
#include "hcn/document.h"

#include "trace.h"

#define RECORDED "c1-hcn-network-namespace-endpoint.jsonl"

static struct guid guid_of(const char *text)
{
    struct error err = {0};
    struct guid guid = {0};
    assert_ok(guid_parse(text, &guid, &err));
    return guid;
}

TEST(composes_networks)
{
    struct error err = {0};
    CLEANUP(str_free) char *plain = NULL;
    const struct hcn_network_spec nat = {.name = "nat", .type = "NAT"};
    assert_ok(hcn_document_network(&nat, &plain, &err));
    assert_golden(plain, "hcn-network.json");

    CLEANUP(str_free) char *with_subnet = NULL;
    const struct hcn_network_spec subnet = {
        .name = "nat", .type = "NAT", .subnet = "172.20.0.0/16", .gateway = "172.20.0.1"};
    assert_ok(hcn_document_network(&subnet, &with_subnet, &err));
    assert_golden(with_subnet, "hcn-network-subnet.json");
}

/* The empty objects that Microsoft's client adds to everything. */
#define EMPTY_OBJECTS "MacPool", "Health"

TEST(networks_equal_the_recording)
{
    struct error err = {0};
    CLEANUP(str_free) char *document = NULL;
    const struct hcn_network_spec spec = {
        .name = "nat", .type = "NAT", .subnet = "172.19.208.0/20", .gateway = "172.19.208.1"};
    assert_ok(hcn_document_network(&spec, &document, &err));
    CLEANUP(json_document_clear)
    struct json_document call = trace_call(RECORDED, "HcnCreateNetwork", 0);
    assert_as_recorded(document, &call, "settings",
                       (const char *const[]){EMPTY_OBJECTS, "Dns", NULL});
}

TEST(composes_endpoints)
{
    struct error err = {0};
    CLEANUP(str_free) char *plain = NULL;
    struct strlist none = {0};
    struct hcn_endpoint_spec spec = {
        .name = "wrun-1a2b3c4d5e6f",
        .network = guid_of("4EE1C263-FD69-45F9-8F4D-1D7137222B79"),
        .dns_servers = &none,
    };
    assert_ok(hcn_document_endpoint(&spec, &plain, &err));
    assert_golden(plain, "hcn-endpoint.json");

    const struct hcn_port ports[] = {{HCN_TCP, 80, 8080}, {HCN_UDP, 53, 0}};
    CLEANUP(strlist_clear) struct strlist servers = {0};
    CLEANUP(strlist_clear) struct strlist search = {0};
    strlist_add(&servers, "1.1.1.1");
    strlist_add(&servers, "9.9.9.9");
    strlist_add(&search, "corp.example");
    spec.ports = ports;
    spec.port_count = 2;
    spec.dns_servers = &servers;
    spec.dns_search = &search;
    CLEANUP(str_free) char *full = NULL;
    assert_ok(hcn_document_endpoint(&spec, &full, &err));
    assert_golden(full, "hcn-endpoint-ports.json");
}

TEST(endpoints_equal_the_recording)
{
    struct error err = {0};
    CLEANUP(str_free) char *document = NULL;
    CLEANUP(strlist_clear) struct strlist servers = {0};
    CLEANUP(strlist_clear) struct strlist search = {0};
    strlist_add(&servers, "172.19.208.1");
    strlist_add(&search, "corp.example");
    const struct hcn_port port = {HCN_TCP, 80, 8080};
    const struct hcn_endpoint_spec spec = {
        .name = "cid_nat",
        .network = guid_of("372c4416-9019-4ac4-9753-5a4335e0be94"),
        .ports = &port,
        .port_count = 1,
        .dns_servers = &servers,
        .dns_search = &search,
    };
    assert_ok(hcn_document_endpoint(&spec, &document, &err));
    CLEANUP(json_document_clear)
    struct json_document call = trace_call(RECORDED, "HcnCreateEndpoint", 0);
    assert_as_recorded(document, &call, "settings",
                       (const char *const[]){EMPTY_OBJECTS, "Routes", NULL});
}

TEST(composes_namespaces_and_requests)
{
    struct error err = {0};
    assert_golden(HCN_DOCUMENT_NAMESPACE, "hcn-namespace.json");
    CLEANUP(json_document_clear)
    struct json_document made = trace_call("e2-containerd-ctr-run.jsonl", "HcnCreateNamespace", 0);
    assert_as_recorded(HCN_DOCUMENT_NAMESPACE, &made, "settings", NULL);
    CLEANUP(json_document_clear)
    struct json_document asked = trace_call(RECORDED, "HcnQueryNamespaceProperties", 0);
    assert_as_recorded(HCN_DOCUMENT_QUERY, &asked, "query", NULL);

    const struct guid endpoint = guid_of("{B2D94C1E-3F6A-4A57-8A7E-5D0C9E6F1A22}");
    CLEANUP(str_free) char *attach = NULL;
    assert_ok(hcn_document_modify(HCN_ADD, &endpoint, &attach, &err));
    assert_golden(attach, "hcn-attach.json");
    CLEANUP(str_free) char *detach = NULL;
    assert_ok(hcn_document_modify(HCN_REMOVE, &endpoint, &detach, &err));
    assert_golden(detach, "hcn-detach.json");

    const struct guid recorded = guid_of("00fdad8b-8db4-4a93-82ac-c39d0610e301");
    CLEANUP(str_free) char *again = NULL;
    assert_ok(hcn_document_modify(HCN_REMOVE, &recorded, &again, &err));
    CLEANUP(json_document_clear)
    struct json_document removed = trace_call("c3-cni-nat-ADD-DEL.jsonl", "HcnModifyNamespace", 1);
    assert_as_recorded(again, &removed, "settings", NULL);
}

/* Routes and addresses would override what HNS knows better. */
TEST(never_sends_routes_or_addresses_of_endpoints)
{
    struct error err = {0};
    CLEANUP(str_free) char *document = NULL;
    const struct hcn_endpoint_spec spec = {.name = "wrun-000000000000"};
    assert_ok(hcn_document_endpoint(&spec, &document, &err));
    assert_null(strstr(document, "Routes"));
    assert_null(strstr(document, "IpConfigurations"));
    assert_null(strstr(document, "HostComputeNamespace"));
}

TEST(refuses_text_that_is_not_utf8)
{
    struct error err = {0};
    CLEANUP(str_free) char *document = NULL;
    const struct hcn_network_spec network = {.name = "\xED\xA0\x80", .type = "NAT"};
    assert_fails(hcn_document_network(&network, &document, &err), ERR_INTEGRITY, "not UTF-8");
    const struct hcn_endpoint_spec endpoint = {.name = "\xFF"};
    assert_fails(hcn_document_endpoint(&endpoint, &document, &err), ERR_INTEGRITY, "not UTF-8");
    assert_null(document);
}

TEST(knows_its_own_endpoints)
{
    assert_true(hcn_endpoint_name_is_ours("wrun-1a2b3c4d5e6f"));
    static const char *const others[] = {
        "",
        "wrun-",
        "wrun-1a2b3c4d5e6",
        "wrun-1a2b3c4d5e6f0",
        "wrun-1A2B3C4D5E6F",
        "wrun-1a2b3c4d5e6g",
        "Wrun-1a2b3c4d5e6f",
        "ctr1_nat",
        "xwrun-1a2b3c4d5e6f",
    };
    for (size_t i = 0; i < ARRAY_SIZE(others); i++)
        assert_false(hcn_endpoint_name_is_ours(others[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(composes_networks),
        cmocka_unit_test(networks_equal_the_recording),
        cmocka_unit_test(composes_endpoints),
        cmocka_unit_test(endpoints_equal_the_recording),
        cmocka_unit_test(composes_namespaces_and_requests),
        cmocka_unit_test(never_sends_routes_or_addresses_of_endpoints),
        cmocka_unit_test(refuses_text_that_is_not_utf8),
        cmocka_unit_test(knows_its_own_endpoints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
