/* SPDX-License-Identifier: MIT */
#include "hcn/result.h"

#include "check.h"
#include "hcn/hcn_error.h"

static void assert_guid(const struct guid *guid, const char *expected)
{
    char text[GUID_TEXT_SIZE];
    guid_format(guid, text);
    assert_string_equal(text, expected);
}

/* ---- error records ---- */

TEST(reads_error_records)
{
    CLEANUP(hcn_error_record_clear)
    struct hcn_error_record refused = hcn_error_record_parse(
        "{\"Success\":false,\"Error\":\"Invalid JSON document string. "
        "{{CreateWithCompartment,UnknownField}}\",\"ErrorCode\":2151350299}");
    assert_true(refused.is_failure);
    assert_int_equal(refused.code, HCN_E_INVALID_JSON);
    CLEANUP(str_free) char *field = hcn_error_unknown_field(refused.text);
    assert_string_equal(field, "CreateWithCompartment");

    static const struct {
        const char *text;
        bool is_failure;
        uint32_t code;
    } rows[] = {
        {"{\"Success\":true,\"Error\":\"\"}", false, 0},
        {"{\"success\":FALSE}", false, 0},
        {"{\"SUCCESS\":false}", true, 0},
        {"{\"Error\":\"x\"}", true, 0},
        {"{\"Error\":\"\"}", false, 0},
        {"{\"Success\":\"false\"}", false, 0},
        {"{\"Success\":false,\"ErrorCode\":-2147023728}", true, 0x80070490},
        {"{\"Success\":false,\"ErrorCode\":4294967296}", true, 0},
        {"{\"Success\":false,\"ErrorCode\":\"5\"}", true, 0},
        {"[{\"Success\":false}]", false, 0},
        {"", false, 0},
        {NULL, false, 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(hcn_error_record_clear)
        struct hcn_error_record record = hcn_error_record_parse(rows[i].text);
        assert_int_equal(record.is_failure, rows[i].is_failure);
        assert_int_equal(record.code, rows[i].code);
    }
}

TEST(finds_the_unknown_field)
{
    static const struct {
        const char *text;
        const char *field;
    } rows[] = {
        {"{{A,UnknownField}}", "A"},
        {"x {{Owner,UnknownField}} y", "Owner"},
        {"{{,UnknownField}}", NULL},
        {",UnknownField}}", NULL},
        {"A,UnknownField}}", NULL},
        {"{{A,ExpectedObject}}", NULL},
        {"", NULL},
        {NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_free) char *field = hcn_error_unknown_field(rows[i].text);
        if (rows[i].field)
            assert_string_equal(field, rows[i].field);
        else
            assert_null(field);
    }
}

/* ---- lists ---- */

TEST(reads_lists_of_ids)
{
    struct error err = {0};
    CLEANUP(hcn_id_list_clear) struct hcn_id_list list = {0};
    assert_ok(hcn_id_list_parse("[\"4EE1C263-FD69-45F9-8F4D-1D7137222B79\","
                                "\"{b2d94c1e-3f6a-4a57-8a7e-5d0c9e6f1a22}\"]",
                                &list, &err));
    assert_int_equal(list.count, 2);
    assert_guid(&list.ids[0], "4ee1c263-fd69-45f9-8f4d-1d7137222b79");
    assert_guid(&list.ids[1], "b2d94c1e-3f6a-4a57-8a7e-5d0c9e6f1a22");

    static const char *const empty[] = {NULL, "", "[]"};
    for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
        CLEANUP(hcn_id_list_clear) struct hcn_id_list none = {0};
        assert_ok(hcn_id_list_parse(empty[i], &none, &err));
        assert_int_equal(none.count, 0);
    }

    static const char *const wrong[] = {
        "{}",      "[1]",    "[\"\"]",
        "[\"x\"]", "[null]", "[\"4EE1C263\"]",
        "[",       "[[]]",   "[\"4ee1c263-fd69-45f9-8f4d-1d7137222b7z\"]"};
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct hcn_id_list none = {0};
        assert_false(hcn_id_list_parse(wrong[i], &none, &err));
        assert_non_null(strstr(err.message, "list of ids"));
        assert_null(none.ids);
        error_clear(&err);
    }
}

/* ---- objects ---- */

