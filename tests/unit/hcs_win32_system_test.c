/* SPDX-License-Identifier: MIT */
#include "hcs/system.h"

#include "base/os.h"
#include "hcs_fake.h"

static bool create(struct hcs_system *ret, struct error *err)
{
    return hcs_system_create(&fake_api, "wrun-1", "{}", NULL, ret, err);
}

/* ---- create ---- */

TEST(waits_for_the_creation)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = {0};
    fake.delay_ms = 50;
    assert_ok(create(&system, &err));
    assert_string_equal(system.id, "wrun-1");
    assert_string_equal(fake.log, "Create(wrun-1) Register() ");
    hcs_system_close(&system);
    assert_string_equal(fake.log, "Create(wrun-1) Register() Unregister() Close() ");
    assert_null(system.handle);
}

TEST(sees_a_creation_that_completes_while_registering)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = {0};
    fake.create_is_early = true;
    assert_ok(create(&system, &err));
}

TEST(does_not_wait_for_what_is_done)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = {0};
    fake.create_hr = fake.start_hr = S_OK;
    assert_ok(create(&system, &err));
    assert_ok(hcs_system_start(&system, NULL, &err));
    assert_string_equal(fake.log, "Create(wrun-1) Register() Start() ");
}

TEST(looks_for_a_creation_that_was_not_notified)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = {0};
    fake.create_is_silent = true;
    fake.state = "Created";
    assert_ok(create(&system, &err));
    assert_true(fake_did("Properties({})"));
}

TEST(tells_what_hcs_says_of_a_refused_creation)
{
    struct error err = {0};
    struct hcs_system system = {0};
    fake.create_hr = (HRESULT)0xC0370101;
    fake.result = L"{\"Error\":-1070137087,\"ErrorMessage\":\"No match.\"}";
    assert_false(create(&system, &err));
    assert_int_equal(err.kind, ERR_MISMATCH);
    assert_int_equal(err.code, HCS_E_IMAGE_MISMATCH);
    assert_string_equal(
        err.message,
        "create container 'wrun-1': HcsCreateComputeSystem: the image's Windows does "
        "not match this host (HCS_E_IMAGE_MISMATCH, 0x80370101): No match.");
    assert_string_equal(err.detail, "{\"Error\":-1070137087,\"ErrorMessage\":\"No match.\"}");
    assert_non_null(strstr(err.hint, "image tag"));
    assert_string_equal(fake.log, "Create(wrun-1) ");
    error_clear(&err);

    /* A code that only the system has words for. */
    fake.create_hr = (HRESULT)0x800705AA;
    assert_false(create(&system, &err));
    assert_int_equal(err.code, 1450);
    assert_non_null(strstr(err.hint, "compartments"));
    assert_non_null(err.detail);
    error_clear(&err);
}

/* Whatever goes wrong after the call: the system is terminated and closed, and the reason is told.
 */
static void check_failed_creation(enum err_kind kind, const char *text)
{
    struct error err = {0};
    struct hcs_system system = {0};
    assert_fails(create(&system, &err), kind, text);
    assert_null(system.handle);
    assert_true(fake_did("Terminate()"));
    assert_true(fake_did("Close()"));
}

TEST(leaves_nothing_of_a_creation_that_failed)
{
    fake.create_status = (HRESULT)0xC0370106;
    check_failed_creation(ERR_OS, "HCS_E_UNEXPECTED_EXIT");
}

TEST(leaves_nothing_of_a_system_that_ended_at_once)
{
    fake.create_instead = HcsNotificationSystemExited;
    struct error err = {0};
    struct hcs_system system = {0};
    assert_fails(create(&system, &err), ERR_OS, "HCS_E_UNEXPECTED_EXIT");
    assert_false(fake_did("Terminate()"));
}

TEST(leaves_nothing_when_the_service_is_lost)
{
    fake.create_instead = HcsNotificationServiceDisconnect;
    check_failed_creation(ERR_OS, "HCS_E_SERVICE_DISCONNECT");
}

TEST(leaves_nothing_when_it_cannot_register)
{
    fake.register_hr = E_OUTOFMEMORY;
    check_failed_creation(ERR_OS, "HcsRegisterComputeSystemCallback");
}

static DWORD WINAPI cancel_main(void *argument)
{
    Sleep(50);
    cancel_request(argument);
    return 0;
}

