/* SPDX-License-Identifier: MIT */
#include "hcs/command_line.h"
#include "hcs/document.h"
#include "hcs/process_document.h"

#include "trace.h"

#define RECORDED "d2-hcs-run-v1api-vmcompute-hcsshim0.14.1.jsonl"

static struct guid guid_of(const char *text)
{
    struct error err = {0};
    struct guid guid = {0};
    assert_ok(guid_parse(text, &guid, &err));
    return guid;
}

static char *compose(const struct hcs_container_spec *spec)
{
    struct error err = {0};
    char *document = NULL;
    assert_ok(hcs_document_compose(spec, &document, &err));
    return document;
}

static struct strlist strings(const char *first, const char *second)
{
    struct strlist list = {0};
    if (first)
        strlist_add(&list, first);
    if (second)
        strlist_add(&list, second);
    return list;
}

TEST(composes_the_least_there_can_be)
{
    const struct hcs_layer base = {guid_of("8B2EA9AE-2BAF-5006-B2E0-CAD3CD7F325E"), "C:\\L\\base"};
    const struct hcs_container_spec spec = {
        .scratch_volume = "\\\\?\\Volume{02da95cc-0af1-59c4-bcff-5e7d4cf45ead}",
        .layers = &base,
        .layer_count = 1,
    };
    CLEANUP(str_free) char *document = compose(&spec);
    assert_golden(document, "hcs-system-minimal.json");
}

TEST(composes_a_build_with_mounts_and_network)
{
    const struct hcs_layer layers[] = {
        {guid_of("6f0d2a0b-8a3c-5d0e-9c57-0c7c5e0b2f11"), "D:\\wrun\\layers\\9c1f-top"},
        {guid_of("d8d90394-03a9-5513-976b-9923314296d4"), "D:\\wrun\\layers\\4e2a-base"},
    };
    const struct hcs_mount mounts[] = {
        {"\\\\?\\Volume{a1b2c3d4-0000-0000-0000-100000000000}\\cache",
         "C:\\Users\\ContainerAdministrator\\AppData\\Local\\opam", false},
        {"\\\\?\\Volume{a1b2c3d4-0000-0000-0000-100000000000}\\src", "C:\\src", true},
    };
    const struct hcs_container_spec spec = {
        .hostname = "builder",
        .scratch_volume = "\\\\?\\Volume{57c5c9fc-457a-11e6-b901-9f8c073a0421}\\",
        .layers = layers,
        .layer_count = 2,
        .mounts = mounts,
        .mount_count = 2,
        .network_namespace = "59b1057a-e526-415a-b840-b61662558067",
        .allow_unqualified_dns = true,
    };
    CLEANUP(str_free) char *document = compose(&spec);
    assert_golden(document, "hcs-system-build.json");
}

/* Everything Microsoft's client was asked for in the recording; what differs is in
 * docs/fidelity.md. */
TEST(equals_the_recording)
{
    const struct hcs_layer layers[] = {
        {guid_of("36175ee3-6655-5487-8ab7-48f3fd0db102"), "C:\\L\\delta"},
        {guid_of("8b2ea9ae-2baf-5006-b2e0-cad3cd7f325e"), "C:\\L\\base"},
    };
    const struct hcs_mount mounts[] = {
        {"\\\\?\\Volume{00000000-0000-0000-0000-000000000043}\\hostdata", "C:\\data", false},
        {"\\\\?\\Volume{00000000-0000-0000-0000-000000000043}\\hostro", "C:\\ro", true},
    };
    const struct hcs_pipe pipe = {"\\\\.\\pipe\\hostpipe", "inpipe"};
    CLEANUP(strlist_clear) struct strlist search = strings("corp.example", NULL);
    const struct hcs_container_spec spec = {
        .hostname = "myhost",
        .scratch_volume = "\\\\?\\Volume{02da95cc-0af1-59c4-bcff-5e7d4cf45ead}",
        .layers = layers,
        .layer_count = 2,
        .mounts = mounts,
        .mount_count = 2,
        .pipes = &pipe,
        .pipe_count = 1,
        .memory_mb = 1024,
        .cpu_limit = HCS_CPU_MAXIMUM,
        .cpu_value = 5000,
        .storage_iops = 1000,
        .storage_bandwidth = 10485760,
        .network_namespace = "28846877-1c88-46fe-86ac-ea018aa286d8",
        .dns_search = &search,
        .allow_unqualified_dns = true,
    };
    CLEANUP(str_free) char *document = compose(&spec);
    CLEANUP(json_document_clear)
    struct json_document call = trace_call(RECORDED, "HcsCreateComputeSystem", 0);
    assert_as_recorded(document, &call, "configuration",
                       (const char *const[]){"Owner", "RegistryChanges", NULL});
}