TEST(reads_networks)
{
    struct error err = {0};
    CLEANUP(hcn_network_clear) struct hcn_network nat = {0};
    assert_ok(hcn_network_parse("{\"ID\":\"4EE1C263-FD69-45F9-8F4D-1D7137222B79\",\"Name\":\"nat\","
                                "\"Flags\":8,\"Ipams\":[],\"SchemaVersion\":{\"Major\":2,"
                                "\"Minor\":0}}",
                                &nat, &err));
    assert_guid(&nat.id, "4ee1c263-fd69-45f9-8f4d-1d7137222b79");
    assert_string_equal(nat.name, "nat");
    assert_string_equal(nat.type, "NAT");

    static const struct {
        const char *type;
        const char *read;
    } types[] = {
        {"\"ICS\"", "ICS"}, {"\"NAT\"", "NAT"}, {"\"\"", "NAT"},
        {"0", "NAT"},       {"1", "1"},         {"null", "NAT"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        CLEANUP(hcn_network_clear) struct hcn_network network = {0};
        CLEANUP(str_free)
        char *text = str_format("{\"id\":\"4ee1c263-fd69-45f9-8f4d-1d7137222b79\",\"TYPE\":%s}",
                                types[i].type);
        assert_ok(hcn_network_parse(text, &network, &err));
        assert_string_equal(network.type, types[i].read);
        assert_string_equal(network.name, "");
    }
}

TEST(reads_endpoints)
{
    struct error err = {0};
    CLEANUP(hcn_endpoint_clear) struct hcn_endpoint endpoint = {0};
    assert_ok(hcn_endpoint_parse(
        "{\"ID\":\"b2d94c1e-3f6a-4a57-8a7e-5d0c9e6f1a22\",\"Name\":\"wrun-1a2b3c4d5e6f\","
        "\"HostComputeNetwork\":\"4EE1C263-FD69-45F9-8F4D-1D7137222B79\","
        "\"HostComputeNamespace\":\"7c1f3a52-0d0b-4b0e-9f57-0c2f6c2b9e11\","
        "\"IpConfigurations\":[{\"IpAddress\":\"172.17.41.18\",\"PrefixLength\":20},"
        "{\"IpAddress\":\"fe80::1\"}],"
        "\"Routes\":[{\"NextHop\":\"172.17.32.1\",\"DestinationPrefix\":\"0.0.0.0/0\"}],"
        "\"MacAddress\":\"00-15-5D-D2-1A-07\"}",
        &endpoint, &err));
    assert_guid(&endpoint.id, "b2d94c1e-3f6a-4a57-8a7e-5d0c9e6f1a22");
    assert_guid(&endpoint.network, "4ee1c263-fd69-45f9-8f4d-1d7137222b79");
    assert_guid(&endpoint.name_space, "7c1f3a52-0d0b-4b0e-9f57-0c2f6c2b9e11");
    assert_string_equal(endpoint.name, "wrun-1a2b3c4d5e6f");
    assert_string_equal(endpoint.ip_address, "172.17.41.18");
    assert_int_equal(endpoint.prefix_length, 20);
    assert_string_equal(endpoint.gateway, "172.17.32.1");
    assert_string_equal(endpoint.mac_address, "00-15-5D-D2-1A-07");

    CLEANUP(hcn_endpoint_clear) struct hcn_endpoint bare = {0};
    assert_ok(hcn_endpoint_parse("{\"Id\":\"b2d94c1e-3f6a-4a57-8a7e-5d0c9e6f1a22\","
                                 "\"IpConfigurations\":[],\"Routes\":{},\"HostComputeNamespace\":"
                                 "\"\"}",
                                 &bare, &err));
    assert_null(bare.ip_address);
    assert_null(bare.gateway);
    assert_true(guid_is_zero(&bare.name_space));
}

TEST(reads_namespaces)
{
    struct error err = {0};
    CLEANUP(hcn_namespace_clear) struct hcn_namespace full = {0};
    assert_ok(hcn_namespace_parse(
        "{\"ID\":\"7c1f3a52-0d0b-4b0e-9f57-0c2f6c2b9e11\",\"NamespaceId\":3,\"Resources\":["
        "{\"Type\":\"Endpoint\",\"Data\":{\"ID\":\"B2D94C1E-3F6A-4A57-8A7E-5D0C9E6F1A22\"}},"
        "{\"Type\":\"container\",\"Data\":{\"Id\":\"wrun-1\"}},{\"Data\":{}}]}",
        &full, &err));
    assert_string_equal(full.type, "Host");
    assert_int_equal(full.endpoints.count, 1);
    assert_guid(&full.endpoints.ids[0], "b2d94c1e-3f6a-4a57-8a7e-5d0c9e6f1a22");
    assert_true(full.has_containers);

    CLEANUP(hcn_namespace_clear) struct hcn_namespace empty = {0};
    assert_ok(hcn_namespace_parse("{\"ID\":\"7c1f3a52-0d0b-4b0e-9f57-0c2f6c2b9e11\",\"Type\":"
                                  "\"HostDefault\"}",
                                  &empty, &err));
    assert_string_equal(empty.type, "HostDefault");
    assert_int_equal(empty.endpoints.count, 0);
    assert_false(empty.has_containers);
}

TEST(refuses_objects_that_are_none)
{
    struct error err = {0};
    static const char *const wrong[] = {
        "",
        "[]",
        "{",
        "{}",
        "{\"ID\":7}",
        "{\"ID\":\"x\"}",
        "{\"Name\":\"nat\"}",
        "{\"ID\":\"00000000-0000-0000-0000-000000000000\"}",
    };
    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
        struct hcn_network network = {0};
        struct hcn_endpoint endpoint = {0};
        struct hcn_namespace name_space = {0};
        assert_false(hcn_network_parse(wrong[i], &network, &err));
        assert_non_null(strstr(err.message, "properties of a network"));
        error_clear(&err);
        assert_false(hcn_endpoint_parse(wrong[i], &endpoint, &err));
        assert_non_null(strstr(err.message, "properties of an endpoint"));
        error_clear(&err);
        assert_false(hcn_namespace_parse(wrong[i], &name_space, &err));
        assert_non_null(strstr(err.message, "properties of a namespace"));
        error_clear(&err);
        assert_null(network.name);
        assert_null(endpoint.name);
        assert_null(name_space.type);
    }

    struct hcn_namespace name_space = {0};
    assert_fails(hcn_namespace_parse("{\"ID\":\"7c1f3a52-0d0b-4b0e-9f57-0c2f6c2b9e11\","
                                     "\"Resources\":[{\"Type\":\"Endpoint\",\"Data\":{}}]}",
                                     &name_space, &err),
                 ERR_INTEGRITY, "endpoint of a namespace");
    struct hcn_endpoint endpoint = {0};
    assert_fails(hcn_endpoint_parse("{\"ID\":\"7c1f3a52-0d0b-4b0e-9f57-0c2f6c2b9e11\","
                                    "\"IpConfigurations\":[{\"PrefixLength\":-1}]}",
                                    &endpoint, &err),
                 ERR_INTEGRITY, "PrefixLength");
}