TEST(can_be_cancelled_while_creating)
{
    struct error err = {0};
    struct hcs_system system = {0};
    CLEANUP(cancel_close) struct cancel cancel = {0};
    assert_ok(cancel_open(&cancel, &err));
    fake.create_is_silent = true;
    fake_run(cancel_main, &cancel);
    uint64_t began = os_monotonic_ms();
    assert_fails(hcs_system_create(&fake_api, "wrun-1", "{}", &cancel, &system, &err),
                 ERR_CANCELLED, "create container 'wrun-1': interrupted");
    assert_true(os_monotonic_ms() - began < 3000);
    assert_true(fake_did("Terminate()"));

    /* And is not even begun afterwards. */
    fake.log[0] = '\0';
    assert_fails(hcs_system_create(&fake_api, "wrun-2", "{}", &cancel, &system, &err),
                 ERR_CANCELLED, "wrun-2");
    assert_string_equal(fake.log, "");
}

/* ---- start ---- */

TEST(waits_for_the_start)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = {0};
    assert_ok(create(&system, &err));
    fake.delay_ms = 50;
    assert_ok(hcs_system_start(&system, NULL, &err));
    assert_true(fake_did("Start() "));
}

TEST(tells_why_a_start_failed)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = {0};
    assert_ok(create(&system, &err));
    fake.start_status = (HRESULT)0x80370106;
    assert_false(hcs_system_start(&system, NULL, &err));
    assert_non_null(strstr(err.message, "start container 'wrun-1': HcsStartComputeSystem"));
    assert_non_null(strstr(err.hint, "update this host"));
    error_clear(&err);
}

TEST(tells_why_a_container_ended_while_starting)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = {0};
    assert_ok(create(&system, &err));
    fake.start_instead = HcsNotificationSystemExited;
    fake.start_status = (HRESULT)0xC037010C;
    assert_fails(hcs_system_start(&system, NULL, &err), ERR_UNSUPPORTED,
                 "HCS_E_UNSUPPORTED_PROTOCOL_VERSION");
}

/* ---- stop ---- */

TEST(shuts_down)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = {0};
    assert_ok(create(&system, &err));
    fake.delay_ms = 50;
    assert_ok(hcs_system_shutdown(&system, 10000, &err));
    assert_false(system.was_terminated);
    assert_false(fake_did("Terminate"));

    /* Once is enough. */
    fake.log[0] = '\0';
    assert_ok(hcs_system_shutdown(&system, 10000, &err));
    assert_ok(hcs_system_terminate(&system, 10000, &err));
    assert_string_equal(fake.log, "");
    assert_false(system.was_terminated);
}

TEST(counts_an_unexpected_exit_as_stopped)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = {0};
    assert_ok(create(&system, &err));
    fake.exit_status = (HRESULT)0xC0370106;
    assert_ok(hcs_system_shutdown(&system, 10000, &err));
}

TEST(terminates_what_takes_too_long)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = {0};
    assert_ok(create(&system, &err));
    fake.shutdown_is_silent = true;
    assert_ok(hcs_system_shutdown(&system, 50, &err));
    assert_true(system.was_terminated);
    assert_true(fake_did("Shutdown() Terminate() "));
}

TEST(terminates_what_cannot_be_shut_down)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = {0};
    assert_ok(create(&system, &err));
    fake.shutdown_hr = (HRESULT)0xC0370105;
    fake.result = L"{\"Error\":1}";
    assert_ok(hcs_system_shutdown(&system, 10000, &err));
    assert_true(system.was_terminated);
}

TEST(takes_stopped_already_for_success)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = {0};
    assert_ok(create(&system, &err));
    static const HRESULT codes[] = {(HRESULT)0xC0370110, (HRESULT)0x80370110, (HRESULT)0xC037010E};
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
        fake.shutdown_hr = fake.terminate_hr = codes[i];
        assert_ok(hcs_system_shutdown(&system, 10000, &err));
        assert_false(system.was_terminated);
        assert_ok(hcs_system_terminate(&system, 10000, &err));
        system.was_terminated = false;
    }
}

