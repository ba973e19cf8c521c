/* SPDX-License-Identifier: MIT */
#include "hcs/result.h"

#include "check.h"
#include "hcs/hcs_error.h"

TEST(finds_the_sentence_of_a_result)
{
    static const struct {
        const char *document;
        const char *message; /* NULL = none */
    } rows[] = {
        {"{\"Error\":-2147024894,\"ErrorMessage\":\"The system cannot find the file specified.\"}",
         "The system cannot find the file specified."},
        {"{\"Error\":1,\"ErrorMessage\":\"\",\"ErrorEvents\":[{\"EventId\":1},{\"Message\":\"\"},"
         "{\"Message\":\"from an event\"}]}",
         "from an event"},
        {"{\"ErrorMessage\":\"line\\r\\nbreak\\u0007\"}", "line??break?"},
        {"{\"Error\":-1}", NULL},
        {"{\"ErrorMessage\":7,\"ErrorEvents\":{}}", NULL},
        {"{\"ErrorEvents\":[1,null,\"x\"]}", NULL},
        {"[]", NULL},
        {"\"text\"", NULL},
        {"{\"ErrorMessage\":\"cut", NULL},
        {"not json", NULL},
        {"", NULL},
        {NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(str_free) char *message = hcs_result_message(rows[i].document);
        if (rows[i].message)
            assert_string_equal(message, rows[i].message);
        else
            assert_null(message);
    }
}

TEST(reads_the_status_of_a_process)
{
    struct error err = {0};
    struct hcs_process_status status = {0};
    assert_ok(
        hcs_process_status_parse("{\"ProcessId\":4201,\"Exited\":true,\"ExitCode\":3221225786,"
                                 "\"LastWaitResult\":0}",
                                 &status, &err));
    assert_int_equal(status.process_id, 4201);
    assert_true(status.exited);
    assert_int_equal(status.exit_code, 0xC000013A);
    assert_int_equal(status.last_wait_result, 0);

    assert_ok(hcs_process_status_parse(
        "{\"ExitCode\":-1,\"LastWaitResult\":-2147024896,\"New\":{}}", &status, &err));
    assert_int_equal(status.process_id, 0);
    assert_false(status.exited);
    assert_int_equal(status.exit_code, UINT32_MAX);
    assert_int_equal(status.last_wait_result, 0x80070000);

    assert_ok(hcs_process_status_parse("{}", &status, &err));
    assert_int_equal(status.exit_code, 0);
}

TEST(refuses_a_status_that_is_none)
{
    static const struct {
        const char *text;
        const char *complaint;
    } rows[] = {
        {"", "status of the process"},
        {"{\"ExitCode\":3", "status of the process"},
        {"[]", "not an object"},
        {"{\"ExitCode\":\"3\"}", "ExitCode"},
        {"{\"ExitCode\":4294967296}", "not a 32-bit number"},
        {"{\"ExitCode\":-2147483649}", "not a 32-bit number"},
        {"{\"ExitCode\":1.5}", "ExitCode"},
        {"{\"Exited\":1}", "Exited"},
        {"{\"Exited\":true,\"Exited\":false}", "status of the process"},
    };
    struct error err = {0};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct hcs_process_status status = {.exit_code = 77};
        assert_fails(hcs_process_status_parse(rows[i].text, &status, &err), ERR_INTEGRITY,
                     rows[i].complaint);
        assert_int_equal(status.exit_code, 77);
    }
}

TEST(reads_properties)
{
    struct error err = {0};
    CLEANUP(hcs_system_properties_clear) struct hcs_system_properties properties = {0};
    assert_ok(hcs_system_properties_parse(
        "{\"Id\":\"ctr1\",\"SystemType\":\"Container\",\"Owner\":\"stub\",\"State\":\"Running\"}",
        &properties, &err));
    assert_string_equal(properties.id, "ctr1");
    assert_string_equal(properties.owner, "stub");
    assert_string_equal(properties.state, "Running");

    struct hcs_system_properties none = {0};
    assert_fails(hcs_system_properties_parse("{\"State\":\"Running\"}", &none, &err), ERR_INTEGRITY,
                 "Id");
    assert_fails(hcs_system_properties_parse("{\"Id\":\"a\",\"State\":1}", &none, &err),
                 ERR_INTEGRITY, "State");
    assert_fails(hcs_system_properties_parse("[{}]", &none, &err), ERR_INTEGRITY, "not an object");
    assert_null(none.id);
}

TEST(lists_the_systems_of_one_owner)
{
    struct error err = {0};
    CLEANUP(strlist_clear) struct strlist ids = {0};
    assert_ok(hcs_system_list_parse("[{\"Id\":\"wrun-1\",\"Owner\":\"wrun\"},"
                                    "{\"Id\":\"x\",\"Owner\":\"docker\"},{\"Id\":\"y\"},"
                                    "{\"Id\":\"wrun-2\",\"Owner\":\"WRUN\"}]",
                                    "wrun", &ids, &err));
    assert_int_equal(ids.count, 2);
    assert_string_equal(ids.items[0], "wrun-1");
    assert_string_equal(ids.items[1], "wrun-2");

    static const char *const empty[] = {NULL, "", "[]"};
    for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
        CLEANUP(strlist_clear) struct strlist none = {0};
        assert_ok(hcs_system_list_parse(empty[i], "wrun", &none, &err));
        assert_int_equal(none.count, 0);
    }

    struct strlist untouched = {0};
    assert_fails(hcs_system_list_parse("{}", "wrun", &untouched, &err), ERR_INTEGRITY,
                 "not a list");
    assert_fails(hcs_system_list_parse("[{\"Owner\":\"wrun\"}]", "wrun", &untouched, &err),
                 ERR_INTEGRITY, "Id");
    assert_fails(hcs_system_list_parse("[\"wrun-1\"]", "wrun", &untouched, &err), ERR_INTEGRITY,
                 "not an object");
    assert_int_equal(untouched.count, 0);
}