/* ---- errors ---- */

TEST(raises_known_codes)
{
    struct error err = {0};
    const char *record = "{\"Success\":false,\"Error\":\"Le réseau est introuvable.\"}";
    assert_false(hcn_error_raise(&err, "HcnOpenNetwork", HCN_E_NETWORK_NOT_FOUND, record));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_string_equal(err.message,
                        "HcnOpenNetwork: there is no such network "
                        "(HCN_E_NETWORK_NOT_FOUND, 0x803B0001): Le réseau est "
                        "introuvable.");
    assert_string_equal(err.detail, record);
    assert_true(hcn_error_is_not_found(&err));
    error_clear(&err);

    assert_false(hcn_error_raise(&err, "HcnCreateEndpoint", 32, NULL));
    assert_int_equal(err.kind, ERR_BUSY);
    assert_string_equal(err.message,
                        "HcnCreateEndpoint: a host port is in use by another process "
                        "(0x80070020)");
    assert_string_equal(err.hint, "choose another host port");
    error_clear(&err);

    assert_false(hcn_error_raise(&err, "HcnCreateNamespace", HCN_E_INVALID_JSON,
                                 "{\"Error\":\"? {{Owner,UnknownField}}\"}"));
    assert_string_equal(err.hint,
                        "this Windows does not know 'Owner' yet: install the latest "
                        "updates of Windows");
    error_clear(&err);
}

static void raise_unknown(void)
{
    struct error err = {0};
    hcn_error_raise(&err, "HcnX", 0x803B00FF, NULL);
}

TEST(aborts_on_a_code_it_does_not_know)
{
    assert_aborts(raise_unknown, "not in its table");
}

TEST(classifies_codes)
{
    static const struct {
        uint32_t code;
        bool not_found;
        bool service_down;
    } rows[] = {
        {1168, true, false},       {0x803B0001, true, false}, {0x803B0002, true, false},
        {1062, false, true},       {1722, false, true},       {1726, false, true},
        {0x803B0020, false, true}, {0x803B0031, false, true}, {0x803B0015, false, false},
        {5, false, false},         {0, false, false},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {.kind = ERR_OS, .domain = ERR_DOMAIN_HRESULT, .code = rows[i].code};
        assert_int_equal(hcn_error_is_not_found(&err), rows[i].not_found);
        assert_int_equal(hcn_error_is_service_down(&err), rows[i].service_down);
        err.domain = ERR_DOMAIN_NONE;
        assert_false(hcn_error_is_not_found(&err));
        assert_false(hcn_error_is_service_down(&err));
    }
    assert_null(hcn_error_find(0x803B00FF));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_error_records),
        cmocka_unit_test(finds_the_unknown_field),
        cmocka_unit_test(reads_lists_of_ids),
        cmocka_unit_test(reads_networks),
        cmocka_unit_test(reads_endpoints),
        cmocka_unit_test(reads_namespaces),
        cmocka_unit_test(refuses_objects_that_are_none),
        cmocka_unit_test(raises_known_codes),
        cmocka_unit_test(aborts_on_a_code_it_does_not_know),
        cmocka_unit_test(classifies_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