TEST(tells_when_a_container_cannot_be_ended)
{
    struct error err = {0};
    CLEANUP(hcs_system_close) struct hcs_system system = {0};
    assert_ok(create(&system, &err));
    fake.terminate_hr = (HRESULT)0x80070005;
    assert_fails(hcs_system_terminate(&system, 100, &err), ERR_DENIED,
                 "terminate container 'wrun-1'");
    fake.terminate_hr = PENDING;
    fake.exit_is_silent = true;
    assert_fails(hcs_system_terminate(&system, 50, &err), ERR_OS, "HCS_E_OPERATION_TIMEOUT");
    fake_notify(false, HcsNotificationServiceDisconnect, S_OK);
    assert_fails(hcs_system_terminate(&system, 10000, &err), ERR_OS, "HCS_E_SERVICE_DISCONNECT");
}

/* ---- the systems of others ---- */

TEST(ends_leftovers)
{
    struct error err = {0};
    assert_ok(hcs_terminate_by_id(&fake_api, "wrun-old", 10000, &err));
    assert_string_equal(fake.log, "Open(wrun-old) Register() Terminate() Unregister() Close() ");

    fake.open_hr = (HRESULT)0xC037010E;
    fake.result = L"{}";
    assert_ok(hcs_terminate_by_id(&fake_api, "wrun-gone", 10000, &err));

    fake.open_hr = (HRESULT)0x8037011B;
    assert_fails(hcs_terminate_by_id(&fake_api, "wrun-x", 10000, &err), ERR_DENIED,
                 "end container 'wrun-x'");
}

TEST(lists_what_is_ours)
{
    struct error err = {0};
    CLEANUP(strlist_clear) struct strlist ids = {0};
    fake.listing = L"[{\"Id\":\"wrun-1\",\"Owner\":\"wrun\"},{\"Id\":\"x\",\"Owner\":\"docker\"}]";
    assert_ok(hcs_enumerate(&fake_api, "wrun", &ids, &err));
    assert_int_equal(ids.count, 1);
    assert_string_equal(ids.items[0], "wrun-1");
    assert_string_equal(fake.log, "Enumerate({\"Owners\":[\"wrun\"],\"Types\":[\"Container\"]}) ");

    CLEANUP(strlist_clear) struct strlist none = {0};
    fake.listing = NULL;
    assert_ok(hcs_enumerate(&fake_api, "wrun", &none, &err));
    assert_int_equal(none.count, 0);

    fake.open_hr = (HRESULT)0x800706BA;
    assert_fails(hcs_enumerate(&fake_api, "wrun", &none, &err), ERR_OS,
                 "HcsEnumerateComputeSystems");
    fake.open_hr = S_OK;
    fake.listing = L"{}";
    assert_fails(hcs_enumerate(&fake_api, "wrun", &none, &err), ERR_INTEGRITY,
                 "list of containers");
}

/* Wine has no vmcompute.dll. */
TEST(says_which_feature_is_missing)
{
    struct error err = {0};
    struct hcs_api api = {0};
    if (hcs_api_bind(&api, &err)) {
        assert_non_null(api.HcsCreateComputeSystem);
        return;
    }
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "vmcompute.dll"));
    assert_non_null(strstr(err.hint, "Containers"));
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fake_test(waits_for_the_creation),
        fake_test(sees_a_creation_that_completes_while_registering),
        fake_test(does_not_wait_for_what_is_done),
        fake_test(looks_for_a_creation_that_was_not_notified),
        fake_test(tells_what_hcs_says_of_a_refused_creation),
        fake_test(leaves_nothing_of_a_creation_that_failed),
        fake_test(leaves_nothing_of_a_system_that_ended_at_once),
        fake_test(leaves_nothing_when_the_service_is_lost),
        fake_test(leaves_nothing_when_it_cannot_register),
        fake_test(can_be_cancelled_while_creating),
        fake_test(waits_for_the_start),
        fake_test(tells_why_a_start_failed),
        fake_test(tells_why_a_container_ended_while_starting),
        fake_test(shuts_down),
        fake_test(counts_an_unexpected_exit_as_stopped),
        fake_test(terminates_what_takes_too_long),
        fake_test(terminates_what_cannot_be_shut_down),
        fake_test(takes_stopped_already_for_success),
        fake_test(tells_when_a_container_cannot_be_ended),
        fake_test(ends_leftovers),
        fake_test(lists_what_is_ours),
        fake_test(says_which_feature_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