/* ---- errors ---- */

TEST(raises_known_codes)
{
    struct error err = {0};
    const char *document =
        "{\"Error\":-1070137087,\"ErrorMessage\":\"The operating system does not "
        "match.\"}";
    assert_false(hcs_error_raise(&err, HCS_CALL_CREATE, "HcsCreateComputeSystem",
                                 HCS_E_IMAGE_MISMATCH, document));
    assert_int_equal(err.kind, ERR_MISMATCH);
    assert_int_equal(err.domain, ERR_DOMAIN_HRESULT);
    assert_int_equal(err.code, 0x80370101);
    assert_string_equal(err.message,
                        "HcsCreateComputeSystem: the image's Windows does not match this host "
                        "(HCS_E_IMAGE_MISMATCH, 0x80370101): The operating system does not match.");
    assert_string_equal(err.detail, document);
    assert_string_equal(err.hint, "pick an image tag whose Windows build matches this host");
    error_clear(&err);

    assert_false(hcs_error_raise(&err, HCS_CALL_OTHER, "HcsX", HCS_E_SYSTEM_ALREADY_STOPPED, NULL));
    assert_string_equal(err.message,
                        "HcsX: the container has stopped already "
                        "(HCS_E_SYSTEM_ALREADY_STOPPED, 0x80370110)");
    assert_null(err.detail);
    assert_null(err.hint);
    error_clear(&err);
}

static void raise_unknown(void)
{
    struct error err = {0};
    hcs_error_raise(&err, HCS_CALL_OTHER, "HcsX", 0x80370103, NULL);
}

TEST(aborts_on_a_code_it_does_not_know)
{
    assert_aborts(raise_unknown, "not in its table");
}

TEST(finds_only_normalized_codes)
{
    assert_null(hcs_error_find(HCS_E_V1_PENDING));
    assert_null(hcs_error_find(0));
    assert_null(hcs_error_find(0xC0370101));
    assert_string_equal(hcs_error_find(HCS_E_INVALID_LAYER)->name, "HCS_E_INVALID_LAYER");
}

static void check_hint(enum hcs_call call, uint32_t code, const char *hint)
{
    struct error err = {0};
    error_code(&err, ERR_OS, ERR_DOMAIN_HRESULT, code, "x");
    assert_false(hcs_error_hint(&err, call));
    if (hint)
        assert_non_null(strstr(err.hint, hint));
    else
        assert_null(err.hint);
    error_clear(&err);
}

TEST(advises_by_call)
{
    check_hint(HCS_CALL_PROCESS, 2, "cmd /c");
    check_hint(HCS_CALL_CREATE, 2, "pull it again");
    check_hint(HCS_CALL_START, 2, NULL);
    check_hint(HCS_CALL_PROCESS, 267, "--workdir");
    check_hint(HCS_CALL_PROCESS, 1326, "ContainerUser");
    check_hint(HCS_CALL_PROCESS, 5, "ContainerAdministrator");
    check_hint(HCS_CALL_CREATE, 5, "elevated");
    check_hint(HCS_CALL_START, HCS_E_UNEXPECTED_EXIT, "update this host");
    check_hint(HCS_CALL_OTHER, HCS_E_UNEXPECTED_EXIT, "event log");
    check_hint(HCS_CALL_CREATE, 0x12345, NULL);
}

TEST(tells_whose_fault_a_failed_start_is)
{
    static const struct {
        uint32_t code;
        enum hcs_start_failure failure;
    } rows[] = {
        {2, HCS_START_NOT_FOUND},
        {3, HCS_START_NOT_FOUND},
        {5, HCS_START_NOT_RUNNABLE},
        {193, HCS_START_NOT_RUNNABLE},
        {267, HCS_START_NOT_RUNNABLE},
        {1326, HCS_START_NOT_RUNNABLE},
        {1722, HCS_START_FAILED},
        {HCS_E_INVALID_STATE, HCS_START_FAILED},
        {HCS_E_SYSTEM_NOT_FOUND, HCS_START_FAILED},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {.kind = ERR_OS, .domain = ERR_DOMAIN_HRESULT, .code = rows[i].code};
        assert_int_equal(hcs_error_start_failure(&err), rows[i].failure);
        err.domain = ERR_DOMAIN_WIN32;
        assert_int_equal(hcs_error_start_failure(&err), HCS_START_FAILED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_sentence_of_a_result),
        cmocka_unit_test(reads_the_status_of_a_process),
        cmocka_unit_test(refuses_a_status_that_is_none),
        cmocka_unit_test(reads_properties),
        cmocka_unit_test(lists_the_systems_of_one_owner),
        cmocka_unit_test(raises_known_codes),
        cmocka_unit_test(aborts_on_a_code_it_does_not_know),
        cmocka_unit_test(finds_only_normalized_codes),
        cmocka_unit_test(advises_by_call),
        cmocka_unit_test(tells_whose_fault_a_failed_start_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