/* One limit at a time, beside what the shim sent for the same request. */
TEST(limits_processors_in_three_ways)
{
    const struct hcs_layer layers[] = {
        {guid_of("36175ee3-6655-5487-8ab7-48f3fd0db102"), "C:\\L\\delta"},
        {guid_of("8b2ea9ae-2baf-5006-b2e0-cad3cd7f325e"), "C:\\L\\base"},
    };
    struct hcs_container_spec spec = {
        .hostname = "h1",
        .scratch_volume = "\\\\?\\Volume{02da95cc-0af1-59c4-bcff-5e7d4cf45ead}\\",
        .layers = layers,
        .layer_count = 2,
        .memory_mb = 286,
        .cpu_limit = HCS_CPU_COUNT,
        .cpu_value = 2,
    };
    CLEANUP(str_free) char *count = compose(&spec);
    CLEANUP(json_document_clear)
    struct json_document call = trace_call("docs/cpucount.jsonl", "HcsCreateComputeSystem", 0);
    assert_as_recorded(count, &call, "configuration",
                       (const char *const[]){"Owner", "RegistryChanges", NULL});

    spec.cpu_limit = HCS_CPU_WEIGHT;
    spec.cpu_value = 700;
    CLEANUP(str_free) char *weight = compose(&spec);
    assert_non_null(strstr(weight, "\"Processor\":{\"Weight\":700}"));

    spec.cpu_limit = HCS_CPU_UNLIMITED;
    CLEANUP(str_free) char *unlimited = compose(&spec);
    assert_null(strstr(unlimited, "Processor"));
}

TEST(has_no_networking_without_a_namespace)
{
    const struct hcs_container_spec spec = {
        .scratch_volume = "\\\\?\\Volume{57c5c9fc-457a-11e6-b901-9f8c073a0421}\\",
        .allow_unqualified_dns = true,
    };
    CLEANUP(str_free) char *document = compose(&spec);
    assert_null(strstr(document, "Networking"));
    assert_null(strstr(document, "AllowUnqualifiedDnsQuery"));
}

TEST(joins_the_dns_search_list)
{
    CLEANUP(strlist_clear) struct strlist search = strings("a.example", "b.example");
    const struct hcs_container_spec spec = {
        .scratch_volume = "\\\\?\\Volume{57c5c9fc-457a-11e6-b901-9f8c073a0421}\\",
        .network_namespace = "59b1057a-e526-415a-b840-b61662558067",
        .dns_search = &search,
    };
    CLEANUP(str_free) char *document = compose(&spec);
    assert_non_null(strstr(document,
                           "\"Networking\":{\"DnsSearchList\":\"a.example,b.example\","
                           "\"Namespace\":\"59b1057a-e526-415a-b840-b61662558067\"}"));
}

TEST(refuses_text_that_is_not_utf8)
{
    struct error err = {0};
    CLEANUP(str_free) char *document = NULL;
    const struct hcs_container_spec system = {.hostname = "a\xC0\x80", .scratch_volume = "x"};
    assert_fails(hcs_document_compose(&system, &document, &err), ERR_INTEGRITY, "not UTF-8");
    const struct hcs_process_spec process = {.command_line = "a\xFF"};
    assert_fails(hcs_process_document_compose(&process, &document, &err), ERR_INTEGRITY,
                 "not UTF-8");
    assert_fails(hcs_document_query_owner("\xFF", &document, &err), ERR_INTEGRITY, "not UTF-8");
    assert_null(document);
}

TEST(asks_for_the_systems_of_an_owner)
{
    struct error err = {0};
    CLEANUP(str_free) char *query = NULL;
    assert_ok(hcs_document_query_owner(HCS_OWNER, &query, &err));
    assert_string_equal(query, "{\"Owners\":[\"wrun\"],\"Types\":[\"Container\"]}");
}

/* ---- processes ---- */

static char *compose_process(const struct hcs_process_spec *spec)
{
    struct error err = {0};
    char *document = NULL;
    assert_ok(hcs_process_document_compose(spec, &document, &err));
    return document;
}

TEST(composes_processes)
{
    CLEANUP(strlist_clear) struct strlist environment = strings("A=b", NULL);
    const struct hcs_process_spec run = {
        .command_line = "cmd /c ver",
        .user = "ContainerUser",
        .working_directory = "C:\\",
        .environment = &environment,
        .create_stdin = true,
        .create_stdout = true,
        .create_stderr = true,
    };
    CLEANUP(str_free) char *run_document = compose_process(&run);
    assert_golden(run_document, "hcs-process-run.json");

    const struct hcs_process_spec tty = {
        .command_line = "cmd",
        .user = "",
        .working_directory = "C:\\",
        .emulate_console = true,
        .create_stdin = true,
        .create_stdout = true,
        .console_height = 40,
        .console_width = 120,
    };
    CLEANUP(str_free) char *tty_document = compose_process(&tty);
    assert_golden(tty_document, "hcs-process-tty.json");
}

