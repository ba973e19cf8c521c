/* SPDX-License-Identifier: MIT */
/* The settings are put into a key of this test's own, which stands for HKEY_CURRENT_USER in this
 * process only: nothing of the user's is touched. */
#include "check.h"

#include "base/proxy.h"
#include "win32/windows_lean.h"

#define TEMPORARY_KEY L"Software\\wrun-proxy-test"
#define CONNECTIONS L"Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings\\Connections"

#define USES_PROXY 2

static int use_own_settings(void **state)
{
    HKEY key = NULL;
    (void)state;
    if (RegCreateKeyExW(HKEY_CURRENT_USER, TEMPORARY_KEY, 0, NULL, REG_OPTION_VOLATILE,
                        KEY_ALL_ACCESS, NULL, &key, NULL))
        return -1;
    LSTATUS status = RegOverridePredefKey(HKEY_CURRENT_USER, key);
    RegCloseKey(key);
    return status ? -1 : 0;
}

static int use_settings_of_user(void **state)
{
    (void)state;
    RegOverridePredefKey(HKEY_CURRENT_USER, NULL);
    RegDeleteTreeW(HKEY_CURRENT_USER, TEMPORARY_KEY);
    return 0;
}

static void put_number(struct buf *blob, DWORD number)
{
    buf_add(blob, &number, sizeof(number));
}

static void put_text(struct buf *blob, const char *text)
{
    put_number(blob, (DWORD)strlen(text));
    buf_add_str(blob, text);
}

/* As the control panel writes it. */
static void set(DWORD flags, const char *servers, const char *bypass)
{
    HKEY key = NULL;
    CLEANUP(buf_clear) struct buf blob;
    buf_init(&blob, BUF_UNBOUNDED);
    put_number(&blob, 0x46);
    put_number(&blob, 1);
    put_number(&blob, flags);
    put_text(&blob, servers);
    put_text(&blob, bypass);
    put_text(&blob, "");
    for (int i = 0; i < 8; i++)
        put_number(&blob, 0);
    assert_int_equal(RegCreateKeyExW(HKEY_CURRENT_USER, CONNECTIONS, 0, NULL, REG_OPTION_VOLATILE,
                                     KEY_ALL_ACCESS, NULL, &key, NULL),
                     ERROR_SUCCESS);
    assert_int_equal(RegSetValueExW(key, L"DefaultConnectionSettings", 0, REG_BINARY, blob.data,
                                    (DWORD)blob.length),
                     ERROR_SUCCESS);
    RegCloseKey(key);
}

TEST(the_user_s_proxy)
{
    set(1 | USES_PROXY, "http=a:80;https=b:443", "*.corp;<local>");
    CLEANUP(proxy_settings_clear) struct proxy_settings settings = proxy_system_settings();
    assert_string_equal(settings.servers, "http=a:80;https=b:443");
    assert_string_equal(settings.bypass, "*.corp;<local>");
}

TEST(a_proxy_without_exceptions)
{
    set(1 | USES_PROXY, "proxy:8080", "");
    CLEANUP(proxy_settings_clear) struct proxy_settings settings = proxy_system_settings();
    assert_string_equal(settings.servers, "proxy:8080");
    assert_null(settings.bypass);
}

TEST(a_proxy_that_is_switched_off)
{
    set(1, "proxy:8080", "*.corp");
    CLEANUP(proxy_settings_clear) struct proxy_settings settings = proxy_system_settings();
    /* What the machine has been set to is not this test's; it is not the user's in any case. */
    if (settings.servers)
        assert_string_not_equal(settings.servers, "proxy:8080");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_user_s_proxy),
        cmocka_unit_test(a_proxy_without_exceptions),
        cmocka_unit_test(a_proxy_that_is_switched_off),
    };
    return cmocka_run_group_tests(tests, use_own_settings, use_settings_of_user);
}