TEST(equals_the_recorded_processes)
{
    CLEANUP(strlist_clear)
    struct strlist environment = strings("PATH=C:\\Windows\\System32;C:\\Windows", "FOO=bar baz");
    struct hcs_process_spec spec = {
        .command_line = "cmd.exe /c echo \"hi there\"",
        .user = "ContainerUser",
        .working_directory = "C:\\app",
        .environment = &environment,
        .create_stdout = true,
        .create_stderr = true,
    };
    CLEANUP(str_free) char *first = compose_process(&spec);
    CLEANUP(json_document_clear)
    struct json_document first_call = trace_call(RECORDED, "HcsCreateProcess", 0);
    assert_as_recorded(first, &first_call, "processParameters", NULL);

    CLEANUP(strlist_clear) struct strlist arguments = strings("powershell.exe", "-Command");
    strlist_add(&arguments, "Write-Host \"a b\" \\");
    CLEANUP(str_free) char *line = command_line_join(&arguments);
    strlist_add(&environment, "EXTRA=1");
    spec.command_line = line;
    spec.create_stdin = spec.emulate_console = true;
    spec.create_stderr = false;
    spec.console_height = 25;
    spec.console_width = 80;
    CLEANUP(str_free) char *second = compose_process(&spec);
    CLEANUP(json_document_clear)
    struct json_document second_call = trace_call(RECORDED, "HcsCreateProcess", 1);
    assert_as_recorded(second, &second_call, "processParameters", NULL);

    CLEANUP(json_document_clear)
    struct json_document resize = trace_call(RECORDED, "HcsModifyProcess", 0);
    CLEANUP(str_free) char *size = hcs_process_document_console_size(40, 100);
    assert_as_recorded(size, &resize, "settings", NULL);

    CLEANUP(json_document_clear)
    struct json_document end = trace_call("e2-containerd-ctr-run.jsonl", "HcsModifyProcess", 0);
    assert_as_recorded(HCS_DOCUMENT_CLOSE_STDIN, &end, "options", NULL);
}

TEST(folds_the_environment)
{
    static const char *const entries[] = {
        "Path=C:\\image",
        "KEEP=1",
        "empty=",
        "no equals sign",
        "=C:=C:\\x",
        "PATH=C:\\user",
        "EQ=a=b",
        "keep=two",
        "KEEPER=",
        "=",
        "",
        "k\xC3\xA4=1",
    };
    CLEANUP(strlist_clear) struct strlist environment = {0};
    for (size_t i = 0; i < ARRAY_SIZE(entries); i++)
        strlist_add(&environment, entries[i]);
    const struct hcs_process_spec spec = {.command_line = "x", .environment = &environment};
    CLEANUP(str_free) char *document = compose_process(&spec);
    assert_string_equal(document,
                        "{\"CommandLine\":\"x\",\"Environment\":{\"empty\":\"\",\"PATH\":\"C:\\\\"
                        "user\",\"EQ\":\"a=b\",\"keep\":\"two\",\"KEEPER\":\"\",\"k\xC3\xA4\":"
                        "\"1\"}}");

    CLEANUP(strlist_clear) struct strlist useless = strings("=", "nothing");
    const struct hcs_process_spec none = {.command_line = "x", .environment = &useless};
    CLEANUP(str_free) char *without = compose_process(&none);
    assert_string_equal(without, "{\"CommandLine\":\"x\"}");
}

/* An image may bring any number of variables: folding them must not take quadratic time. */
TEST(folds_a_hundred_thousand_variables)
{
    CLEANUP(strlist_clear) struct strlist environment = {0};
    for (unsigned i = 0; i < 100000; i++)
        strlist_addf(&environment, "%s%u=%u", i % 2 ? "v" : "V", i / 4, i);
    const struct hcs_process_spec spec = {.command_line = "x", .environment = &environment};
    CLEANUP(str_free) char *document = compose_process(&spec);
    assert_non_null(strstr(document, "\"v0\":\"3\","));
    assert_non_null(strstr(document, "\"v24999\":\"99999\"}"));
    assert_null(strstr(document, "V24999"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(composes_the_least_there_can_be),
        cmocka_unit_test(composes_a_build_with_mounts_and_network),
        cmocka_unit_test(equals_the_recording),
        cmocka_unit_test(limits_processors_in_three_ways),
        cmocka_unit_test(has_no_networking_without_a_namespace),
        cmocka_unit_test(joins_the_dns_search_list),
        cmocka_unit_test(refuses_text_that_is_not_utf8),
        cmocka_unit_test(asks_for_the_systems_of_an_owner),
        cmocka_unit_test(composes_processes),
        cmocka_unit_test(equals_the_recorded_processes),
        cmocka_unit_test(folds_the_environment),
        cmocka_unit_test(folds_a_hundred_thousand_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
